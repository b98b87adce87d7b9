package io.caregrid.templates.observation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cases.SharedCases;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The shared cases of Observations: made, merged, sampled, grouped. */
class FhirCasesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Identity WHO = new Identity("d", "p", null);

  /**
   * Where the case says {@code final} and we say {@code amended}: the case looks at the step before the connector sets the status of a changed Observation,
   * our fold is both steps in one.
   */
  private static final Set<String> AMENDED = Set.of("merge-category-removed", "merge-component-added-when-none",
      "merge-component-existing-and-new", "merge-expands-effective-period", "merge-keeps-wider-effective-period");

  @TestFactory
  Stream<DynamicTest> fhir() {
    return SharedCases.tests("fhir", one -> null, FhirCasesTest::checkFhir);
  }

  @TestFactory
  Stream<DynamicTest> fhirValues() {
    return SharedCases.tests("fhir-values", one -> null, FhirCasesTest::checkValue);
  }

  @TestFactory
  Stream<DynamicTest> sampledData() {
    return SharedCases.tests("sampled-data", one -> null, FhirCasesTest::checkSampled);
  }

  @TestFactory
  Stream<DynamicTest> grouping() {
    return SharedCases.tests("grouping",
        one -> one.path("kind").asText().equals("measurement-batching")
            ? "no dropping within a batch: the fold takes every event"
            : null,
        FhirCasesTest::checkGrouping);
  }

  private static void checkFhir(JsonNode one) throws Exception {
    JsonNode group = one.path("observationGroup");
    String type = group.path("name").asText();
    GroupKey key = key(type, group.path("boundary"));
    byte[] existing = one.has("existingObservation") ? JSON.writeValueAsBytes(one.path("existingObservation")) : null;
    ObservationFold fold = FhirMapping.parse(one.path("fhirMapping").toString()).open(key, existing);
    for (Measurement event : events(type, group.path("values"))) fold.add(event);

    JsonNode made = JSON.readTree(fold.json());
    ObjectNode expected = one.path("expectedObservation").deepCopy();
    if (AMENDED.contains(one.path("name").asText()) && expected.has("status")) expected.put("status", "amended");
    assertContains("", expected, made);
    one.path("expectedAbsent").forEach(name -> assertFalse(made.has(name.asText()), name.asText()));
    if (existing == null) assertTrue(made.has("issued"));
  }

  private static void checkValue(JsonNode one) throws Exception {
    boolean merge = one.path("operation").asText().equals("merge");
    ObjectNode stored = JSON.createObjectNode().put("resourceType", "Observation").put("status", "final");
    stored.set("effectivePeriod",
        one.has("observationPeriod") ? one.path("observationPeriod") : period("2019-01-01T00:00:00Z"));
    stored.setAll(
        (ObjectNode) (one.has("existingValue") ? one.path("existingValue").deepCopy() : JSON.createObjectNode()));
    JsonNode bounds = one.has("dataPeriod") ? one.path("dataPeriod") : period("2019-01-01T00:00:00Z");
    ObservationFold fold = mapping(one.path("valueTemplate")).open(key("t", bounds),
        merge ? JSON.writeValueAsBytes(stored) : null);
    String name = one.at("/valueTemplate/valueName").asText();
    List<Measurement> events = events("t", JSON.createObjectNode().set(name, one.path("values")));
    if (one.has("expectError")) {
      Measurement event = events.isEmpty()
          ? event("t", Instant.parse("2019-01-01T00:00:00Z"), name, "x")
          : events.get(0);
      UnusableEvent refused = assertThrows(UnusableEvent.class, () -> fold.add(event));
      assertEquals(merge ? "wrong-existing-value" : "not-a-number", refused.reason);
      return;
    }
    for (Measurement event : events) fold.add(event);
    assertContains("", one.path("expectedValue"), JSON.readTree(fold.json()));
  }

  private static void checkSampled(JsonNode one) throws Exception {
    switch (one.path("kind").asText()) {
      case "sampled-data-build" ->
        assertEquals(one.path("expected").asText(), data(sampled(one, one.path("values"), null)));
      case "sampled-data-roundtrip" -> {
        byte[] made = sampled(one, one.path("values"), null);
        assertEquals(one.path("expectedStream").asText(), data(made));
        assertEquals(times(one.path("expectedTimeValues")), times(made, one.path("periodMs").asLong()));
      }
      case "sampled-data-merge" -> {
        ObjectNode bounded = ((ObjectNode) one.deepCopy()).put("startBoundary", "2019-01-01T00:30:00Z")
            .put("endBoundary", "2019-01-01T00:34:00Z")
            .put("periodMs", 60_000);
        byte[] made = sampled(bounded, one.path("new"), sampled(bounded, one.path("existing"), null));
        assertEquals(times(one.path("expected")), times(made, 60_000));
      }
      default -> throw new AssertionError("a kind nobody knows: " + one.path("kind"));
    }
  }

  private static void checkGrouping(JsonNode one) throws Exception {
    FhirMapping mapping = FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":
         {"typeName":"%s","codes":[],"periodInterval":%d}}]}""".formatted(one.path("measureType").asText(),
        one.path("periodInterval").asInt()));
    Map<GroupKey, Map<String, Map<Instant, String>>> groups = new HashMap<>();
    for (JsonNode event : one.path("measurements")) {
      Measurement measurement = new Measurement(one.path("measureType").asText(),
          Instant.parse(event.path("occurrenceTimeUtc").asText()), Instant.EPOCH, "d", null, null,
          one.path("correlationId").textValue(), properties(event));
      if (one.has("expectError")) {
        assertEquals("no-correlation-id",
            assertThrows(UnusableEvent.class, () -> mapping.key(measurement, WHO)).reason);
        return;
      }
      Map<String, Map<Instant, String>> values = groups.computeIfAbsent(mapping.key(measurement, WHO),
          key -> new TreeMap<>());
      measurement.properties()
          .forEach(p -> values.computeIfAbsent(p.name(), name -> new TreeMap<>())
              .put(measurement.occurredAt(), p.value()));
    }
    assertEquals(one.path("expectedGroups").size(), groups.size());
    for (JsonNode group : one.path("expectedGroups")) {
      GroupKey key = groups.keySet()
          .stream()
          .filter(k -> k.segment().equals(group.path("idSegment").asText()))
          .findFirst()
          .orElseThrow();
      if (key.correlation() == null) {
        assertEquals(Instant.parse(group.path("start").asText()), key.periodStart());
        assertEquals(Instant.parse(group.path("end").asText()), key.periodEnd());
      }
      Map<String, Map<Instant, String>> expected = new TreeMap<>();
      group.path("values").properties().forEach(entry -> expected.put(entry.getKey(), times(entry.getValue())));
      assertEquals(expected, groups.get(key));
    }
  }

  private static byte[] sampled(JsonNode one, JsonNode values, byte[] existing) throws Exception {
    ObjectNode template = JSON.createObjectNode().put("valueType", "SampledData").put("valueName", "v");
    template.set("defaultPeriod", one.path("periodMs"));
    ObjectNode bounds = JSON.createObjectNode()
        .put("start", one.path("startBoundary").asText())
        .put("end", endOfLastBucket(one).toString());
    ObservationFold fold = mapping(template).open(key("t", bounds), existing);
    for (Measurement event : events("t", JSON.createObjectNode().set("v", values))) {
      fold.add(event);
    }
    return fold.json();
  }

  /** The cases end where the last bucket begins, and put times from within it; a real period ends with its last 100 ns. */
  private static Instant endOfLastBucket(JsonNode one) {
    return Instant.parse(one.path("endBoundary").asText()).plusMillis(one.path("periodMs").asLong()).minusNanos(100);
  }

  private static String data(byte[] observation) throws Exception {
    return JSON.readTree(observation).at("/valueSampledData/data").asText();
  }

  private static Map<Instant, String> times(byte[] observation, long periodMillis) throws Exception {
    Map<Instant, String> times = new TreeMap<>();
    Instant at = Instant.parse(JSON.readTree(observation).at("/effectivePeriod/start").asText());
    for (String token : data(observation).split(" ")) {
      if (!token.equals("E")) times.put(at, token);
      at = at.plusMillis(periodMillis);
    }
    return times;
  }

  private static Map<Instant, String> times(JsonNode list) {
    Map<Instant, String> times = new TreeMap<>();
    list.forEach(one -> times.put(Instant.parse(one.path("time").asText()), one.path("value").asText()));
    return times;
  }

  /** One event a time, all values of that time in it. */
  private static List<Measurement> events(String type, JsonNode values) {
    Map<Instant, List<Property>> byTime = new TreeMap<>();
    values.properties()
        .forEach(entry -> entry.getValue()
            .forEach(one -> byTime
                .computeIfAbsent(Instant.parse(one.path("time").asText()), time -> new ArrayList<>())
                .add(new Property(entry.getKey(), one.path("value").asText()))));
    List<Measurement> events = new ArrayList<>();
    byTime.forEach(
        (time, properties) -> events.add(new Measurement(type, time, time, "d", null, null, null, properties)));
    return events;
  }

  private static Measurement event(String type, Instant time, String name, String value) {
    return new Measurement(type, time, time, "d", null, null, null, List.of(new Property(name, value)));
  }

  private static List<Property> properties(JsonNode event) {
    List<Property> properties = new ArrayList<>();
    event.path("properties")
        .forEach(p -> properties.add(new Property(p.path("name").asText(), p.path("value").asText())));
    return properties;
  }

  private static FhirMapping mapping(JsonNode value) {
    return FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":
         {"typeName":"t","codes":[],"value":%s}}]}""".formatted(value));
  }

  private static GroupKey key(String type, JsonNode bounds) {
    return new GroupKey(WHO, type, Instant.parse(bounds.path("start").asText()),
        Instant.parse(bounds.path("end").asText()), null);
  }

  private static ObjectNode period(String time) {
    return JSON.createObjectNode().put("start", time).put("end", time);
  }

  private static void assertContains(String path, JsonNode expected, JsonNode actual) {
    if (expected.isObject()) {
      expected.properties()
          .forEach(entry -> assertContains(path + "/" + entry.getKey(), entry.getValue(), actual.path(entry.getKey())));
    } else if (expected.isArray()) {
      assertEquals(expected.size(), actual.size(), path);
      for (int i = 0; i < expected.size(); i++) assertContains(path + "/" + i, expected.get(i), actual.path(i));
    } else if (path.startsWith("/effective")) {
      assertEquals(Timestamps.parse(expected.asText()), Timestamps.parse(actual.asText()), path);
    } else if (expected.isNumber()) {
      assertEquals(0, expected.decimalValue().compareTo(actual.decimalValue()), path);
    } else {
      assertEquals(expected, actual, path);
    }
  }
}
