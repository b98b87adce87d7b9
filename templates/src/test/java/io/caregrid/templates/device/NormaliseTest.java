package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.Measurement.Property;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes out of one payload, good or bad. */
class NormaliseTest {
  private static final Instant NOW = Instant.parse("2026-11-20T10:00:01Z");
  private static final DeviceMapping MAPPING = mapping(
      """
      {"typeName":"t","typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$.d","timestampExpression":"$.at",
       "patientIdExpression":"$.p","encounterIdExpression":"$.e",
       "values":[{"valueName":"v","valueExpression":"$.v","required":true},{"valueName":"w","valueExpression":"$.w"}]}""");

  @ParameterizedTest
  @ValueSource(strings = {"{", "{\"v\":}", "{}{}", "{\"a\":1} x", "nul", "{'v':1}", "[1,]", "\u0000"})
  void whatIsNoJsonIsMalformed(String payload) {
    assertEquals("malformed-json", failed(normalise(payload)).reason());
  }

  @Test
  void whatIsNoUtf8IsMalformed() {
    byte[] payload = "{\"v\":\"x\"}".getBytes(StandardCharsets.UTF_8);
    payload[6] = (byte) 0xFF;

    Outcome.Failed failed = failed(MAPPING.normalise(payload, Map.of(), NOW));

    assertEquals("malformed-json", failed.reason());
    assertTrue(failed.detail().contains("line 1, column"), failed.detail());
  }

  @Test
  void absurdNestingIsMalformedToo() {
    assertEquals("malformed-json", failed(normalise("[".repeat(100_000))).reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "5", "\"text\"", "[]", "{}", "{\"other\":1}"})
  void whatNoTemplateWantsIsUnmatched(String payload) {
    assertInstanceOf(Outcome.Unmatched.class, normalise(payload));
  }

  @Test
  void aRecordWithoutValueIsUnmatched() {
    assertInstanceOf(Outcome.Unmatched.class, MAPPING.normalise(null, Map.of(), NOW));
  }

  @ParameterizedTest
  @CsvSource(quoteCharacter = '\'', delimiter = ';', value = {
    "{\"v\":1,\"at\":\"2026-11-20T10:00:00Z\"}; missing-value; [DeviceIdExpression]",
    "{\"v\":1,\"d\":\" \",\"at\":\"2026-11-20T10:00:00Z\"}; missing-value; [DeviceIdExpression]",
    "{\"v\":1,\"d\":null,\"at\":\"2026-11-20T10:00:00Z\"}; missing-value; [DeviceIdExpression]",
    "{\"v\":1,\"d\":{},\"at\":\"2026-11-20T10:00:00Z\"}; wrong-type; [DeviceIdExpression]",
    "{\"v\":null,\"d\":\"x\",\"at\":\"2026-11-20T10:00:00Z\"}; missing-value; [v]",
    "{\"v\":[1],\"d\":\"x\",\"at\":\"2026-11-20T10:00:00Z\"}; wrong-type; [v]",
    "{\"v\":1,\"d\":\"x\"}; missing-value; [TimestampExpression]",
    "{\"v\":1,\"d\":\"x\",\"at\":\"yesterday\"}; bad-timestamp; [TimestampExpression]",
    "{\"v\":1,\"d\":\"x\",\"at\":1700000000}; bad-timestamp; [TimestampExpression]",
    "{\"v\":1,\"d\":\"\\ud800\",\"at\":\"2026-11-20T10:00:00Z\"}; ill-formed-text; [DeviceIdExpression]",
    "{\"v\":1,\"d\":\"a\\u0000b\",\"at\":\"2026-11-20T10:00:00Z\"}; ill-formed-text; [DeviceIdExpression]"})
  void whatCannotBeReadIsFailedWithTheExpressionButNotTheValue(String payload, String reason, String name) {
    Outcome.Failed failed = failed(normalise(payload));

    assertEquals(reason, failed.reason());
    assertTrue(failed.detail().startsWith("Unable to extract required value for " + name + " using $."),
        failed.detail());
    assertTrue(failed.detail().contains("line "), failed.detail());
    assertFalse(failed.detail().contains("yesterday"));
    assertEquals(List.of(), failed.measurements());
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '\'', value = {"70; 70", "70.0; 70",
    "98.43639286275842; 98.43639286275842", "1e21; 1E+21",
    "true; True", "false; False", "12345678901234567890123; 12345678901234567890123", "\"\"; NONE", "\"x\"; x",
    "-0.5; -0.5",
    "\"2019-02-01T22:46:01Z\"; 2019-02-01T22:46:01Z"})
  void valuesBecomeText(String json, String text) {
    Outcome outcome = normalise("{\"v\":" + json + ",\"d\":\"x\",\"at\":\"2026-11-20T10:00:00\"}");

    if (text.equals("NONE")) {
      assertEquals("missing-value", failed(outcome).reason());
    } else {
      assertEquals(List.of(new Property("v", text)), measured(outcome).get(0).properties());
    }
  }

  @Test
  void optionalValuesComeEmptyOrNotAtAll() {
    assertEquals(List.of(new Property("v", "1"), new Property("w", "")), properties(",\"w\":\"\""));
    assertEquals(List.of(new Property("v", "1")), properties(",\"w\":null"));
    assertEquals(List.of(new Property("v", "1")), properties(",\"w\":{}"));
    assertEquals(List.of(new Property("v", "1")), properties(",\"p\":[1]"));
  }

  @Test
  void aTimeWithoutOffsetIsUtcAndOneWithIsConverted() {
    Measurement plain = measured(normalise("{\"v\":1,\"d\":\"x\",\"at\":\"2026-11-20T10:00:00.1234567\"}")).get(0);
    Measurement offset = measured(normalise("{\"v\":1,\"d\":\"x\",\"at\":\"2026-11-20T10:00:00+01:00\"}")).get(0);

    assertEquals(Instant.parse("2026-11-20T10:00:00.1234567Z"), plain.occurredAt());
    assertEquals(Instant.parse("2026-11-20T09:00:00Z"), offset.occurredAt());
  }

  @Test
  void oneBadMatchDoesNotCostTheOthers() {
    Outcome.Failed failed = failed(normalise(
        """
        [{"v":1,"d":"a","at":"2026-11-20T10:00:00Z"},{"v":2,"at":"x"},{"v":3,"d":"b","at":"2026-11-20T10:00:00Z"},{"v":4}]"""));

    assertEquals(List.of("a", "b"), failed.measurements().stream().map(Measurement::device).toList());
    assertTrue(failed.detail().endsWith("(and 1 more)"), failed.detail());
  }

  @Test
  void anIdentifierOfAMegabyteIsNone() {
    DeviceMapping mapping = mapping("""
        {"typeName":"t","typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$.d","timestampExpression":"$.at",
         "patientIdExpression":"$.p","encounterIdExpression":"$.e","correlationIdExpression":"$.c"}""");
    String body = "{\"v\":1,\"at\":\"2026-11-20T10:00:00Z\",\"d\":\"d\",\"p\":\"p\",\"e\":\"e\",\"c\":\"c\"}";
    for (String name : List.of("d", "p", "e", "c")) {
      String of = "\"" + name + "\":\"";
      Outcome longest = mapping.normalise(
          body.replace(of + name, of + name.repeat(1_000)).getBytes(StandardCharsets.UTF_8),
          Map.of(), NOW);
      Outcome longer = mapping.normalise(
          body.replace(of + name, of + name.repeat(1 << 20)).getBytes(StandardCharsets.UTF_8),
          Map.of(), NOW);

      assertEquals(1, measured(longest).size());
      assertEquals("invalid-identifier", failed(longer).reason());
      assertTrue(failed(longer).detail().length() < 300, failed(longer).detail());
    }
  }

  @Test
  void whatAnotherProgramWroteIsNoMeasurementEither() {
    byte[] json = MeasurementJson.write(new Measurement("t", NOW, NOW, "somebody", null, null, null, List.of()));
    byte[] longer = new String(json, StandardCharsets.UTF_8).replace("somebody", "s".repeat(1_001))
        .getBytes(StandardCharsets.UTF_8);

    assertTrue(org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class,
        () -> MeasurementJson.read(longer)).getMessage().contains("more than 1000 characters"));
  }

  @Test
  void ofIotHubsTwoTimesBothAreNamedWhenNeitherIsThere() {
    DeviceMapping mapping = DeviceMapping.parse("""
        {"templateType":"CollectionContent","template":[{"templateType":"IotJsonPathContent","template":
          {"typeName":"boot","typeMatchExpression":"$..[?(@Body.v)]"}}]}""");

    Outcome.Failed failed = failed(mapping.normalise("{\"v\":1}".getBytes(StandardCharsets.UTF_8),
        Map.of("iothub-connection-device-id", "d"), NOW));

    assertEquals(
        "Unable to extract required value for [TimestampExpression] using $.Properties.iothub-creation-time-utc,"
            + "$.SystemProperties.iothub-enqueuedtime (template boot of the device mapping): nothing is there.",
        failed.detail());
    Outcome.Failed noTime = failed(mapping.normalise("{\"v\":1}".getBytes(StandardCharsets.UTF_8),
        Map.of("iothub-connection-device-id", "d", "iothub-creation-time-utc", "yesterday"), NOW));
    assertEquals("bad-timestamp", noTime.reason(), "it is there, and is none");
  }

  @Test
  void aLongExpressionLeavesRoomForItsPlace() {
    DeviceMapping mapping = mapping(
        "{\"typeName\":\"t\",\"typeMatchExpression\":\"$..[?(@v)]\",\"timestampExpression\":\"$.at\",\"deviceIdExpression\":\"$"
            + ".a".repeat(1_000) + "\"}");

    String detail = failed(mapping.normalise("{\"v\":1,\"at\":\"2026-11-20\"}".getBytes(StandardCharsets.UTF_8),
        Map.of(), NOW)).detail();

    assertTrue(detail.length() < 700, detail);
    assertTrue(detail.contains("…") && detail.contains("template t"), detail);
  }

  @Test
  void severalTokensWhereOneIsNeededFail() {
    DeviceMapping mapping = mapping(
        """
        {"typeName":"t","typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$..id","timestampExpression":"$.at"}""");
    byte[] payload = "{\"v\":1,\"id\":\"a\",\"x\":{\"id\":\"b\"},\"at\":\"2026-11-20\"}"
        .getBytes(StandardCharsets.UTF_8);

    assertEquals("ambiguous-value", failed(mapping.normalise(payload, Map.of(), NOW)).reason());
  }

  @Test
  void ioTHubFindsDeviceAndTimeInTheHeaders() {
    DeviceMapping mapping = DeviceMapping.parse(
        """
        {"templateType":"CollectionContent","template":[{"templateType":"iotjsonpathcontenttemplate","template":
         {"typeName":"t","typeMatchExpression":"$..[?(@Body.v)]","values":[{"valueName":"v","valueExpression":"$.Body.v"}]}}]}""");
    Map<String, String> headers = Map.of("iothub-connection-device-id", "hub-1", "iothub-enqueuedtime",
        "2026-11-20T10:00:00Z",
        "iothub-creation-time-utc", "not a time");

    Measurement found = measured(mapping.normalise("{\"v\":1}".getBytes(StandardCharsets.UTF_8), headers, NOW)).get(0);

    assertEquals("hub-1", found.device());
    assertEquals(Instant.parse("2026-11-20T10:00:00Z"), found.occurredAt());
  }

  @Test
  void measurementsSurviveTheirJson() {
    long seed = Long.getLong("caregrid.test.seed", 7);
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      Measurement measurement = new Measurement("t\u00e9" + i,
          Instant.ofEpochSecond(random.nextInt(), 100L * random.nextInt(10_000_000)), NOW,
          "d\"\\" + Character.toString(0x1F600 + i % 60), i % 2 == 0 ? null : "p", null, i % 3 == 0 ? "c" : null,
          List.of(new Property("a", "\n" + i), new Property("a", "")));
      assertEquals(measurement, MeasurementJson.read(MeasurementJson.write(measurement)), "seed " + seed);
    }
  }

  @Test
  void measurementJsonIsTheConnectorsOwn() {
    Measurement measurement = new Measurement("heartRate", Instant.parse("2019-02-01T22:46:01.875Z"),
        Instant.parse("2019-02-01T22:46:05Z"),
        "device123", null, null, null, List.of(new Property("hr", "65")));

    assertEquals(
        "{\"Type\":\"heartRate\",\"OccurrenceTimeUtc\":\"2019-02-01T22:46:01.875Z\",\"IngestionTimeUtc\":\"2019-02-01T22:46:05Z\","
            + "\"DeviceId\":\"device123\",\"Properties\":[{\"Name\":\"hr\",\"Value\":\"65\"}]}",
        new String(MeasurementJson.write(measurement), StandardCharsets.UTF_8));
    assertEquals(measurement, MeasurementJson
        .read(("{\"Extra\":{\"x\":[1]},\"Type\":\"heartRate\",\"OccurrenceTimeUtc\":\"2019-02-01T22:46:01.875Z\","
            + "\"IngestionTimeUtc\":\"2019-02-01T22:46:05Z\",\"DeviceId\":\"device123\",\"PatientId\":null,\"EncounterId\":null,"
            + "\"CorrelationId\":null,\"Properties\":[{\"Name\":\"hr\",\"Value\":\"65\"}]}")
            .getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{}", "{\"Type\":5}", "{\"Type\":\"t\",\"OccurrenceTimeUtc\":\"x\"}",
    "{\"Properties\":{}}",
    "{\"Type\":\"t\",\"OccurrenceTimeUtc\":\"2026-11-20T10:00:00Z\",\"IngestionTimeUtc\":\"2026-11-20T10:00:00Z\",\"DeviceId\":\" \"}"})
  void whatIsNoMeasurementSaysWhere(String json) {
    IllegalArgumentException refused = org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class,
        () -> MeasurementJson.read(json.getBytes(StandardCharsets.UTF_8)));

    assertTrue(refused.getMessage().startsWith("no measurement: "), refused.getMessage());
  }

  private static List<Property> properties(String more) {
    return measured(normalise("{\"v\":1,\"d\":\"x\",\"at\":\"2026-11-20T10:00:00Z\"" + more + "}")).get(0).properties();
  }

  private static DeviceMapping mapping(String template) {
    return DeviceMapping.parse("""
        {"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":%s}]}"""
        .formatted(template));
  }

  private static Outcome normalise(String payload) {
    return MAPPING.normalise(payload.getBytes(StandardCharsets.UTF_8), Map.of(), NOW);
  }

  private static Outcome.Failed failed(Outcome outcome) {
    return assertInstanceOf(Outcome.Failed.class, outcome);
  }

  private static List<Measurement> measured(Outcome outcome) {
    return assertInstanceOf(Outcome.Measured.class, outcome).measurements();
  }
}
