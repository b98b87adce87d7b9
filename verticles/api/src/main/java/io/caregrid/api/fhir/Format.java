package io.caregrid.api.fhir;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** FHIR's two forms and the names they go by (FHIR R4 http.html#mime-type). */
enum Format {
  JSON("application/fhir+json"), XML("application/fhir+xml");

  private static final Map<String, Format> NAMES = Map.ofEntries(
      Map.entry("application/fhir+json", JSON), Map.entry("application/json", JSON), Map.entry("text/json", JSON),
      Map.entry("application/json+fhir", JSON), Map.entry("json", JSON),
      Map.entry("application/fhir+xml", XML), Map.entry("application/xml", XML), Map.entry("text/xml", XML),
      Map.entry("application/xml+fhir", XML), Map.entry("xml", XML));
  private static final Set<String> VERSIONS = Set.of("4.0", "4.0.1", "4");
  final String mime;

  Format(String mime) {
    this.mime = mime;
  }

  /** Null when it is neither, or of another version of FHIR ({@code fhirVersion=3.0}, FHIR R4 versioning.html#mt-version). */
  static Format of(String mime) {
    String[] parts = mime.toLowerCase(Locale.ROOT).split(";", -1);
    for (int i = 1; i < parts.length; i++) {
      String[] param = parts[i].trim().split("\\s*=\\s*", 2);
      if (param.length == 2 && param[0].equals("fhirversion") && !VERSIONS.contains(param[1].replace("\"", "")))
        return null;
    }
    return NAMES.get(parts[0].trim());
  }
}
