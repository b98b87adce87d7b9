package io.caregrid.templates.observation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.device.Outcome;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole meaning of a folder's mappings: messages in ({@code in.ndjson}), Observations out ({@code expected.json}). */
class GoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant RECEIVED = Instant.parse("2026-11-20T13:00:00Z");

  static Stream<Path> folders() throws Exception {
    return Files.list(Path.of(GoldenTest.class.getResource("/golden").toURI())).sorted();
  }

  @ParameterizedTest
  @MethodSource("folders")
  void messagesBecomeTheseObservations(Path folder) throws Exception {
    FhirMapping fhir = FhirMapping.parse(Files.readString(folder.resolve("fhir.json")));
    Map<GroupKey, ObservationFold> folds = new LinkedHashMap<>();
    for (Measurement measurement : measurements(folder)) {
      GroupKey key = fhir.key(measurement, new Identity("device-" + measurement.device(), "patient", null));
      folds.computeIfAbsent(key, opened -> fhir.open(key, null)).add(measurement);
    }

    ArrayNode made = JSON.createArrayNode();
    for (ObservationFold fold : folds.values()) made.add(JSON.readTree(fold.json()));
    JsonNode expected = JSON.readTree(folder.resolve("expected.json").toFile());
    assertEquals(expected.toPrettyString(), made.toPrettyString());
  }

  /** Through their JSON, as they travel. */
  private static List<Measurement> measurements(Path folder) throws Exception {
    DeviceMapping device = DeviceMapping.parse(Files.readString(folder.resolve("device.json")));
    List<Measurement> measurements = new ArrayList<>();
    int line = 0;
    for (String message : Files.readAllLines(folder.resolve("in.ndjson"))) {
      Outcome outcome = device.normalise(message.getBytes(StandardCharsets.UTF_8), Map.of(),
          RECEIVED.plusSeconds(line++));
      if (outcome instanceof Outcome.Unmatched) continue;
      for (Measurement measurement : assertInstanceOf(Outcome.Measured.class, outcome).measurements()) {
        measurements.add(MeasurementJson.read(MeasurementJson.write(measurement)));
      }
    }
    return measurements;
  }
}
