package io.caregrid.templates;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.device.Outcome;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.jsonpath.JsonPathSyntaxException;
import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged input gives an answer of the kind that is promised, never another exception. Seeds are the parameters. */
class FuzzTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:01Z");
  private static final String MESSAGE = "{\"deviceId\":\"m\\u00e9\",\"patientId\":\"p\",\"time\":\"2026-11-20T10:00:00.000Z\",\"heartRate\":72,"
      + "\"spo2\":9.8e1,\"respiration\":null,\"temperature\":\"36.8\",\"systolic\":[121],\"diastolic\":{}}";
  private static final List<String> PIECES = List.of("$", "@", ".", "..", "[", "]", "(", ")", "?", "?(", "'a'", "a",
      " ", "*", ",", ":", "0", "-1",
      "==", "=~", "/x/i", "&&", "||", "<", "null", "true", "'", "\\", "!", "1.5");

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 101);
    return LongStream.range(first, first + 3);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aDamagedMessageIsAnOutcome(long seed) throws Exception {
    Random random = new Random(seed);
    DeviceMapping device = DeviceMapping.vitals();
    FhirMapping fhir = FhirMapping.vitals();
    for (int i = 0; i < 2_000; i++) {
      Outcome outcome = device.normalise(damage(MESSAGE, random), Map.of(), NOW);
      assertNotNull(outcome);
      for (Measurement measurement : measurements(outcome))
        fold(fhir, MeasurementJson.read(MeasurementJson.write(measurement)));
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aDamagedExpressionIsReadOrRefused(long seed) throws Exception {
    Random random = new Random(seed);
    JsonNode document = new ObjectMapper()
        .readTree("{\"a\":[{\"a\":1,\"x\":\"x\"},[0,1.5],null,true,\"x\"],\"$\":{\"a\":{}}}");
    for (int i = 0; i < 20_000; i++) {
      StringBuilder expression = new StringBuilder();
      for (int n = random.nextInt(9); n >= 0; n--) expression.append(PIECES.get(random.nextInt(PIECES.size())));
      try {
        JsonPath.compile(expression.toString()).select(document);
      } catch (JsonPathSyntaxException refused) {
        assertNotNull(refused.getMessage());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aDamagedMappingIsReadOrRefused(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 400; i++) {
      refusable(() -> DeviceMapping.parse(text(damage(Shipped.text("/device/vitals.json"), random))));
      refusable(() -> FhirMapping.parse(text(damage(Shipped.text("/observation/vitals.json"), random))));
    }
  }

  private static void refusable(Runnable load) {
    try {
      load.run();
    } catch (MappingException refused) {
      assertNotNull(refused.getMessage());
    }
  }

  private static void fold(FhirMapping fhir, Measurement measurement) {
    try {
      ObservationFold fold = fhir.open(fhir.key(measurement, new Identity("d", "p", null)), null);
      fold.add(measurement);
      fold.json();
    } catch (UnusableEvent setAside) {
      assertNotNull(setAside.reason);
    }
  }

  private static List<Measurement> measurements(Outcome outcome) {
    if (outcome instanceof Outcome.Measured measured) return measured.measurements();
    return outcome instanceof Outcome.Failed failed ? failed.measurements() : List.of();
  }

  /** One to three bytes changed, lost or doubled. */
  private static byte[] damage(String text, Random random) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int n = random.nextInt(3); n >= 0; n--) {
      int at = random.nextInt(bytes.length - 1);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] = bytes[random.nextInt(bytes.length)];
        case 2 -> System.arraycopy(bytes, at, bytes, at + 1, bytes.length - at - 1);
        default -> System.arraycopy(bytes, at + 1, bytes, at, bytes.length - at - 1);
      }
    }
    return bytes;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
