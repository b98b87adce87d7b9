package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * References by the url that a resource gives itself, perhaps with its version behind a bar, instead of by where it is kept (FHIR R4
 * references.html#canonical): a PlanDefinition is named so in {@code CarePlan.instantiatesCanonical}. Without a version all of that url are meant.
 */
final class Canonical {
  private static final String URL = "url";
  private static final String VERSION = "version";

  private Canonical() {}

  /** Whether resources of this type have a url to be named by, which goes with a version: where a Device or a Subscription is reached is no name of it. */
  static boolean isNamed(Definition definition) {
    Param url = definition.params().get(URL);
    return url != null && url.kind() == Param.Kind.URI && definition.params().containsKey(VERSION);
  }

  /** Whether it finds resources by that url, with a version behind a bar if wanted (FHIR R4 search.html#uri). */
  static boolean isUrlOf(Definition definition, Param param) {
    return param.name().equals(URL) && isNamed(definition);
  }

  /** What a reference to it may say; nothing when it has no url. */
  static Set<String> names(JsonNode resource) {
    String url = resource.path(URL).asText();
    if (url.isEmpty()) return Set.of();
    String version = resource.path(VERSION).asText();
    return version.isEmpty() ? Set.of(url) : Set.of(url, url + "|" + version);
  }

  static boolean is(String target) {
    return target.indexOf(':') > 0;
  }

  /** Whether it tells by its end that it is another server's resource of a type that has no url: {@code http://there/fhir/Patient/1}. */
  static boolean isElsewhere(String target) {
    String[] parts = target.split("/");
    String type = parts.length < 2 ? "" : parts[parts.length - 2];
    return Definition.types().contains(type) && !isNamed(Definition.of(type));
  }

  /** All by which it is found: as it is written, without the part of it behind a {@code #}, and without its version. Others than canonical urls are only themselves. */
  static List<String> meant(String target) {
    int bar = target.indexOf('|');
    if (bar <= 0) return List.of(target);
    String url = target.substring(0, bar);
    String whole = withoutPart(target);
    return whole.equals(target) ? List.of(target, url) : List.of(target, url, whole);
  }

  /** Whether it refers to what has these {@link #names}, or to a part of that: {@code http://a|2#part}. */
  static boolean isOf(Set<String> names, String target) {
    return names.contains(target) || names.contains(withoutPart(target));
  }

  /** A url without a version stays as it is: a {@code #} may belong to it. */
  private static String withoutPart(String target) {
    int bar = target.indexOf('|');
    int part = bar < 0 ? -1 : target.indexOf('#', bar);
    return part < 0 ? target : target.substring(0, part);
  }

  static String withoutVersion(String target) {
    int bar = target.indexOf('|');
    return bar < 0 ? target : target.substring(0, bar);
  }

  /** Resources of this type that these name. */
  static Criterion named(Definition definition, Collection<String> targets) {
    Param url = definition.params().get(URL);
    Set<String> tokens = new LinkedHashSet<>();
    for (String target : targets) {
      url.under().forEach(under -> tokens.add(Postings.token(under.name(), withoutVersion(target))));
    }
    Set<String> meant = new LinkedHashSet<>(targets);
    targets.forEach(target -> meant.add(withoutPart(target)));
    boolean exact = meant.stream().noneMatch(target -> target.indexOf('|') >= 0);
    return Criterion.any(List.copyOf(tokens), exact,
        values -> names(values.resource()).stream().anyMatch(meant::contains));
  }
}
