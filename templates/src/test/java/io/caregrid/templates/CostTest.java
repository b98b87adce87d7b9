package io.caregrid.templates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Outcome;
import io.caregrid.templates.jmespath.JmesPath;
import io.caregrid.templates.jmespath.JmesPathFailure;
import io.caregrid.templates.preview.Evaluation;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What one message may cost: seconds at most, whatever the mapping says, and what is dear keeps nothing else from being read. */
class CostTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String CHEAP = """
      {"templateType":"JsonPathContent","template":{"typeName":"cheap","typeMatchExpression":"$","deviceIdExpression":"$.Body.d",
      "timestampExpression":"$.Body.t"}}""";

  @Test
  void theMatchesOfOneMessageShareWhatItMayCost() {
    String body = "\"items\":[" + "{\"v\":1},".repeat(15_999) + "{\"v\":1}]";

    Outcome.Failed failed = failed(calculated("Body.items[*]", "max(Body.items[*].v)"), body);

    assertEquals("too-costly", failed.reason());
    assertEquals(1, ofType(failed, "cheap"), "the other template's measurement");
  }

  @Test
  void scansWithinScansAreCounted() {
    String deep = "\"a\":{".repeat(900) + "\"b\":1" + "}".repeat(900);

    Outcome.Failed failed = failed(path("$..a..a..b", null), deep);

    assertEquals("too-costly", failed.reason());
    assertEquals(1, ofType(failed, "cheap"), "the other template's measurement");
  }

  @Test
  void eachAgainstEachIsCounted() {
    StringBuilder u = new StringBuilder();
    for (int i = 0; i < 10_000; i++) u.append("{\"u\":").append(i).append("},");
    StringBuilder x = new StringBuilder();
    for (int i = 0; i < 10_000; i++) x.append(-i - 1).append(',');
    String body = "\"y\":[" + u + "0],\"x\":[" + x + "0]";

    assertEquals("too-costly", failed(path("$..[?(@.u == $.Body.x[*])]", null), body).reason());
  }

  @ParameterizedTest
  @CsvSource({"'.*alarm', 2000", "'.*alarm', 8000", "'\\\\w+-alarm', 4000", "'\\\\w+-alarm', 8000"})
  void aLongTextBesideAPatternIsNoReasonToReadNothing(String pattern, int length) {
    String body = "\"items\":[{\"name\":\"" + "y".repeat(length) + "\"},{\"name\":\"high-alarm\",\"d\":\"x\"}]";

    Outcome.Measured measured = assertInstanceOf(Outcome.Measured.class,
        outcome(path("$.Body.items[?(@.name =~ /" + pattern + "/)]", null), body));

    assertEquals(2, measured.measurements().size());
  }

  @Test
  void aTextThatAPatternCannotBeHeldAgainstFailsAlone() {
    String body = "\"items\":[{\"name\":\"" + "y".repeat(3_000) + "\"},{\"name\":\"high=\",\"d\":\"x\"}]";

    Outcome.Failed failed = failed(path("$.Body.items[?(@.name =~ /.*.*.*=/)]", null), body);

    assertEquals("too-costly", failed.reason());
    assertEquals(1, ofType(failed, "slow"), "the candidate behind it");
  }

  @Test
  void aValueThatCouldNotBeLookedForIsNotSilentlyMissing() {
    String body = "\"items\":[{\"name\":\"" + "y".repeat(3_000) + "\",\"v\":1}]";

    Outcome.Failed failed = failed(path("$.Body", "$.items[?(@.name =~ /.*.*.*=/)].v"), body);

    assertEquals("too-costly", failed.reason());
    assertEquals(0, ofType(failed, "slow"));
  }

  @Test
  void anAnswerOfMoreThanAMegabyteIsRefused() throws Exception {
    ObjectNode asked = JSON.createObjectNode().put("language", "JmesPath");
    asked.put("expression", "[@,@]" + "|[@,@]".repeat(39)).put("data", 1);
    assertTooMuch(asked);

    asked = JSON.createObjectNode().put("expression", "$..*");
    asked.set("data", JSON.readTree("{\"a\":".repeat(900) + "\"" + "x".repeat(10_000) + "\"" + "}".repeat(900)));
    assertTooMuch(asked);
  }

  @Test
  void anAnswerTooDeepToWriteIsRefused() {
    ObjectNode asked = JSON.createObjectNode().put("language", "JmesPath").put("data", 1);
    assertTooMuch(asked.put("expression", "[@]" + "|[@]".repeat(1_200)));
  }

  private static void assertTooMuch(ObjectNode asked) {
    JsonNode answer = assertTimeoutPreemptively(PATIENCE,
        () -> JSON.readTree(JSON.writeValueAsBytes(Evaluation.answer(asked))));

    assertTrue(answer.path("error").asText().contains("too-costly"), answer.path("error").asText());
  }

  @Test
  void concatStopsWhenItsTextIsTooLong() {
    ObjectNode data = JSON.createObjectNode().put("a", "x".repeat(900_000));

    assertTooCostly("concat(" + "a,".repeat(4_000) + "a)", data);
  }

  @ParameterizedTest
  @ValueSource(strings = {"contains(a, b)", "split(a, b)", "replace(a, b, 'x')"})
  void aLongPartIsSoughtInLinearTime(String expression) throws Exception {
    ObjectNode data = JSON.createObjectNode()
        .put("a", "a".repeat(200_000))
        .put("b", "a".repeat(100_000) + "b");

    JsonNode found = assertTimeoutPreemptively(PATIENCE,
        () -> JmesPath.compile(expression).search(data));

    assertTrue(found.isBoolean() ? !found.booleanValue() : found.isArray() ? found.size() == 1 : found.isTextual());
  }

  @ParameterizedTest
  @ValueSource(strings = {"contains($.a, 'aaab')", "split($.a, 'aaab')", "replace($.a, 'aaab', 'x')",
    "starts_with($.a, $.a)", "length($.a)", "trim($.a)"})
  void lookingThroughATextCosts(String call) {
    ObjectNode data = JSON.createObjectNode().put("a", "a".repeat(900_000));
    ArrayNode list = data.putArray("list");
    for (int i = 0; i < 1_000; i++) list.add(i);

    assertTooCostly("list[*].[" + call + "]", data);
  }

  @Test
  void comparingLongTextsCostsMoreThanComparingShortOnes() {
    String number = "\"" + "1".repeat(999) + "\"";
    String body = "\"long\":[" + (number + ",").repeat(200) + number + "],\"items\":["
        + ("{\"u\":" + number.replace("1", "0") + "},").repeat(2_000) + "0]";

    assertEquals("too-costly", failed(path("$..[?(@.u > $.Body.long[*])]", null), body).reason());
  }

  @ParameterizedTest
  @ValueSource(strings = {"to_string([[[Body]]])", "concat(to_string([[[[Body]]]]), 'a')"})
  void whatIsTooDeepToWriteFailsThatMatch(String value) {
    String deep = "\"deep\":" + "[".repeat(997) + "]".repeat(997);

    Outcome.Failed failed = failed(calculated("Body", value), deep);

    assertEquals("too-costly", failed.reason());
    assertEquals(1, ofType(failed, "cheap"), "the other template's measurement");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",\"samples\":{\"period\":4}"})
  void whatAllMeasurementsOfOneMessageHoldIsBounded(String samples) {
    String body = "\"w\":\"" + "0.125 ".repeat(6_000) + "1\",\"items\":[" + "1,".repeat(1_999) + "1]";
    String template = calculated("Body.items[*]", "Body.w");

    Outcome.Failed failed = failed(template.replace("\"required\":true", "\"required\":true" + samples), body);

    assertEquals("too-costly", failed.reason());
    long made = failed.measurements()
        .stream()
        .flatMap(one -> one.properties().stream())
        .mapToLong(one -> one.value().length())
        .sum();
    assertTrue(made > 10_000_000 && made <= Budget.MOST_CHARACTERS, "characters " + made);
    assertEquals(1, ofType(failed, "cheap"), "the other template's measurement");
  }

  private static void assertTooCostly(String expression, JsonNode data) {
    JmesPathFailure failed = assertTimeoutPreemptively(PATIENCE,
        () -> assertThrows(JmesPathFailure.class, () -> JmesPath.compile(expression).search(data)));

    assertEquals("too-costly", failed.reason);
  }

  private static long ofType(Outcome.Failed failed, String type) {
    return failed.measurements().stream().filter(one -> one.type().equals(type)).count();
  }

  private static String calculated(String match, String value) {
    return """
        {"templateType":"CalculatedContent","template":{"typeName":"slow","defaultExpressionLanguage":"JmesPath","typeMatchExpression":"%s",
        "deviceIdExpression":"Body.d","timestampExpression":"Body.t","values":[{"valueName":"v","valueExpression":"%s","required":true}]}}"""
        .formatted(match, value);
  }

  /** What it matches has no device and no time of its own: they are the message's. */
  private static String path(String match, String value) {
    String values = value == null ? "" : ",\"values\":[{\"valueName\":\"v\",\"valueExpression\":\"" + value + "\"}]";
    return """
        {"templateType":"%s","template":{"typeName":"slow","typeMatchExpression":"%s","deviceIdExpression":"%s",
        "timestampExpression":"%s"%s}}"""
        .formatted(value == null ? "CalculatedContent" : "JsonPathContent", match, value == null ? "$.Body.d" : "$.d",
            value == null ? "$.Body.t" : "$.t", values);
  }

  private static Outcome.Failed failed(String template, String members) {
    return assertInstanceOf(Outcome.Failed.class, outcome(template, members));
  }

  private static Outcome outcome(String template, String members) {
    DeviceMapping mapping = DeviceMapping
        .parse("{\"templateType\":\"CollectionContent\",\"template\":[" + template + "," + CHEAP + "]}");
    byte[] body = ("{\"d\":\"x\",\"t\":\"2026-11-22\"," + members + "}").getBytes(StandardCharsets.UTF_8);
    Callable<Outcome> normalised = () -> mapping.normalise(body, Map.of(), Instant.EPOCH);
    return assertTimeoutPreemptively(PATIENCE, normalised::call);
  }
}
