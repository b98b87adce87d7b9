package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A profile or value set that somebody else wrote, without the regular expressions that may run for ever ({@link RunawayRegex}).
 *
 * @param resource null where nothing is left of it
 * @param left     what was left out, in words
 */
record HarmlessDefinition(ObjectNode resource, List<String> left) {
  private static final String REGEX = "http://hl7.org/fhir/StructureDefinition/regex";

  /** @param definition is changed */
  static HarmlessDefinition of(ObjectNode definition) {
    List<String> left = new ArrayList<>();
    for (JsonNode part : List.of(definition.path("compose").path("include"),
        definition.path("compose").path("exclude"))) {
      for (JsonNode set : part) {
        for (JsonNode filter : set.path("filter")) {
          if (filter.path("op").asText().equals("regex") && RunawayRegex.is(filter.path("value").asText()))
            return new HarmlessDefinition(null, List.of("a value set with a filter"));
        }
      }
    }
    for (JsonNode view : List.of(definition.path("snapshot"), definition.path("differential"))) look(view, left);
    return new HarmlessDefinition(definition, left);
  }

  private static void look(JsonNode node, List<String> left) {
    if (node.get("constraint") instanceof ArrayNode rules)
      without(rules, left, "key", rule -> RunawayRegex.isUsedIn(rule.path("expression").asText()));
    if (node.get("extension") instanceof ArrayNode more)
      without(more, left, "url", one -> one.path("url").asText().equals(REGEX)
          && RunawayRegex.is(one.path("valueString").asText()));
    for (JsonNode below : node) look(below, left);
  }

  private static void without(ArrayNode all, List<String> left, String name,
      Predicate<JsonNode> harmful) {
    for (int i = all.size() - 1; i >= 0; i--) {
      if (harmful.test(all.get(i))) left.add("the rule " + all.remove(i).path(name).asText());
    }
  }
}
