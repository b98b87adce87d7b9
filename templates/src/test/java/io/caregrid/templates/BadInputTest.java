package io.caregrid.templates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.device.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages that nobody wants, through both kinds of template: each gets an answer, in time, and costs nobody else anything. */
class BadInputTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String JSON_PATH = template("JsonPathContent", """
      "typeName":"path","typeMatchExpression":"$..[?(@v)]","deviceIdExpression":"$.d","timestampExpression":"$.t",
      "values":[{"valueName":"v","valueExpression":"$.v","required":true}]""");
  private static final String CALCULATED = template("CalculatedContent",
      """
      "typeName":"jmes","defaultExpressionLanguage":"JmesPath","typeMatchExpression":"to_array(Body)[?v]","deviceIdExpression":"matchedToken.d",
      "timestampExpression":"matchedToken.t",
      "values":[{"valueName":"v","valueExpression":"matchedToken.v","required":true},{"valueName":"n","valueExpression":"to_number(matchedToken.v)"}]""");
  private static final DeviceMapping BOTH = mapping(JSON_PATH, CALCULATED);

  @ParameterizedTest
  @CsvSource(delimiter = '~', quoteCharacter = '\u0001', value = {"\"NaN\" ~ NaN ~ NONE", "\"1,000\" ~ 1,000 ~ 1000",
    "\"36,8\" ~ 36,8 ~ NONE",
    "1e-5 ~ 1E-05 ~ 1E-05", "1E400 ~ Infinity ~ Infinity", "\"1e400\" ~ 1e400 ~ NONE",
    "\"2019-02-01T22:46:01Z\" ~ 2019-02-01T22:46:01Z ~ NONE",
    "12345678901234567890 ~ 12345678901234567890 ~ 12345678901234567890", "-0.0 ~ -0 ~ -0", "\" 7 \" ~  7  ~ 7"})
  void oddNumbersBecomeTheSameTextInBothLanguages(String json, String text, String number) {
    List<Measurement> found = measured(BOTH, "{\"v\":" + json.strip() + ",\"d\":\"x\",\"t\":\"2026-11-22\"}");

    assertEquals(2, found.size());
    assertEquals(text.strip(), found.get(0).properties().get(0).value().strip());
    assertEquals(found.get(0).properties().get(0), found.get(1).properties().get(0));
    List<Property> numbers = found.get(1).properties().stream().filter(p -> p.name().equals("n")).toList();
    assertEquals(number.strip(), numbers.isEmpty() ? "NONE" : numbers.get(0).value());
  }

  @Test
  void ofDuplicateKeysTheLastCounts() {
    assertEquals("2",
        measured(BOTH, "{\"v\":1,\"v\":2,\"d\":\"x\",\"t\":\"2026-11-22\"}").get(0).properties().get(0).value());
  }

  @Test
  void nulAndHalfACharacterFailInBothLanguages() {
    for (String text : List.of("a\\u0000b", "\\ud800")) {
      Outcome.Failed failed = failed(BOTH, "{\"v\":\"" + text + "\",\"d\":\"x\",\"t\":\"2026-11-22\"}");

      assertEquals(List.of("ill-formed-text", "ill-formed-text"),
          failed.errors().stream().map(Outcome.Error::reason).toList());
    }
  }

  @Test
  void invalidUtf8IsMalformed() {
    byte[] payload = "{\"v\":\"x\"}".getBytes(StandardCharsets.UTF_8);
    payload[6] = (byte) 0xC3;

    assertEquals("malformed-json",
        assertInstanceOf(Outcome.Failed.class, BOTH.normalise(payload, Map.of(), NOW)).reason());
  }

  @Test
  void tenThousandMatchesOfOneMessageAreTenThousandMeasurements() {
    String body = "[" + "{\"v\":1,\"d\":\"x\",\"t\":\"2026-11-22\"},".repeat(9_999)
        + "{\"v\":1,\"d\":\"x\",\"t\":\"2026-11-22\"}]";

    assertEquals(20_000, assertTimeoutPreemptively(PATIENCE, () -> measured(BOTH, body)).size());
  }

  @Test
  void tenThousandErrorsOfOneMessageAreCountedAndAHundredKept() {
    Outcome.Failed failed = failed(BOTH, "[" + "{\"v\":1,\"d\":\"x\"},".repeat(9_999) + "{\"v\":1}]");

    assertEquals(Outcome.Failed.MOST_ERRORS, failed.errors().size());
    assertTrue(failed.detail().endsWith("(and 19999 more)"), failed.detail());
  }

  @Test
  void deepNestingIsWalkedOrRefused() {
    String deep = "{\"a\":".repeat(900) + "{\"v\":1,\"d\":\"x\",\"t\":\"2026-11-22\"}" + "}".repeat(900);

    assertEquals(1, measured(BOTH, deep).size());
    assertEquals("malformed-json", failed(BOTH, "{\"a\":".repeat(5_000)).reason());
  }

  @Test
  void aMegabyteOfTextIsTakenAsItIs() {
    String text = "x".repeat(1 << 20);

    assertEquals(text,
        measured(BOTH, "{\"v\":\"" + text + "\",\"d\":\"x\",\"t\":\"2026-11-22\"}").get(0).properties().get(0).value());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '~', quoteCharacter = '\u0001', value = {".*.*.*= ~ y ~ 2000",
    "(a|b|ab)*c ~ ab ~ 50000"})
  void aPatternMadeToBeSlowIsGivenUpAndTheOthersGoOn(String pattern, String text, int times) {
    DeviceMapping mapping = mapping(template("JsonPathContent",
        """
        "typeName":"slow","typeMatchExpression":"$..[?(@v =~ /%s/)]","deviceIdExpression":"$.d","timestampExpression":"$.t\""""
            .formatted(pattern.strip())),
        JSON_PATH);

    Outcome.Failed failed = assertTimeoutPreemptively(PATIENCE,
        () -> failed(mapping, "{\"v\":\"" + text.strip().repeat(times) + "\",\"d\":\"x\",\"t\":\"2026-11-22\"}"));

    assertEquals("too-costly", failed.reason());
    assertTrue(failed.detail().startsWith("The template of type slow (line "), failed.detail());
    assertEquals(1, failed.measurements().size());
  }

  @Test
  void anExpressionMadeToBeSlowIsGivenUpAndTheOthersGoOn() {
    DeviceMapping mapping = mapping(template("CalculatedContent", """
        "typeName":"slow","defaultExpressionLanguage":"JmesPath","deviceIdExpression":"matchedToken.d","timestampExpression":"matchedToken.t",
        "typeMatchExpression":"Body.list[?contains(map(&to_string($), $.Body.list), @)]\""""), JSON_PATH);
    String body = "{\"v\":1,\"d\":\"x\",\"t\":\"2026-11-22\",\"list\":[" + "1,".repeat(5_000) + "1]}";

    Outcome.Failed failed = assertTimeoutPreemptively(PATIENCE, () -> failed(mapping, body));

    assertEquals("too-costly", failed.reason());
    assertEquals(1, failed.measurements().size());
  }

  private static List<Measurement> measured(DeviceMapping mapping, String body) {
    return assertInstanceOf(Outcome.Measured.class,
        mapping.normalise(body.getBytes(StandardCharsets.UTF_8), Map.of(), NOW)).measurements();
  }

  private static Outcome.Failed failed(DeviceMapping mapping, String body) {
    return assertInstanceOf(Outcome.Failed.class,
        mapping.normalise(body.getBytes(StandardCharsets.UTF_8), Map.of(), NOW));
  }

  private static String template(String type, String members) {
    return "{\"templateType\":\"" + type + "\",\"template\":{" + members.replace("\\", "\\\\") + "}}";
  }

  private static DeviceMapping mapping(String... templates) {
    return DeviceMapping
        .parse("{\"templateType\":\"CollectionContent\",\"template\":[" + String.join(",", templates) + "]}");
  }
}
