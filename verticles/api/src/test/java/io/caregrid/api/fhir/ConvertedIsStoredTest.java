package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.api.Ward;
import io.caregrid.templates.bundle.Bundles;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.bundle.Outcome;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What our own templates make of our own samples is taken by our own store, and twice is as once. */
@ExtendWith(Ward.Key.class)
class ConvertedIsStoredTest {
  private static final Path SAMPLES = Path.of("../../templates/src/test/resources/convert");
  private static final List<String> TYPES = List.of("Patient", "Encounter", "Practitioner", "AllergyIntolerance",
      "Condition", "Procedure", "Coverage", "Observation", "DiagnosticReport", "Specimen", "ServiceRequest",
      "MedicationRequest", "MedicationStatement", "Appointment", "Immunization", "Composition", "DocumentReference");
  private final String mark = "M" + UUID.randomUUID().toString().substring(0, 8);

  /** Names of authorities are ours alone, so that nobody else's test is met. */
  private String text(Path sample) throws IOException {
    String text = Files.readString(sample).replace("NORTH", mark).replace("SOUTH", mark).replace("WEST", mark);
    text = text.replace("EAST", mark).replace("2.999.", "2.999." + Math.abs(mark.hashCode()) + ".");
    return sample.toString().endsWith(".hl7") ? text.replace('\n', '\r') : text;
  }

  private static Map<String, Integer> counts(Ward ward) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String type : TYPES) {
      JsonObject found = ward.send("GET", "/fhir/" + type + "?_summary=count", (String) null).bodyAsJsonObject();
      counts.put(type, found.getInteger("total"));
    }
    return counts;
  }

  private void send(Ward ward) throws IOException {
    Conversions conversions = Conversions.load(Map.of(), ZoneOffset.UTC, Clock.systemUTC());
    List<Path> samples;
    try (Stream<Path> files = Files.list(SAMPLES)) {
      samples = files.sorted().toList();
    }
    for (Path sample : samples) {
      String text = text(sample);
      Outcome outcome = sample.toString().endsWith(".xml") ? conversions.ccda(text) : conversions.hl7v2(text);
      String bundle = Bundles.transaction(((Outcome.Converted) outcome).bundle()).toString();
      HttpResponse<Buffer> answer = ward.send("POST", "/fhir", bundle);
      assertEquals(200, answer.statusCode(), sample + ": " + answer.bodyAsString());
    }
  }

  @Test
  void everySampleIsTakenAndTwiceIsAsOnce(Ward ward) throws IOException {
    Map<String, Integer> before = counts(ward);
    send(ward);
    Map<String, Integer> once = counts(ward);
    send(ward);

    assertEquals(once, counts(ward));
    JsonObject patients = ward.send("GET", "/fhir/Patient?identifier=urn:caregrid:authority:" + mark + "%7C700123",
        (String) null).bodyAsJsonObject();
    assertEquals(1, patients.getJsonArray("entry").size(), "one patient of four messages");
    assertEquals(8, once.get("Patient") - before.get("Patient"));
  }
}
