package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.cases.SharedCases;
import io.caregrid.templates.device.Measurement.Property;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The shared device cases whose templates this version has. An error may come when the mapping is loaded: earlier is better. */
class DeviceCasesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TestFactory
  Stream<DynamicTest> device() {
    return SharedCases.tests("device", DeviceCasesTest::later, DeviceCasesTest::check);
  }

  private static String later(JsonNode one) {
    for (JsonNode template : one.at("/deviceContent/template")) {
      if (template.path("templateType").asText().startsWith("Calculated")) return "template type CalculatedContent";
    }
    return null;
  }

  private static void check(JsonNode one) {
    if (one.has("expectError")) {
      String message = one.at("/expectError/messageContains").asText();
      String said = failure(one);
      assertTrue(said.contains(message), said);
      return;
    }
    assertEquals(expected(one.path("expectedMeasurements")), measured(one));
  }

  private static String failure(JsonNode one) {
    try {
      Outcome outcome = DeviceMapping.parse(one.path("deviceContent").toString()).normalise(one.path("message"), NOW);
      return assertInstanceOf(Outcome.Failed.class, outcome).detail();
    } catch (MappingException refused) {
      return refused.getMessage();
    }
  }

  private static List<Measurement> measured(JsonNode one) {
    Outcome outcome = DeviceMapping.parse(one.path("deviceContent").toString()).normalise(one.path("message"), NOW);
    return outcome instanceof Outcome.Unmatched
        ? List.of()
        : assertInstanceOf(Outcome.Measured.class, outcome).measurements();
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
