package io.caregrid.templates.observation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ObservationFoldTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant HOUR = Instant.parse("2026-11-20T10:00:00Z");
  private static final Identity WHO = new Identity("dev1", "pat1", null);
  private final FhirMapping vitals = FhirMapping.vitals();

  @Test
  void shippedMappingLoadsWithoutWarnings() {
    assertEquals(List.of(), vitals.warnings());
    assertEquals(List.of("heartrate", "spo2", "respiration", "temperature", "bloodpressure"), vitals.types());
  }

  @Test
  void firstEventMakesAFinalHourOfGapsAndOneSample() throws Exception {
    JsonNode made = read(fold("heartrate", null, heart(3, "72")).json());

    assertEquals("final", made.path("status").asText());
    assertEquals("2026-11-20T10:00:03.500Z", made.path("issued").asText());
    assertEquals("2026-11-20T10:00:00.0000000Z", made.at("/effectivePeriod/start").asText());
    assertEquals("2026-11-20T10:59:59.9999999Z", made.at("/effectivePeriod/end").asText());
    assertEquals("Patient/pat1", made.at("/subject/reference").asText());
    assertEquals("Device/dev1", made.at("/device/reference").asText());
    assertEquals("pat1.dev1.heartrate.20261120100000Z.20261120105959Z", made.at("/identifier/0/value").asText());
    String[] tokens = made.at("/valueSampledData/data").asText().split(" ");
    assertEquals(3600, tokens.length);
    assertEquals("72", tokens[3]);
    assertEquals("E", tokens[4]);
  }

  @Test
  void secondEventThatChangesSomethingAmends() throws Exception {
    ObservationFold fold = fold("heartrate", null, heart(3, "72"));
    byte[] first = fold.json();
    fold.add(heart(3, "72"));
    assertArrayEquals(first, fold.json());

    fold.add(heart(3, "73"));

    assertEquals("amended", read(fold.json()).path("status").asText());
  }

  @Test
  void theSameEventAgainChangesNothing() throws Exception {
    byte[] first = fold("heartrate", null, heart(3, "72")).json();

    ObservationFold again = fold("heartrate", first, heart(3, "72"));

    assertFalse(again.changed());
    assertArrayEquals(first, again.json());
  }

  @Test
  void anEventThatIsNoNumberLeavesTheFoldAsItWas() throws Exception {
    ObservationFold fold = fold("bloodpressure", null, event("bloodpressure", HOUR, "sys", "120", "dia", "80"));
    byte[] before = fold.json();

    UnusableEvent refused = assertThrows(UnusableEvent.class,
        () -> fold.add(event("bloodpressure", HOUR, "sys", "121", "dia", "eighty")));

    assertEquals("not-a-number", refused.reason);
    assertArrayEquals(before, fold.json());
    assertFalse(refused.getMessage().contains("eighty"), "no patient data in a message");
  }

  @Test
  void whatAPersonAddedStaysWhereItIs() throws Exception {
    byte[] made = fold("temperature", null, event("temperature", HOUR, "temp", "36.8")).json();
    String text = new String(made, StandardCharsets.UTF_8);
    String edited = text.replace("\"status\":", "\"meta\":{\"versionId\":\"3\"},\"x\":1.10,\"status\":")
        .replace("\"issued\":", "\"note\":[{\"text\":\"probe slipped\"}],\"issued\":");

    ObservationFold fold = fold("temperature", edited.getBytes(StandardCharsets.UTF_8),
        event("temperature", HOUR, "temp", "37.1"));

    assertTrue(fold.changed());
    assertEquals(text.replace("\"status\":\"final\"", "\"x\":1.10,\"status\":\"amended\"")
        .replace("\"issued\":", "\"note\":[{\"text\":\"probe slipped\"}],\"issued\":")
        .replace("36.8", "37.1"),
        new String(fold.json(), StandardCharsets.UTF_8));
  }

  @Test
  void anObservationWithoutValueCanGetOneLater() throws Exception {
    FhirMapping mapping = mapping("""
        {"typeName":"t","codes":[],"periodInterval":60,"value":{"valueType":"String","valueName":"s"}}""");
    Measurement nothing = event("t", HOUR);
    ObservationFold shell = mapping.open(mapping.key(nothing, WHO), null);
    shell.add(nothing);
    assertFalse(read(shell.json()).has("valueString"));
    String absent = new String(shell.json(), StandardCharsets.UTF_8).replace("\"issued\":",
        "\"dataAbsentReason\":{\"text\":\"off\"},\"issued\":");

    ObservationFold later = mapping.open(mapping.key(nothing, WHO), absent.getBytes(StandardCharsets.UTF_8));
    later.add(event("t", HOUR, "s", "awake"));

    assertEquals("awake", read(later.json()).path("valueString").asText());
    assertFalse(read(later.json()).has("dataAbsentReason"), "FHIR R4 obs-6");
  }

  @Test
  void storedPeriodOriginAndFactorCount() throws Exception {
    String stored = """
        {"resourceType":"Observation","id":"x","status":"final",
         "effectivePeriod":{"start":"2026-11-20T10:00:00Z","end":"2026-11-20T10:59:59.9999999Z"},
         "valueSampledData":{"origin":{"value":10},"period":600000,"factor":0.5,"dimensions":1,"data":"E E 3 U"}}""";
    ObservationFold fold = vitals.open(vitals.key(heart(0, "1"), WHO), stored.getBytes(StandardCharsets.UTF_8));

    fold.add(heart(600, "72"));

    assertEquals("E 124 3 U E E", read(fold.json()).at("/valueSampledData/data").asText());
    assertEquals("0.5", read(fold.json()).at("/valueSampledData/factor").asText());
  }

  @Test
  void singleValuesOfOneSecondDoNotOverwriteEachOther() throws Exception {
    Measurement first = event("temperature", HOUR.plusMillis(250), "temp", "36.8");
    Measurement second = event("temperature", HOUR.plusMillis(750), "temp", "36.9");

    assertEquals("pat1.dev1.temperature.20261120100000.2500000Z.20261120100000.2500000Z",
        vitals.key(first, WHO).identifier());
    assertFalse(vitals.key(first, WHO).observationId().equals(vitals.key(second, WHO).observationId()));
    assertEquals("pat1.dev1.temperature.20261120100000Z.20261120100000Z",
        vitals.key(event("temperature", HOUR, "temp", "1"), WHO).identifier());
  }

  @Test
  void idsAreTheConnectors() {
    GroupKey key = new GroupKey(new Identity("deviceId", "patientId", null), "heartrate",
        Instant.parse("2019-01-01T00:00:00Z"),
        Instant.parse("2019-01-01T00:59:59.9999999Z"), null);

    assertEquals("patientId.deviceId.heartrate.20190101000000Z.20190101005959Z", key.identifier());
    assertEquals("127aeff043da8c8e1f6d6f37bce384eb01aee4664f10f8ee565a2e7196bf889f", key.observationId());
  }

  @Test
  void quantitiesTakeExponentsAndThousandsButNoDecimalComma() throws Exception {
    assertEquals(0, new java.math.BigDecimal("0.00001").compareTo(quantity("1E-05")));
    assertEquals(0, new java.math.BigDecimal("1234.5").compareTo(quantity("1,234.5")));
    assertEquals("22.40", quantity("22.40").toString());
    for (String text : List.of("36,8", "NaN", "", "high")) {
      assertEquals("not-a-number", assertThrows(UnusableEvent.class, () -> quantity(text)).reason);
    }
  }

  @Test
  void samplesThatAreNoDecimalAreRefused() {
    for (String text : List.of("abc", "1 2", "E", "", "NaN")) {
      UnusableEvent refused = assertThrows(UnusableEvent.class, () -> fold("heartrate", null, heart(0, text)));
      assertEquals("not-a-number", refused.reason);
    }
  }

  @Test
  void anEventOfATypeWithoutTemplateIsUnusable() {
    assertEquals("no-fhir-template",
        assertThrows(UnusableEvent.class, () -> vitals.key(event("pain", HOUR), WHO)).reason);
  }

  @Test
  void aWithdrawnObservationStaysWithdrawn() throws Exception {
    String stored = new String(fold("heartrate", null, heart(0, "72")).json(), StandardCharsets.UTF_8)
        .replace("\"final\"", "\"entered-in-error\"");

    JsonNode after = read(fold("heartrate", stored.getBytes(StandardCharsets.UTF_8), heart(1, "73")).json());

    assertEquals("entered-in-error", after.path("status").asText());
    assertTrue(after.at("/valueSampledData/data").asText().startsWith("72 73 E"));
  }

  @Test
  void anUnreadableEffectiveTimeRefusesEveryEventAndKeepsTheResource() throws Exception {
    String stored = "{\"resourceType\":\"Observation\",\"effectiveTiming\":{}}";
    ObservationFold fold = vitals.open(vitals.key(heart(0, "1"), WHO), stored.getBytes(StandardCharsets.UTF_8));

    assertEquals("wrong-existing-effective", assertThrows(UnusableEvent.class, () -> fold.add(heart(0, "72"))).reason);
    assertFalse(fold.changed());
    assertEquals(stored, new String(fold.json(), StandardCharsets.UTF_8));
  }

  @Test
  void aDateTimeBecomesAPeriod() throws Exception {
    String stored = "{\"resourceType\":\"Observation\",\"status\":\"final\",\"effectiveDateTime\":\"2026-11-20T09:30:00Z\"}";

    JsonNode after = read(fold("heartrate", stored.getBytes(StandardCharsets.UTF_8), heart(0, "72")).json());

    assertFalse(after.has("effectiveDateTime"));
    assertEquals("2026-11-20T09:30:00.0000000Z", after.at("/effectivePeriod/start").asText());
    assertEquals("2026-11-20T10:59:59.9999999Z", after.at("/effectivePeriod/end").asText());
    assertEquals("72", after.at("/valueSampledData/data").asText().split(" ")[1800]);
  }

  @Test
  void aSessionThatWouldGetMillionsOfGapsIsRefused() throws Exception {
    FhirMapping mapping = mapping(
        """
        {"typeName":"t","codes":[],"periodInterval":-1,"value":{"valueType":"SampledData","valueName":"v","defaultPeriod":10}}""");
    Measurement now = new Measurement("t", HOUR, HOUR, "m", null, null, "s", List.of(new Property("v", "1")));
    Measurement longAgo = new Measurement("t", Instant.EPOCH, HOUR, "m", null, null, "s", List.of());
    ObservationFold fold = mapping.open(mapping.key(now, WHO), null);
    fold.add(now);
    byte[] before = fold.json();

    assertEquals("too-many-samples", assertThrows(UnusableEvent.class, () -> fold.add(longAgo)).reason);
    assertArrayEquals(before, fold.json());
  }

  private java.math.BigDecimal quantity(String text) throws Exception {
    byte[] json = fold("temperature", null, event("temperature", HOUR, "temp", text)).json();
    return new java.math.BigDecimal(
        new String(json, StandardCharsets.UTF_8).replaceFirst("(?s).*\"valueQuantity\":\\{\"value\":([^,]*),.*", "$1"));
  }

  private static FhirMapping mapping(String template) {
    return FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":%s}]}"""
        .formatted(template));
  }

  private ObservationFold fold(String type, byte[] existing, Measurement first) throws UnusableEvent {
    ObservationFold fold = vitals.open(vitals.key(first, WHO), existing);
    fold.add(first);
    return fold;
  }

  private static Measurement heart(int second, String value) {
    return event("heartrate", HOUR.plusSeconds(second), "hr", value);
  }

  private static Measurement event(String type, Instant at, String... properties) {
    List<Property> list = new ArrayList<>();
    for (int i = 0; i < properties.length; i += 2) list.add(new Property(properties[i], properties[i + 1]));
    return new Measurement(type, at, at.plusMillis(500), "monitor-07", "MRN", null, null, list);
  }

  private static JsonNode read(byte[] json) throws IOException {
    return JSON.readTree(json);
  }
}
