package io.caregrid.analytics.lake.vitals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;

/** Which of a concept's codings says what was measured, for somebody who knows no mapping. */
final class Codes {
  private static final String LOINC = "http://loinc.org";

  private Codes() {}

  /** LOINC's first, or else the first that has a code; missing when there is none. */
  static JsonNode best(JsonNode codings) {
    JsonNode first = MissingNode.getInstance();
    for (JsonNode coding : codings) {
      if (!coding.path("code").isTextual()) continue;
      if (LOINC.equals(coding.path("system").textValue())) return coding;
      if (first.isMissingNode()) first = coding;
    }
    return first;
  }

  /** The concept's text, or else what its coding is called, or else its code; null when it has nothing of that. */
  static String word(JsonNode concept, JsonNode coding) {
    for (JsonNode word : new JsonNode[] {concept.path("text"), coding.path("display"), coding.path("code")}) {
      if (word.isTextual()) return word.textValue();
    }
    return null;
  }
}
