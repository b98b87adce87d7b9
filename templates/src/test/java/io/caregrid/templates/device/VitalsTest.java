package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VitalsTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:01Z");
  private final DeviceMapping mapping = DeviceMapping.vitals();

  @Test
  void loadsWithoutWarnings() {
    assertEquals(List.of(), mapping.warnings());
    assertEquals(List.of("heartrate", "spo2", "respiration", "temperature", "bloodpressure"), mapping.types());
  }

  @Test
  void theDemoMessageGivesFiveMeasurements() {
    Outcome outcome = normalise("""
        {"deviceId":"monitor-07","patientId":"MRN-1007","time":"2026-11-20T10:00:00.000Z","heartRate":72,"spo2":98,
         "respiration":15,"temperature":36.8,"systolic":121,"diastolic":79}""");

    List<Measurement> found = assertInstanceOf(Outcome.Measured.class, outcome).measurements();
    assertEquals(mapping.types(), found.stream().map(Measurement::type).toList());
    assertEquals(
        new Measurement("bloodpressure", Instant.parse("2026-11-20T10:00:00Z"), NOW, "monitor-07", "MRN-1007", null,
            null, List.of(new Measurement.Property("sys", "121"), new Measurement.Property("dia", "79"))),
        found.get(4));
    assertEquals("36.8", found.get(3).properties().get(0).value());
  }

  @Test
  void whatIsAbsentOrNullIsNotMeasured() {
    Outcome outcome = normalise(
        "{\"deviceId\":\"m\",\"time\":\"2026-11-20T10:00:00Z\",\"heartRate\":null,\"spo2\":98}");

    List<Measurement> found = assertInstanceOf(Outcome.Measured.class, outcome).measurements();
    assertEquals(List.of("spo2"), found.stream().map(Measurement::type).toList());
  }

  private Outcome normalise(String json) {
    return mapping.normalise(json.getBytes(StandardCharsets.UTF_8), Map.of(), NOW);
  }
}
