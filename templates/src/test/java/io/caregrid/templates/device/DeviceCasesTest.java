package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.cases.SharedCases;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.mapping.Draft;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The shared device cases. An error may come when the mapping is loaded: earlier is better. */
class DeviceCasesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TestFactory
  Stream<DynamicTest> device() {
    return SharedCases.tests("device", one -> null, DeviceCasesTest::check);
  }

  private static void check(JsonNode one) {
    if (one.has("expectError")) {
      String message = one.at("/expectError/messageContains").asText();
      String said = failure(one);
      assertTrue(said.contains(message) || said.contains(whenLoaded(message)), said);
      return;
    }
    List<Measurement> expected = expected(one.path("expectedMeasurements"));
    List<Measurement> found = measured(one);
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      double tolerance = one.at("/expectedMeasurements/" + i).path("propertyTolerance").asDouble(0);
      assertEquals(expected.get(i), rounded(found.get(i), expected.get(i), tolerance));
    }
  }

  /** The connector's own tests leave an expression out of an object in memory; in a file the same is a missing member. */
  private static String whenLoaded(String message) {
    return message.replaceFirst("An expression must be set for \\[(\\w+)]",
        "Required property '$1' not found in JSON.");
  }

  private static String failure(JsonNode one) {
    try {
      Outcome outcome = DeviceMapping.parse(one.path("deviceContent").toString()).normalise(one.path("message"), NOW);
      return assertInstanceOf(Outcome.Failed.class, outcome).detail();
    } catch (MappingException refused) {
      return refused.getMessage();
    }
  }

  /** Where the case tells of errors in the mapping, what of it can be used is used, as in a preview. */
  private static List<Measurement> measured(JsonNode one) {
    Draft<DeviceMapping> draft = DeviceMapping.draft(one.path("deviceContent").toString());
    for (JsonNode error : one.path("expectedTemplateErrorsContain")) {
      assertTrue(draft.problems().stream().anyMatch(p -> p.message().contains(error.asText())),
          draft.problems().toString());
    }
    assertEquals(one.has("expectedTemplateErrorsContain"), draft.hasErrors());
    Outcome outcome = draft.mapping().normalise(one.path("message"), NOW);
    return outcome instanceof Outcome.Unmatched
        ? List.of()
        : assertInstanceOf(Outcome.Measured.class, outcome).measurements();
  }

  private static Measurement rounded(Measurement found, Measurement expected, double tolerance) {
    if (tolerance == 0) return found;
    List<Property> near = new ArrayList<>();
    for (int i = 0; i < found.properties().size(); i++) {
      Property property = found.properties().get(i);
      double wanted = Double.parseDouble(expected.properties().get(i).value());
      boolean close = Math.abs(Double.parseDouble(property.value()) - wanted) <= tolerance;
      near.add(close ? expected.properties().get(i) : property);
    }
    return new Measurement(found.type(), found.occurredAt(), found.ingestedAt(), found.device(), found.patient(),
        found.encounter(), found.correlation(), near);
  }

  private static List<Measurement> expected(JsonNode list) {
    List<Measurement> expected = new ArrayList<>();
    for (JsonNode one : list) {
      List<Property> properties = new ArrayList<>();
      one.path("properties")
          .forEach(p -> properties.add(new Property(p.path("name").asText(), p.path("value").asText())));
      expected.add(
          new Measurement(text(one, "type"), Instant.parse(text(one, "occurrenceTimeUtc")), NOW, text(one, "deviceId"),
              text(one, "patientId"), text(one, "encounterId"), text(one, "correlationId"), properties));
    }
    return expected;
  }

  private static String text(JsonNode one, String name) {
    return one.path(name).textValue();
  }
}
