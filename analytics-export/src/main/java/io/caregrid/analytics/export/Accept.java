package io.caregrid.analytics.export;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Whether a kick-off's answer, {@code application/fhir+json}, is one that the client takes (Bulk Data 2.0, "Kick-off Request", Accept). Pure.
 *
 * <p>The most exact range that covers it decides, and {@code q=0} excludes (RFC 9110 12.5.1): its own name, other names of JSON, {@code application/*},
 * {@code *}{@code /*}. {@code _format} comes before all of them (FHIR R4 http.html#parameters).
 */
final class Accept {
  private static final String OWN = "application/fhir+json";
  private static final Set<String> NAMES = Set.of("application/json", "application/json+fhir", "text/json");
  private static final Set<String> FORMATS = Set.of("json", OWN, "application/json", "application/json+fhir",
      "text/json");

  private Accept() {}

  /**
   * @param headers as they came; none, or without a range in them: anything
   * @param format  {@code _format}, or null
   */
  static boolean takesJson(List<String> headers, String format) {
    if (format != null && FORMATS.contains(format.split(";", 2)[0].strip().replace(' ', '+').toLowerCase(Locale.ROOT)))
      return true;
    Map<String, Boolean> wanted = ranges(String.join(",", headers));
    if (wanted.isEmpty()) return true;
    if (wanted.containsKey(OWN)) return wanted.get(OWN);
    if (NAMES.stream().anyMatch(name -> wanted.getOrDefault(name, false))) return true;
    if (wanted.containsKey("application/*")) return wanted.get("application/*");
    return wanted.getOrDefault("*/*", false) || wanted.getOrDefault("*", false);
  }

  /** Whether each is wanted; of one that stands there twice, with different parameters, whether any is. */
  private static Map<String, Boolean> ranges(String header) {
    Map<String, Boolean> wanted = new LinkedHashMap<>();
    for (String range : header.replaceAll("\\s", "").toLowerCase(Locale.ROOT).split(",")) {
      List<String> parts = new ArrayList<>(Arrays.asList(range.split(";")));
      if (range.isEmpty() || parts.isEmpty()) continue;
      boolean excluded = parts.stream().anyMatch(part -> part.matches("q=0(\\.0*)?"));
      wanted.merge(parts.get(0), !excluded, Boolean::logicalOr);
    }
    return wanted;
  }
}
