package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.caregrid.store.Param.Under;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/**
 * One alternative of what is asked of a parameter (FHIR R4 search.html#ptypes).
 *
 * @param tokens one of which a resource has whose value it is; null: the tokens do not tell
 * @param exact  whoever has one of them has such a value
 * @param holds  asks one value
 */
record Match(List<String> tokens, boolean exact, Predicate<Found> holds) {

  /** How the parts of a composite, and what stands alone without a modifier, are read. {@code name} is for errors. */
  static Match of(Param param, String name, String modifier, String value, Instant now) {
    return switch (param.kind()) {
      case TOKEN -> token(param, name, modifier, value);
      case REFERENCE -> reference(param, name, modifier, value);
      case STRING -> string(param, name, modifier, value);
      case URI -> uri(param, name, modifier, value);
      case DATE -> {
        requireNone(name, modifier);
        yield Ranges.date(param, SearchValue.date(name, value, now));
      }
      case NUMBER, QUANTITY -> {
        requireNone(name, modifier);
        yield Ranges.amount(param, SearchValue.amount(param, name, value));
      }
      case SPECIAL -> {
        requireNone(name, modifier);
        yield near(param, SearchValue.circle(name, value));
      }
      case COMPOSITE -> throw new IllegalArgumentException("a composite is matched by its parts");
    };
  }

  static void requireNone(String name, String modifier) {
    if (!modifier.isEmpty())
      throw new Failure.Invalid("The modifier " + modifier + " is not supported for " + name);
  }

  private static Match token(Param param, String name, String modifier, String value) {
    if (modifier.equals(":of-type")) return ofType(param, name, value);
    if (modifier.equals(":text")) {
      String wanted = Postings.normalised(SearchValue.unescaped(value));
      return new Match(null, false, found -> ((Found.Code) found).text() != null
          && Postings.normalised(((Found.Code) found).text()).contains(wanted));
    }
    requireNone(name, modifier);
    return code(param, "", SearchValue.code(name, value));
  }

  /** @param of behind the name of the tokens */
  private static Match code(Param param, String of, SearchValue.Code wanted) {
    List<String> tokens = param.under()
        .stream()
        .map(under -> wanted.system() == null
            ? Postings.token(under.name() + of, wanted.code())
            : Postings.coded(under.name() + of, wanted.system(), wanted.code()))
        .toList();
    return new Match(tokens, !param.isPart(), found -> found instanceof Found.Code code && wanted.is(code));
  }

  static Match code(Param param, SearchValue.Code wanted) {
    return code(param, "", wanted);
  }

  private static Match ofType(Param param, String name, String value) {
    List<String> parts = SearchValue.parts(value, '|');
    if (parts.size() != 3 || parts.get(2).isEmpty())
      throw new Failure.Invalid(name + " is written system|code|value");
    SearchValue.Code type = new SearchValue.Code(parts.get(0), parts.get(1));
    List<String> tokens = param.under().stream().map(under -> Postings.token(under.name(), parts.get(2))).toList();
    return new Match(tokens, false, found -> found instanceof Found.Code code && code.code().equals(parts.get(2))
        && code.types().stream().anyMatch(type::is));
  }

  private static Match reference(Param param, String name, String modifier, String value) {
    if (modifier.equals(Postings.IDENTIFIER)) {
      SearchValue.Code wanted = SearchValue.code(name, value);
      Match match = code(param, Postings.IDENTIFIER, wanted);
      return new Match(match.tokens(), match.exact(),
          found -> ((Found.Link) found).identifier() != null && wanted.is(((Found.Link) found).identifier()));
    }
    boolean typed = !modifier.isEmpty() && mayBe(param, modifier.substring(1));
    if (!typed) requireNone(name, modifier);
    String target = SearchValue.reference(typed ? modifier.substring(1) : param.target(), value);
    return link(param, target);
  }

  /** Types that are not kept here can be pointed to all the same. */
  static boolean mayBe(Param param, String type) {
    return Definition.types().contains(type) || param.targets().contains(type);
  }

  /** @param target {@code Type/id}, an id alone, or a URL */
  static Match link(Param param, String target) {
    List<String> tokens = new ArrayList<>();
    boolean elsewhere = target.indexOf(':') > 0;
    for (Under under : param.under()) {
      boolean may = under.type() == null || elsewhere || target.startsWith(under.type() + "/");
      if (may) tokens.add(Postings.token(under.name(), target));
    }
    return new Match(tokens, !elsewhere || !param.isPart(), found -> pointsTo((Found.Link) found, target));
  }

  /** @param names of one resource with a url ({@link Canonical#names}), not empty */
  static Match canonical(Param param, Set<String> names) {
    List<String> tokens = new ArrayList<>();
    for (Under under : param.under()) names.forEach(name -> tokens.add(Postings.token(under.name(), name)));
    return new Match(tokens, false, found -> Canonical.isOf(names, ((Found.Link) found).target()));
  }

  private static boolean pointsTo(Found.Link link, String target) {
    String there = link.target();
    if (there.equals(target)) return true;
    if (Postings.isLocal(there)) return there.endsWith("/" + target) && Ids.legal(target);
    return Canonical.meant(there).contains(target);
  }

  private static Match string(Param param, String name, String modifier, String value) {
    String text = SearchValue.unescaped(value);
    if (modifier.equals(":exact"))
      return new Match(param.under().stream().map(under -> Postings.token(under.name(), text)).toList(), true,
          found -> ((Found.Text) found).value().equals(text));
    String normal = Postings.normalised(text);
    if (modifier.equals(":contains"))
      return new Match(null, false, found -> Postings.normalised(((Found.Text) found).value()).contains(normal));
    requireNone(name, modifier);
    List<String> tokens = param.under().stream().map(under -> Postings.beginning(under.name(), normal)).toList();
    return new Match(tokens, Postings.isBeginning(normal),
        found -> Postings.normalised(((Found.Text) found).value()).startsWith(normal));
  }

  private static Match uri(Param param, String name, String modifier, String value) {
    String uri = SearchValue.unescaped(value);
    boolean up = modifier.equals(":above");
    boolean down = modifier.equals(":below");
    if (!up && !down) requireNone(name, modifier);
    boolean alone = !up && !down || isUrn(uri); // above and below are URLs, a URN is only itself (search.html#uri)
    if (alone) return uri(param, Set.of(uri));
    return up
        ? uri(param, SearchValue.above(uri))
        : new Match(null, false, found -> isBelow(((Found.Uri) found).value(), uri));
  }

  private static boolean isBelow(String there, String uri) {
    return there.startsWith(uri) && !isUrn(there);
  }

  private static boolean isUrn(String uri) {
    return uri.startsWith("urn:");
  }

  /** {@code url} or {@code url|version}: any version, or that one and what is of it, as 1.2 is of 1 (FHIR R4 search.html#versions). */
  static Match below(Param param, String canonical) {
    String url = Canonical.withoutVersion(canonical);
    List<String> tokens = param.under().stream().map(under -> Postings.token(under.name(), url)).toList();
    return new Match(tokens, false, found -> {
      String there = ((Found.Link) found).target();
      return there.equals(canonical) || there.startsWith(canonical + (url.equals(canonical) ? "|" : "."));
    });
  }

  /** {@code text/xml} has {@code text/xml; charset=utf-8} below it, and so has {@code text} (FHIR R4 search.html#mimetype). */
  static Match mime(Param param, String base) {
    String wanted = base.toLowerCase(Locale.ROOT);
    return new Match(null, false, found -> {
      String there = ((Found.Code) found).code().toLowerCase(Locale.ROOT);
      return there.equals(wanted) || there.startsWith(wanted + ";") || there.startsWith(wanted + " ")
          || wanted.indexOf('/') < 0 && there.startsWith(wanted + "/");
    });
  }

  /** One of these, with or without a version behind a bar. */
  static Match uri(Param param, Set<String> wanted) {
    List<String> tokens = new ArrayList<>();
    for (Under under : param.under()) wanted.forEach(one -> tokens.add(Postings.token(under.name(), one)));
    return new Match(tokens, true,
        found -> Canonical.meant(((Found.Uri) found).value()).stream().anyMatch(wanted::contains));
  }

  private static Match near(Param param, SearchValue.Circle circle) {
    return new Match(null, false, found -> circle.has((Found.Place) found));
  }
}
