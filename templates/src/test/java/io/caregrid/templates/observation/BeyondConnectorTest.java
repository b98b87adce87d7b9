package io.caregrid.templates.observation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a FHIR mapping can say here and could not in the connector. A file that does not say it gets what it always got. */
class BeyondConnectorTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Identity WHO = new Identity("d", "p", null);

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"Integer|72|{\"valueInteger\":72}", "Integer|72.0|{\"valueInteger\":72}",
    "Boolean|True|{\"valueBoolean\":true}",
    "Boolean|0|{\"valueBoolean\":false}",
    "Ratio|1:128|{\"valueRatio\":{\"numerator\":{\"value\":1},\"denominator\":{\"value\":128}}}",
    "Range|3.5..5|{\"valueRange\":{\"low\":{\"value\":3.5},\"high\":{\"value\":5}}}",
    "Range|..-5|{\"valueRange\":{\"high\":{\"value\":-5}}}"})
  void moreTypesOfValues(String type, String text, String expected) throws Exception {
    JsonNode made = fold("\"value\":{\"valueType\":\"" + type + "\",\"valueName\":\"v\"}", null,
        event("2026-11-22T10:00:00Z", text));

    JSON.readTree(expected).properties().forEach(wanted -> assertEquals(wanted.getValue(), made.get(wanted.getKey())));
  }

  @ParameterizedTest
  @CsvSource({"Integer,1.5", "Integer,3000000000", "Boolean,maybe", "Ratio,1", "Ratio,1:", "Range,..", "Range,a..b",
    "Range,5..3.5"})
  void whatIsNoneIsRefused(String type, String text) {
    assertThrows(UnusableEvent.class,
        () -> fold("\"value\":{\"valueType\":\"" + type + "\",\"valueName\":\"v\"}", null,
            event("2026-11-22T10:00:00Z", text)));
  }

  @Test
  void aTextIsAsLongAsFhirAllowsAndOneThatIsLongerOrHoldsControlCharactersIsRefused() throws Exception {
    String value = "\"value\":{\"valueType\":\"String\",\"valueName\":\"v\"}";
    String longest = "x".repeat(1 << 20);

    assertEquals(longest, fold(value, null, event("2026-11-22T10:00:00Z", longest)).path("valueString").asText());
    for (String none : List.of(longest + "x", "a\u0001b"))
      assertEquals("not-text", assertThrows(UnusableEvent.class,
          () -> fold(value, null, event("2026-11-22T10:00:00Z", none))).reason);
  }

  @Test
  void aPointInTimeIsWrittenAsOneAndGoneOnWith() throws Exception {
    String value = ",\"value\":{\"valueType\":\"Quantity\",\"valueName\":\"v\"}";
    JsonNode dateTime = fold("\"effective\":\"dateTime\"" + value, null, event("2026-11-22T10:00:00.25Z", "1"));
    JsonNode instant = fold("\"effective\":\"Instant\"" + value, null, event("2026-11-22T10:00:00Z", "1"));
    JsonNode again = fold("\"effective\":\"Instant\"" + value, instant, event("2026-11-22T10:00:00Z", "2"));

    assertEquals("2026-11-22T10:00:00.25Z", dateTime.path("effectiveDateTime").asText());
    assertEquals("2026-11-22T10:00:00.000Z", instant.path("effectiveInstant").asText());
    assertFalse(instant.has("effectivePeriod"));
    JsonNode fine = fold("\"effective\":\"Instant\"" + value, null, event("2026-11-22T10:00:00.1234567Z", "1"));
    assertEquals("2026-11-22T10:00:00.1234567Z", fine.path("effectiveInstant").asText());
    assertFalse(fine.has("effectiveDateTime"));
    assertEquals("2026-11-22T10:00:00.000Z", again.path("effectiveInstant").asText());
    assertEquals(2, again.at("/valueQuantity/value").asInt());
    assertFalse(again.has("effectivePeriod"));
  }

  @Test
  void periodsOfMinutesBeginWithTheDay() throws Exception {
    JsonNode made = fold(
        "\"periodInterval\":15,\"value\":{\"valueType\":\"SampledData\",\"valueName\":\"v\",\"defaultPeriod\":60000}",
        null,
        event("2026-11-22T10:17:30Z", "7"));

    assertEquals("2026-11-22T10:15:00.0000000Z", made.at("/effectivePeriod/start").asText());
    assertEquals("2026-11-22T10:29:59.9999999Z", made.at("/effectivePeriod/end").asText());
    assertEquals("p.d.t.20261122101500Z.20261122102959Z", made.at("/identifier/0/value").asText());
    assertEquals("E E 7 E E E E E E E E E E E E", made.at("/valueSampledData/data").asText());
  }

  @Test
  void trimmedSamplesEndWithTheLastOne() throws Exception {
    String template = "\"periodInterval\":60,\"value\":{\"valueType\":\"SampledData\",\"valueName\":\"v\",\"defaultPeriod\":60000,\"trimmed\":true}";
    JsonNode made = fold(template, null, event("2026-11-22T10:02:30Z", "7"));
    JsonNode more = fold(template, made, event("2026-11-22T10:04:00Z", "8"));
    JsonNode late = fold(template, more, event("2026-11-22T10:00:00Z", "6"));

    assertEquals("E E 7", made.at("/valueSampledData/data").asText());
    assertEquals("6 E 7 E 8", late.at("/valueSampledData/data").asText());
    assertEquals(fold(template.replace(",\"trimmed\":true", ""), late, event("2026-11-22T10:01:00Z", "9"))
        .at("/valueSampledData/data")
        .asText()
        .split(" ").length, 60);
  }

  @Test
  void performersAreTheTemplates() throws Exception {
    assertEquals("Organization/icu",
        fold("\"performer\":[\"Organization/icu\"]", null, event("2026-11-22T10:00:00Z", "1"))
            .at("/performer/0/reference")
            .asText());
  }

  @Test
  void extensionsTakeWhatTheMessageSays() throws Exception {
    String template = "\"extensions\":[{\"url\":\"http://h/ward\",\"valueCode\":\"icu\"},{\"url\":\"http://h/raw\",\"valueBoolean\":true},"
        + "{\"url\":\"http://h/v\",\"value\":{\"valueType\":\"Quantity\",\"valueName\":\"v\",\"unit\":\"mV\"}},"
        + "{\"url\":\"http://h/none\",\"value\":{\"valueType\":\"String\",\"valueName\":\"none\"}}]";
    JsonNode first = fold(template, null, event("2026-11-22T10:00:00Z", "1.50"));
    JsonNode second = fold(template, first, event("2026-11-22T10:00:00Z", "2"));

    assertEquals(JSON.readTree(
        "[{\"url\":\"http://h/ward\",\"valueCode\":\"icu\"},{\"url\":\"http://h/raw\",\"valueBoolean\":true},"
            + "{\"url\":\"http://h/v\",\"valueQuantity\":{\"value\":1.5,\"unit\":\"mV\"}}]"),
        first.path("extension"));
    assertEquals(2, second.at("/extension/2/valueQuantity/value").asInt());
    assertEquals(3, second.path("extension").size());
    assertEquals("amended", second.path("status").asText());
  }

  @Test
  void anExtensionThatSomebodyElseWroteStays() throws Exception {
    String template = "\"extensions\":[{\"url\":\"http://h/v\",\"value\":{\"valueType\":\"Integer\",\"valueName\":\"v\"}}]";
    ObjectNode stored = (ObjectNode) fold("\"codes\":[]", null, event("2026-11-22T10:00:00Z", "1"));
    stored.putArray("extension").addObject().put("url", "http://other/x").put("valueString", "kept");

    JsonNode made = fold(template, stored, event("2026-11-22T10:00:00Z", "7"));

    assertEquals("kept", made.at("/extension/0/valueString").asText());
    assertEquals(7, made.at("/extension/1/valueInteger").asInt());
    ObjectNode wrong = (ObjectNode) made;
    ((ObjectNode) wrong.at("/extension/1")).put("valueString", "x").remove("valueInteger");
    assertThrows(UnusableEvent.class, () -> fold(template, wrong, event("2026-11-22T10:00:00Z", "8")));
  }

  @Test
  void profilesStandInMetaAndNothingElseDoes() throws Exception {
    String template = "\"profile\":[\"http://hl7.org/fhir/StructureDefinition/heartrate\",\"http://h/p|1.0\"]";
    JsonNode first = fold(template, null, event("2026-11-22T10:00:00Z", "1"));
    ((ObjectNode) first).putObject("meta").put("versionId", "3").putArray("profile").add("http://old");
    JsonNode second = fold(template, first, event("2026-11-22T10:00:00Z", "2"));

    assertEquals(
        JSON.readTree("{\"profile\":[\"http://hl7.org/fhir/StructureDefinition/heartrate\",\"http://h/p|1.0\"]}"),
        second.path("meta"));
    assertFalse(fold("\"codes\":[]", first, event("2026-11-22T10:00:00Z", "2")).has("meta"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"profile\":[\"heartrate\"]", "\"profile\":[5]", "\"profile\":\"http://h/p\"",
    "\"extensions\":[{\"valueString\":\"x\"}]", "\"extensions\":[{\"url\":\"x\",\"valueString\":\"x\"}]",
    "\"extensions\":[{\"url\":\"http://h/x\"}]", "\"extensions\":[{\"url\":\"http://h/x\",\"valueDecimal\":1}]",
    "\"extensions\":[{\"url\":\"http://h/x\",\"valueInteger\":1.5}]",
    "\"extensions\":[{\"url\":\"http://h/x\",\"valueString\":\"x\",\"valueCode\":\"x\"}]",
    "\"extensions\":[{\"url\":\"http://h/x\",\"valueCode\":\"a\"},{\"url\":\"http://h/x\",\"valueCode\":\"b\"}]",
    "\"extensions\":[{\"url\":\"http://h/x\",\"value\":{\"valueType\":\"SampledData\",\"valueName\":\"v\",\"defaultPeriod\":1}}]"})
  void aWrongExtensionOrProfileIsSaidWhenLoaded(String members) {
    assertThrows(MappingException.class, () -> mapping(members));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"effective\":\"Timing\"", "\"effective\":\"Instant\",\"periodInterval\":60",
    "\"performer\":[\"Device/x\"]",
    "\"periodInterval\":7", "\"periodInterval\":-5", "\"periodInterval\":2880"})
  void whatIsWrongIsSaidWhenLoaded(String members) {
    assertThrows(MappingException.class, () -> mapping(members));
  }

  private static JsonNode fold(String members, JsonNode stored, Measurement event) throws Exception {
    FhirMapping mapping = mapping(members);
    ObservationFold fold = mapping.open(mapping.key(event, WHO),
        stored == null ? null : JSON.writeValueAsBytes(stored));
    fold.add(event);
    return JSON.readTree(fold.json());
  }

  private static FhirMapping mapping(String members) {
    return FhirMapping.parse(
        "{\"templateType\":\"CollectionFhir\",\"template\":[{\"templateType\":\"CodeValueFhir\",\"template\":{\"typeName\":\"t\","
            + (members.contains("\"codes\":[]") ? members : "\"codes\":[]," + members) + "}}]}");
  }

  private static Measurement event(String time, String value) {
    return new Measurement("t", Instant.parse(time), Instant.parse(time), "d", null, null, null,
        List.of(new Property("v", value)));
  }
}
