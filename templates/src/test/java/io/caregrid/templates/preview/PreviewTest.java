package io.caregrid.templates.preview;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody sees who works on mappings. */
class PreviewTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
  private static final String DEVICE = """
      {"templateType":"CollectionContent","template":[
       {"templateType":"CalculatedContent","template":{
        "typeName":"hr","typeMatchExpression":"$..[?(@hr)]","deviceIdExpression":"$.Body.d","timestampExpression":"$.matchedToken.t",
        "values":[{"valueName":"hr","valueExpression":"$.matchedToken.hr","required":true},
                  {"valueName":"extra","valueExpression":{"value":"divide(`1`, matchedToken.z)","language":"JmesPath"}}]}}]}""";
  private static final String FHIR = """
      {"templateType":"CollectionFhir","template":[
       {"templateType":"CodeValueFhir","template":{"typeName":"HR","codes":[],"periodInterval":60,
        "value":{"valueName":"hr","valueType":"SampledData","defaultPeriod":60000}}},
       {"templateType":"CodeValueFhir","template":{"typeName":"other","codes":[]}}]}""";

  @Test
  void matchesOfOneMessageAreFoldedIntoItsObservations() {
    JsonNode result = asked(
        """
        {"Body":{"d":"dev/1","data":[{"hr":70,"t":"2026-11-22T10:00:00Z","z":1},{"hr":71,"t":"2026-11-22T10:01:00Z","z":2}]}}""")
        .at("/results/0");

    assertEquals(2, result.path("measurements").size());
    assertEquals("2026-11-22T10:00:00Z", result.at("/measurements/0/occurrenceTimeUtc").asText());
    assertEquals(1, result.path("observations").size());
    assertTrue(result.at("/observations/0/valueSampledData/data").asText().startsWith("70 71 E"), result.toString());
    assertEquals("Device/dev-1", result.at("/observations/0/device/reference").asText());
    assertEquals(0, result.path("errors").size());
  }

  @Test
  void messagesBehindTheDeadlineAreToldAsLeftOut() throws Exception {
    JsonNode answer = Preview.answer(new ObjectMapper().readTree("""
        {"deviceContent":{"templateType":"CollectionContent","template":[]},"messages":[{},{}]}"""), Instant.EPOCH,
        Duration.ZERO);

    assertEquals(2, answer.path("results").size());
    assertEquals("too-costly", answer.at("/results/1/errors/0/kind").asText());
  }

  @Test
  void everyErrorOfAMessageIsToldWithItsLine() {
    JsonNode result = asked(
        """
        {"Body":{"d":"dev","data":[{"hr":70,"t":"x"},{"hr":71,"t":"2026-11-22T10:01:00Z","z":0},{"hr":72,"t":"2026-11-22T10:02:00Z","z":1}]}}""")
        .at("/results/0");

    assertEquals(1, result.path("measurements").size());
    assertEquals("bad-timestamp", result.at("/errors/0/kind").asText());
    assertEquals(3, result.at("/errors/0/line").asInt());
    assertEquals("failed-function", result.at("/errors/1/kind").asText());
    assertEquals(5, result.at("/errors/1/line").asInt());
  }

  @Test
  void anAnswerHasAnEndHoweverManySamplesItsObservationsHave() throws Exception {
    ObjectNode asked = JSON.createObjectNode()
        .put("deviceContent", DEVICE)
        .put("fhirMapping", FHIR.replace(":60000}", ":4}"));
    StringBuilder hours = new StringBuilder();
    for (int hour = 0; hour < 1_000; hour++)
      hours.append(hour == 0 ? "" : ",")
          .append("{\"hr\":70,\"z\":1,\"t\":\"")
          .append(NOW.plus(Duration.ofHours(hour)))
          .append("\"}");
    JsonNode message = JSON.readTree("{\"Body\":{\"d\":\"dev\",\"data\":[" + hours + "]}}");
    for (int i = 0; i < 5; i++) asked.withArray("messages").add(message);

    JsonNode results = Preview.answer(asked, NOW).path("results");

    assertEquals(1_000, results.at("/0/measurements").size());
    assertEquals(4, results.at("/0/observations").size(), "an hour at 4 ms has 1.8 MB");
    assertEquals("too-costly", results.at("/0/errors/0/kind").asText());
    assertTrue(results.at("/0/errors/0/message").asText().startsWith("Not all of the 1000 Observations"),
        results.at("/0/errors").toString());
    assertTrue(results.at("/4/errors/0/message").asText().startsWith("Not shown: the answer would have more than"),
        results.at("/4/errors").toString());
    assertEquals(0, results.at("/4/measurements").size());
  }

  @Test
  void anObservationThatIsTooLongIsNotEvenMade() throws Exception {
    String refused = samples(60, 300, 4);
    assertTrue(refused.contains("Its SampledData give more than 24000000 samples together"), refused);
    String hour = samples(60, 12, 2);
    assertTrue(hour.contains("The Observation is not shown: it has some 21600000 samples and is longer than"), hour);
    String session = samples(-1, 300, 4);
    assertTrue(session.contains("The Observation is not shown: it has some 270000300 samples"), session);
    assertTrue(samples(60, 3, 4).contains("\"data\":\"1 E E"), "three leads of an hour");
  }

  /** What becomes of two readings that are an hour apart, or nearly, of as many values. */
  private static String samples(int interval, int values, int millis) throws JsonProcessingException {
    StringBuilder components = new StringBuilder();
    StringBuilder carried = new StringBuilder();
    for (int i = 0; i < values; i++) {
      String comma = i == 0 ? "" : ",";
      components.append(comma)
          .append("{\"codes\":[],\"value\":{\"valueType\":\"SampledData\",\"valueName\":\"v%d\",\"defaultPeriod\":%d}}"
              .formatted(i, millis));
      carried.append(comma).append("\"v%d\":1".formatted(i));
    }
    ObjectNode asked = JSON.createObjectNode();
    asked.set("fhirMapping", JSON.readTree(
        "{\"templateType\":\"CollectionFhir\",\"template\":[{\"templateType\":\"CodeValueFhir\",\"template\":{"
            + "\"typeName\":\"ecg\",\"codes\":[],\"periodInterval\":" + interval + ",\"components\":[" + components
            + "]}}]}"));
    asked.put("deviceContent", device(values));
    String message = "{\"Body\":{\"data\":[{%s,\"t\":\"2026-11-22T10:00:00Z\"},{%s,\"t\":\"%s\"}]}}";
    String second = interval < 0 ? "2026-11-22T11:00:00Z" : "2026-11-22T10:59:59Z";
    asked.putArray("messages").add(JSON.readTree(message.formatted(carried, carried, second)));
    return Preview.answer(asked, NOW).toString();
  }

  private static String device(int values) {
    StringBuilder carried = new StringBuilder();
    for (int i = 0; i < values; i++)
      carried.append(i == 0 ? "" : ",").append("{\"valueName\":\"v%d\",\"valueExpression\":\"$.v%d\"}".formatted(i, i));
    return "{\"templateType\":\"CollectionContent\",\"template\":[{\"templateType\":\"JsonPathContent\",\"template\":{"
        + "\"typeName\":\"ecg\",\"typeMatchExpression\":\"$..[?(@v0)]\",\"deviceIdExpression\":\"$.v0\","
        + "\"correlationIdExpression\":\"$.v0\",\"timestampExpression\":\"$.t\",\"values\":[" + carried + "]}}]}";
  }

  @Test
  void whatCannotBecomeAnObservationNamesItsTemplateAndLine() throws Exception {
    JsonNode errors = asked(
        """
        {"Body":{"d":"dev","data":[{"hr":"high","t":"2026-11-22T10:00:00Z","z":1},{"t":"2026-11-22T10:00:00Z","hr":null,"z":1}]}}""")
        .at("/results/0/errors");

    assertEquals(
        "Unable to extract required value for [hr] using $.matchedToken.hr (line 4 of the device mapping, template hr):"
            + " a null or empty value is there.",
        errors.at("/0/message").asText());
    assertEquals("not-a-number", errors.at("/1/kind").asText());
    assertEquals("value 'hr' is no decimal number (line 2 of the FHIR mapping, template HR)",
        errors.at("/1/message").asText());
    ObjectNode other = question("{\"Body\":{\"d\":\"dev\",\"hr\":70,\"t\":\"2026-11-22T10:00:00Z\",\"z\":1}}");
    other.put("fhirMapping", FHIR.replace("HR", "pulse"));
    assertTrue(Preview.answer(other, NOW)
        .at("/results/0/errors/0/message")
        .asText()
        .startsWith("No Fhir Template exists with the type name [hr]."));
  }

  @Test
  void payloadsAreOpenedAsAFeedOpensThemAndShownAsTemplatesSeeThem() throws Exception {
    JsonNode results = Preview.answer(JSON.readTree("""
        {"deviceContent": %s, "payloads": [
          {"payload": "{\\"d\\":\\"dev\\",\\"t\\":\\"2026-11-22T10:00:00Z\\",\\"hr\\":70.0,\\"z\\":1}", "headers": {"ward": "icu"}},
          {"payload": "{\\"Body\\":\\"eyJkIjoiZGV2In0=\\",\\"Properties\\":{},\\"SystemProperties\\":{}}"},
          {"payload": "{\\"d\\": "}]}""".formatted(DEVICE)), NOW).path("results");

    assertEquals("70", results.at("/0/measurements/0/properties/0/value").asText());
    assertEquals("{\"Body\":{\"d\":\"dev\",\"t\":\"2026-11-22T10:00:00Z\",\"hr\":70.0,\"z\":1},"
        + "\"Properties\":{\"ward\":\"icu\"},\"SystemProperties\":{}}", results.at("/0/message").toString());
    assertEquals("dev", results.at("/1/message/Body/d").asText(), "base64 of an IoT Hub");
    assertEquals("unmatched", results.at("/1/warnings/0/kind").asText());
    assertEquals("malformed-json", results.at("/2/errors/0/kind").asText());
    assertTrue(results.at("/2/message").isMissingNode());
  }

  @Test
  void ofAReadingThatWasMadeBeforeTheFhirMappingAloneIsTried() throws Exception {
    JsonNode results = Preview.answer(JSON.readTree("""
        {"fhirMapping": %s, "payloads": [
          {"reading": "{\\"Type\\":\\"hr\\",\\"OccurrenceTimeUtc\\":\\"2026-11-22T10:00:00Z\\",\\"IngestionTimeUtc\\":\\"2026-11-22T10:00:01Z\\",\\"DeviceId\\":\\"dev\\",\\"Properties\\":[{\\"Name\\":\\"hr\\",\\"Value\\":\\"71\\"}]}"},
          {"reading": "{}"}]}""".formatted(FHIR)), NOW).path("results");

    assertEquals("hr dev", results.at("/0/measurements/0/type").asText() + " "
        + results.at("/0/measurements/0/deviceId").asText());
    assertEquals("71", results.at("/0/observations/0/valueSampledData/data").asText().split(" ")[0]);
    assertTrue(results.at("/0/message").isMissingNode(), "there is nothing for a device mapping to see");
    assertEquals("malformed-measurement", results.at("/1/errors/0/kind").asText());
  }

  @Test
  void aBracketThatIsMissingIsToldWithThePlaceOfItsBeginning() throws Exception {
    JsonNode problem = Preview.answer(JSON.readTree("{\"deviceContent\": \"{\\n \\\"template\\\": [\"}"), NOW)
        .at("/templateErrors/0");

    assertEquals(2, problem.path("line").asInt());
    assertTrue(problem.path("message").asText().endsWith("(start marker at line 2, column 14)"), problem.toString());
  }

  @Test
  void payloadsAreShownBeforeThereIsAMappingAndOneThatIsNoTextIsRefused() throws Exception {
    assertEquals("1", Preview.answer(JSON.readTree("{\"payloads\":[{\"payload\":\"{\\\"a\\\":1}\"}]}"), NOW)
        .at("/results/0/message/Body/a")
        .asText());
    JsonNode wrong = JSON.readTree("{\"payloads\":[{\"a\":1}]}");
    assertThrows(IllegalArgumentException.class, () -> Preview.answer(wrong, NOW));
  }

  @Test
  void matchesAreToldWithTheirPlacesUnlessTheyWereMadeOrStandInSeveral() throws Exception {
    String data = "{\"a/b\":[{\"hr\":7},{\"hr\":7}],\"on\":true,\"off\":true,\"none\":null}";

    assertEquals("[\"/a~1b/0/hr\",\"/a~1b/1/hr\"]", places("JsonPath", "$..hr", data));
    assertEquals("[\"/a~1b/0\",\"/a~1b/1\"]", places("JsonPath", "$..[?(@hr)]", data));
    assertEquals("[\"\"]", places("JsonPath", "$", data));
    assertEquals("[null]", places("JsonPath", "$.on", data));
    assertEquals("[\"/none\"]", places("JsonPath", "$.none", data));
    assertEquals("[\"/a~1b/1\"]", places("JmesPath", "\\\"a/b\\\"[1]", data));
    assertEquals("[null]", places("JmesPath", "length(\\\"a/b\\\")", data));
  }

  @Test
  void placesCountAsWhatIsFoundForEachRepeatsTheKeysAboveIt() throws Exception {
    String long40 = "{\"" + "k".repeat(40_000) + "\":[%s]}";
    JsonNode few = Evaluation.answer(JSON.readTree("{\"expression\":\"$.*[*]\",\"places\":true,\"data\":"
        + long40.formatted("1,".repeat(9) + "1") + "}"));
    assertEquals(10, few.path("places").size(), few.path("error").asText());
    String many = "{\"expression\":\"$.*[*]\",\"places\":%s,\"data\":" + long40.formatted("1,".repeat(100_000) + "1")
        + "}";
    JsonNode refused = Evaluation.answer(JSON.readTree(many.formatted("true")));
    assertTrue(refused.path("error").asText().startsWith("too-costly: what it finds, with its places,"),
        refused.path("error").asText());
    assertEquals(100_001, Evaluation.answer(JSON.readTree(many.formatted("false"))).path("matches").size());
  }

  private static String places(String language, String expression, String data) throws JsonProcessingException {
    return Evaluation.answer(JSON.readTree("{\"language\":\"" + language + "\",\"expression\":\"" + expression
        + "\",\"data\":" + data + ",\"places\":true}")).path("places").toString();
  }

  @Test
  void whatDoesNotGoTogetherIsAWarningOnBothSides() {
    JsonNode problems = asked("{}").path("templateErrors");

    assertEquals(2, problems.size(), problems.toString());
    assertTrue(
        problems.at("/0/message").asText().startsWith("The value [extra] in Device Mapping [hr] is not represented"),
        problems.toString());
    assertEquals("device", problems.at("/0/mapping").asText());
    assertEquals("No template of the device mapping gives the type [other]. Types given: [hr].",
        problems.at("/1/message").asText());
    assertEquals(4, problems.at("/1/line").asInt());
    assertEquals("warning", problems.at("/1/severity").asText());
  }

  @Test
  void mappingsMayBeObjectsAndThenHaveNoLines() throws Exception {
    ObjectNode asked = JSON.createObjectNode();
    asked.set("deviceContent", JSON.readTree("{\"templateType\":\"Nonsense\"}"));

    JsonNode problem = Preview.answer(asked, NOW).at("/templateErrors/0");

    assertTrue(problem.path("message")
        .asText()
        .startsWith("Expected TemplateType value CollectionContentTemplate, actual Nonsense"));
    assertTrue(problem.path("line").isNull());
  }

  @Test
  void givenIdentityIsUsed() throws Exception {
    ObjectNode asked = question("{\"Body\":{\"d\":\"dev\",\"hr\":70,\"t\":\"2026-11-22T10:00:00Z\",\"z\":1}}");
    asked.set("identity", JSON.readTree("{\"device\":\"D\",\"patient\":\"P\",\"encounter\":\"E\"}"));

    JsonNode made = Preview.answer(asked, NOW).at("/results/0/observations/0");

    assertEquals("Patient/P", made.at("/subject/reference").asText());
    assertEquals("Encounter/E", made.at("/encounter/reference").asText());
    asked.set("identity", JSON.readTree("{\"deviceId\":\"D\",\"patientId\":\"P\",\"encounterId\":\"E\"}"));
    assertEquals(made, Preview.answer(asked, NOW).at("/results/0/observations/0"));
    asked.set("identity", JSON.readTree("{\"Device\":\"Device/D\",\"Patient\":\"Patient/P\",\"Encounter\":\"E\"}"));
    assertEquals(made, Preview.answer(asked, NOW).at("/results/0/observations/0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{}", "{\"deviceContent\":{},\"messages\":5}", "{\"deviceContent\":{},\"identity\":5}"})
  void aQuestionOfAnotherShapeIsRefused(String asked) {
    assertThrows(IllegalArgumentException.class, () -> Preview.answer(JSON.readTree(asked), NOW));
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "{\"language\":\"JmesPath\",\"expression\":\"a[].b\",\"data\":{\"a\":[{\"b\":1},{\"b\":2}]}} -> {\"matches\":[1,2]}",
    "{\"language\":\"JsonPath\",\"expression\":\"$..b\",\"data\":{\"a\":[{\"b\":1}]}} -> {\"matches\":[1]}",
    "{\"expression\":\"$.x\",\"data\":null} -> {\"matches\":[]}",
    "{\"expression\":\"$.[\",\"data\":{}} -> {\"error\":\"JSONPath $.[, position 4: the indexer is not closed\"}",
    "{\"language\":\"jmespath\",\"expression\":\"abs('x')\",\"data\":{}} -> "
        + "{\"error\":\"Error: invalid-type, function abs expects argument 0 to be one of the following: Integer|Float\"}"})
  void oneExpressionIsTried(String row) throws Exception {
    String[] parts = row.split(" -> ");

    assertEquals(JSON.readTree(parts[1]), JSON.readTree(Evaluation.answer(JSON.readTree(parts[0])).toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"expression\":\"a\"}", "{\"expression\":5,\"data\":{}}",
    "{\"language\":\"XPath\",\"expression\":\"a\",\"data\":{}}"})
  void anExpressionOfAnotherShapeIsRefused(String asked) {
    assertThrows(IllegalArgumentException.class, () -> Evaluation.answer(JSON.readTree(asked)));
  }

  @Test
  void whatNestsTooDeepForTheStackIsAnAnswer() throws Exception {
    ObjectNode asked = JSON.createObjectNode().put("expression", "$" + "..*".repeat(3_000)).put("data", 1);

    String said = Evaluation.answer(asked).toString();

    assertTrue(said.contains("\"matches\":[1]") || said.contains("too deep"), said);
    asked.put("expression", "$" + "[?(@".repeat(1_000) + ")]".repeat(1_000));
    assertTrue(Evaluation.answer(asked).path("error").asText().contains("filters are nested more than 50 deep"));
    asked.put("expression", "$" + ".a".repeat(10_000));
    assertTrue(Evaluation.answer(asked).path("error").asText().contains("longer than 10000 characters"));
  }

  private static ObjectNode asked(String message) {
    try {
      return Preview.answer(question(message), NOW);
    } catch (JsonProcessingException wrong) {
      throw new IllegalArgumentException(wrong);
    }
  }

  private static ObjectNode question(String message) throws JsonProcessingException {
    ObjectNode asked = JSON.createObjectNode().put("deviceContent", DEVICE).put("fhirMapping", FHIR);
    asked.putArray("messages").add(JSON.readTree(message));
    return asked;
  }
}
