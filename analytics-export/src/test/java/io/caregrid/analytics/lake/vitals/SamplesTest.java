package io.caregrid.analytics.lake.vitals;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.parquet.ParquetFiles;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.schema.Same;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Outcome;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplesTest {
  @TempDir
  Path folder;

  @Test
  void whatTheShippedMappingsMakeOfBedsideMessagesAreTheseRows() throws Exception {
    List<String> rows = new ArrayList<>();
    for (ObjectNode observation : observations("""
        {"deviceId":"bed-1","patientId":"p","time":"2026-11-21T10:00:07Z","heartRate":72,"spo2":98,"respiration":16,"temperature":37.4,"systolic":121,"diastolic":79}
        {"deviceId":"bed-1","patientId":"p","time":"2026-11-21T10:00:09.25Z","heartRate":74.5}""")) {
      for (ObjectNode row : Samples.of(observation)) {
        rows.add(text(row, "patient", "device", "type", "panel", "code", "display", "time", "value", "unit", "flag"));
      }
    }

    assertEquals(List.of("p bed-1 heartrate - 8867-4 Heart rate 2026-11-21T10:00:07Z 72 /min -",
        "p bed-1 heartrate - 8867-4 Heart rate 2026-11-21T10:00:09Z 74.5 /min -",
        "p bed-1 spo2 - 59408-5 Oxygen saturation in Arterial blood by Pulse oximetry 2026-11-21T10:00:07Z 98 % -",
        "p bed-1 respiration - 9279-1 Respiratory rate 2026-11-21T10:00:07Z 16 /min -",
        "p bed-1 temperature - 8310-5 Body temperature 2026-11-21T10:00:07Z 37.4 °C -",
        "p bed-1 sys bloodpressure 8480-6 Systolic blood pressure 2026-11-21T10:00:07Z 121 mmHg -",
        "p bed-1 dia bloodpressure 8462-4 Diastolic blood pressure 2026-11-21T10:00:07Z 79 mmHg -"), rows);
  }

  @Test
  void everySampleHasItsTimeAndAGapHasNoRow() throws Exception {
    assertEquals(List.of("2026-11-21T10:00:00Z 61.5 -", "2026-11-21T10:00:00.008Z - U", "2026-11-21T10:00:00.012Z - L",
        "2026-11-21T10:00:00.016Z -3 -"), rows("""
            "effectivePeriod":{"start":"2026-11-21T11:00:00.0000000+01:00","end":"2026-11-21T10:59:59.9999999Z"},
            "valueSampledData":{"origin":{"value":0},"period":4,"dimensions":1,"data":"61.5  E U L -3 E odd "}"""));
  }

  @Test
  void aSampleSaysOriginPlusFactorTimesNumber() throws Exception {
    assertEquals(
        List.of("2026-11-21T10:00:00Z 36.5 -", "2026-11-21T10:00:00.000333Z 37.1 -",
            "2026-11-21T10:00:00.000666Z 36.4 -"),
        rows(
            """
            "effectiveInstant":"2026-11-21T10:00:00Z",
            "valueSampledData":{"origin":{"value":36.5},"factor":0.1,"period":0.333,"dimensions":1,"data":"0 6 -1"}"""));
  }

  @Test
  void timesDoNotDriftOverAHundredThousandSamples() throws Exception {
    List<String> rows = rows(
        "\"effectiveDateTime\":\"2026-11-21T10:00:00Z\",\"valueSampledData\":{\"period\":3.90625,\"data\":\""
            + "E ".repeat(100_000) + "7\"}");

    assertEquals(List.of("2026-11-21T10:06:30.625Z 7 -"), rows);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e999999999", "1e-999999999", "-1e999999999", "1e20", "-5"})
  void numbersOfABillionDigitsAreNotWrittenOut(String monster) throws Exception {
    String time = "\"effectiveInstant\":\"2026-11-21T10:00:00Z\",\"valueSampledData\":";

    assertEquals(2, rows(time + "{\"period\":" + monster + ",\"data\":\"1 2\"}").size());
    assertEquals(2, rows(time + "{\"origin\":{\"value\":" + monster + "},\"period\":1,\"data\":\"1 2\"}").size());
    assertEquals(2,
        rows(time + "{\"origin\":{\"value\":1},\"factor\":" + monster + ",\"period\":1,\"data\":\"1 2\"}").size());
    assertEquals(2, rows(time + "{\"origin\":{\"value\":1},\"period\":1,\"data\":\"1 " + monster + "\"}").size());
    ObjectNode observation = json("{\"id\":\"o\",\"valueQuantity\":{\"value\":" + monster + "}}");
    assertEquals(1,
        ParquetFiles.write(folder.resolve("monster.parquet"), Samples.STATE, Samples.of(observation)).rows());
  }

  @Test
  void aQuantityIsOneRowAtTheBeginningOfItsTimeAndKeepsItsComparator() throws Exception {
    String quantity = ",\"valueQuantity\":{\"value\":5.50,\"comparator\":\"<\",\"code\":\"mg\"}";

    assertEquals(List.of("2026-11-21T00:00:00Z 5.50 <"), rows("\"effectiveDateTime\":\"2026-11-21\"" + quantity));
    assertEquals(List.of("2026-01-01T00:00:00Z 5.50 <"), rows("\"effectivePeriod\":{\"start\":\"2026\"}" + quantity));
    assertEquals(List.of("2026-02-01T00:00:00Z 5.50 <"), rows("\"effectivePeriod\":{\"end\":\"2026-02\"}" + quantity));
    assertEquals(List.of("- 5.50 <"), rows("\"status\":\"final\"" + quantity));
    assertEquals(List.of("- 3 -"), rows("\"valueInteger\":3"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"valueString\":\"high\"", "\"valueQuantity\":{\"unit\":\"mg\"}", "\"valueQuantity\":5",
    "\"valueQuantity\":{\"value\":\"5\"}", "\"valueSampledData\":{\"period\":1,\"data\":\"E E\"}",
    "\"valueSampledData\":[]",
    "\"valueSampledData\":{\"period\":1,\"dimensions\":2,\"data\":\"1 2\"}",
    "\"status\":\"entered-in-error\",\"valueInteger\":3",
    "\"status\":\"cancelled\",\"valueInteger\":3", "\"lake_deleted\":true,\"valueInteger\":3", "\"component\":5"})
  void anObservationWithoutSamplesIsOneDeletedRow(String field) throws Exception {
    List<ObjectNode> rows = list(Samples.of(json("{\"id\":\"o\",\"lake_version\":3,\"lake_sid\":9," + field + "}")));

    assertEquals(1, rows.size());
    assertNull(
        Same.difference(json("{\"observation\":\"o\",\"lake_version\":3,\"lake_sid\":9,\"lake_deleted\":true}"),
            rows.get(0)));
  }

  @Test
  void everyRowHasTheNumbersOfItsObservation() throws Exception {
    List<ObjectNode> rows = list(Samples.of(json("""
        {"id":"o","lake_version":3,"lake_sid":9,"lake_position":12,"lake_deleted":false,"valueSampledData":{"data":"1 2"},
         "component":[{"valueInteger":3},{"valueString":"x"}]}""")));

    assertEquals(3, rows.size());
    for (ObjectNode row : rows) {
      assertEquals("o 3 9 12 false",
          text(row, "observation", "lake_version", "lake_sid", "lake_position", "lake_deleted"));
    }
  }

  @Test
  void whoItIsAboutIsAnIdOrTheReferenceOfAnotherServer() throws Exception {
    assertEquals("p - e",
        who("\"subject\":{\"reference\":\"Patient/p/_history/3\"},\"encounter\":{\"reference\":\"Encounter/e\"}"));
    assertEquals("https://x/fhir/Patient/p - -", who("\"subject\":{\"reference\":\"https://x/fhir/Patient/p\"}"));
    assertEquals("- DeviceMetric/m -",
        who("\"subject\":{\"reference\":\"Group/g\"},\"device\":{\"reference\":\"DeviceMetric/m\"}"));
  }

  @Test
  void aTypeIsTheTextOrTheDisplayOrTheCode() throws Exception {
    assertEquals("a 8867-4 http://loinc.org b", coded(
        "{\"text\":\"a\",\"coding\":[{\"code\":\"1\"},{\"system\":\"http://loinc.org\",\"code\":\"8867-4\",\"display\":\"b\"}]}"));
    assertEquals("b 1 - b", coded("{\"coding\":[{\"code\":\"1\",\"display\":\"b\"}]}"));
    assertEquals("2 2 - -", coded("{\"coding\":[{\"display\":\"no code\"},{\"code\":\"2\"}]}"));
    assertEquals("- - - -", coded("5"));
  }

  /** Rows of so many take over a gigabyte, which these tests do not have. */
  @Test
  void twoMillionSamplesAreNotInMemoryAtOnce() throws Exception {
    ObjectNode observation = json(
        "{\"id\":\"o\",\"valueSampledData\":{\"period\":1,\"data\":\"" + "7 ".repeat(2_000_000) + "\"}}");
    long count = 0;
    for (ObjectNode row : Samples.of(observation)) count += row.path("value").intValue();

    assertEquals(14_000_000, count);
  }

  /** It would stand in each of a million rows. */
  @Test
  void aLongLabelIsCutBetweenCharacters() throws Exception {
    String label = "a" + "😀".repeat(1_000);
    ObjectNode row = Samples
        .of(json("{\"id\":\"o\",\"code\":{\"text\":\"" + label + "\"},\"subject\":{\"reference\":\"Patient/" + label
            + "\"},\"valueQuantity\":{\"value\":1,\"unit\":\"" + label + "\"}}"))
        .iterator()
        .next();

    for (String field : List.of("type", "patient", "unit")) {
      assertEquals("a" + "😀".repeat(127), row.path(field).asText(), field);
    }
  }

  @Test
  void rowsComeBackFromAFile() throws Exception {
    Path file = folder.resolve("vitals.parquet");
    List<ObjectNode> rows = list(Samples.of(json("""
        {"id":"o","lake_version":3,"lake_sid":9000000000,"lake_position":9000000001,"lake_deleted":false,
         "lake_at":1795255200000000,"effectiveDateTime":"2026-11-21T10:00:00Z","subject":{"reference":"Patient/p"},
         "code":{"text":"hr"},"valueSampledData":{"origin":{"unit":"/min"},"period":1000,"data":"1.5 U"}}""")));

    ParquetFiles.Written written = ParquetFiles.write(file, Samples.LOG, rows);

    List<ObjectNode> back = new ArrayList<>();
    ParquetFiles.read(file, Samples.LOG, back::add);
    assertEquals(2, back.size());
    for (int i = 0; i < 2; i++) assertNull(Same.difference(rows.get(i), back.get(i)));
    assertEquals("2026-11-21T10:00:01.000Z", written.greatest().get("time").asText());
    assertEquals("p", written.least().get("patient").asText());
  }

  private static List<ObjectNode> observations(String messages) throws Exception {
    DeviceMapping device = DeviceMapping.vitals();
    FhirMapping fhir = FhirMapping.vitals();
    Map<GroupKey, ObservationFold> folds = new LinkedHashMap<>();
    for (String message : messages.split("\n")) {
      Outcome outcome = device.normalise(message.getBytes(StandardCharsets.UTF_8), Map.of(),
          Instant.parse("2026-11-21T10:01:00Z"));
      for (Measurement measurement : assertInstanceOf(Outcome.Measured.class, outcome).measurements()) {
        GroupKey key = fhir.key(measurement, new Identity(measurement.device(), measurement.patient(), null));
        folds.computeIfAbsent(key, opened -> fhir.open(key, null)).add(measurement);
      }
    }
    List<ObjectNode> observations = new ArrayList<>();
    for (ObservationFold fold : folds.values()) observations.add(Json.object(fold.json()));
    return observations;
  }

  private static List<String> rows(String fields) throws Exception {
    List<String> rows = new ArrayList<>();
    for (ObjectNode row : Samples.of(json("{\"id\":\"o\"," + fields + "}")))
      rows.add(text(row, "time", "value", "flag"));
    return rows;
  }

  private static String who(String fields) throws Exception {
    return text(Samples.of(json("{\"id\":\"o\",\"valueInteger\":1," + fields + "}")).iterator().next(), "patient",
        "device",
        "encounter");
  }

  private static String coded(String concept) throws Exception {
    return text(Samples.of(json("{\"id\":\"o\",\"valueInteger\":1,\"code\":" + concept + "}")).iterator().next(),
        "type",
        "code", "system", "display");
  }

  private static String text(ObjectNode row, String... fields) {
    List<String> texts = new ArrayList<>();
    for (String field : fields) {
      JsonNode value = row.path(field);
      boolean instant = field.equals("time") && value.isNumber();
      texts.add(instant
          ? Instant.EPOCH.plus(value.longValue(), ChronoUnit.MICROS).toString()
          : value.isMissingNode() ? "-" : value.asText());
    }
    return String.join(" ", texts);
  }

  private static List<ObjectNode> list(Iterable<ObjectNode> rows) {
    List<ObjectNode> list = new ArrayList<>();
    rows.forEach(list::add);
    return list;
  }

  private static ObjectNode json(String text) throws Exception {
    return Json.object(text.getBytes(StandardCharsets.UTF_8));
  }
}
