package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * R4's own search parameters, as HAPI ships HL7's definitions.
 *
 * @param expression null where the definition has none
 */
record SearchParameters(String name, List<String> base, String expression) {

  static List<SearchParameters> all() throws IOException {
    List<SearchParameters> all = new ArrayList<>();
    try (InputStream in = SearchParameters.class.getResourceAsStream(
        "/org/hl7/fhir/r4/model/sp/search-parameters.json")) {
      for (JsonNode entry : Rendered.JSON.readTree(in).path("entry")) {
        JsonNode definition = entry.path("resource");
        List<String> base = new ArrayList<>();
        definition.path("base").forEach(type -> base.add(type.asText()));
        all.add(new SearchParameters(definition.path("name").asText(), base,
            definition.path("expression").textValue()));
      }
    }
    return all;
  }

  /** Whether it is of resources of this type. */
  boolean isOf(String type) {
    return base.stream().anyMatch(one -> Model.R4.type(type).isA(one));
  }
}
