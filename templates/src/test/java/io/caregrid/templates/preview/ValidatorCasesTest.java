package io.caregrid.templates.preview;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cases.SharedCases;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The shared cases of the connector's mapping validator, asked as previews. Its aggregation is the counting of equal errors over all results. */
class ValidatorCasesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, String> MAPPINGS = Map.of("NORMALIZATION", "device", "FHIRTRANSFORMATION", "fhir");

  @TestFactory
  Stream<DynamicTest> validator() {
    return SharedCases.tests("validator", one -> null, ValidatorCasesTest::check);
  }

  private static void check(JsonNode one) {
    ObjectNode asked = JSON.createObjectNode();
    asked.set("deviceContent", one.path("deviceMapping"));
    asked.set("fhirMapping", one.path("fhirMapping"));
    asked.set("messages", one.path("deviceEvents"));
    JsonNode expected = one.path("expected");
    if (expected.has("error")) {
      assertThrows(IllegalArgumentException.class, () -> Preview.answer(asked, Instant.EPOCH));
      return;
    }
    ObjectNode answer = Preview.answer(asked, Instant.EPOCH);
    problems(expected.path("templateErrors"), answer.path("templateErrors"), "error");
    problems(expected.path("templateWarnings"), answer.path("templateErrors"), "warning");
    if (one.path("aggregate").asBoolean()) {
      aggregated(expected.path("deviceResults"), answer.path("results"));
    } else {
      assertEquals(expected.path("deviceResults").size(), answer.path("results").size());
      for (int i = 0; i < expected.path("deviceResults").size(); i++) {
        result(expected.path("deviceResults").path(i), answer.path("results").path(i));
      }
    }
  }

  private static void problems(JsonNode expected, JsonNode said, String severity) {
    List<JsonNode> found = new ArrayList<>();
    said.forEach(problem -> {
      if (problem.path("severity").asText().equals(severity)) found.add(problem);
    });
    if (severity.equals("warning") && expected.isMissingNode()) return;
    assertEquals(expected.size(), found.size(), said.toString());
    for (int i = 0; i < expected.size(); i++) {
      JsonNode wanted = expected.get(i);
      assertTrue(found.get(i).path("message").asText().contains(wanted.path("messageContains").asText()),
          said.toString());
      assertEquals(MAPPINGS.get(wanted.path("category").asText()), found.get(i).path("mapping").asText());
      if (wanted.has("line")) assertEquals(wanted.path("line").asInt(), found.get(i).path("line").asInt());
    }
  }

  private static void aggregated(JsonNode expected, JsonNode results) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (JsonNode result : results) {
      for (JsonNode error : result.path("errors")) counts.merge(error.path("message").asText(), 1, Integer::sum);
    }
    assertEquals(expected.size(), counts.size(), counts.toString());
    List<String> messages = new ArrayList<>(counts.keySet());
    for (int i = 0; i < expected.size(); i++) {
      String wanted = expected.get(i).at("/errors/0/messageContains").asText();
      assertTrue(messages.get(i).contains(wanted), messages.toString());
      assertEquals(expected.get(i).path("aggregatedCount").asInt(), counts.get(messages.get(i)));
    }
  }

  private static void result(JsonNode expected, JsonNode said) {
    if (expected.has("measurements")) assertEquals(expected.path("measurements"), said.path("measurements"));
    if (expected.has("measurementCount"))
      assertEquals(expected.path("measurementCount").asInt(), said.path("measurements").size());
    assertEquals(expected.path("observations").size(), said.path("observations").size());
    for (int i = 0; i < expected.path("observations").size(); i++) {
      JsonNode wanted = expected.at("/observations/" + i);
      JsonNode made = said.at("/observations/" + i);
      assertEquals(wanted.at("/code/text"), made.at("/code/text"));
      for (int c = 0; c < wanted.path("component").size(); c++) {
        assertEquals(wanted.at("/component/" + c + "/code/text"), made.at("/component/" + c + "/code/text"));
        String data = made.at("/component/" + c + "/valueSampledData/data").asText();
        assertTrue(data.contains(wanted.at("/component/" + c + "/sampledDataContains").asText()), made.toString());
      }
    }
    for (JsonNode warning : expected.path("warnings")) {
      assertTrue(said.at("/warnings/0/message").asText().contains(warning.path("messageContains").asText()),
          said.toString());
    }
    assertEquals(expected.path("errors").size(), said.path("errors").size(), said.toString());
    for (int i = 0; i < expected.path("errors").size(); i++) {
      String wanted = expected.at("/errors/" + i + "/messageContains").asText();
      assertFalse(wanted.isEmpty(), "the case says nothing of its error");
      assertTrue(said.at("/errors/" + i + "/message").asText().contains(wanted), said.toString());
    }
  }
}
