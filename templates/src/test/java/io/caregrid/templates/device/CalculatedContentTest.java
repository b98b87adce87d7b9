package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.mapping.Draft;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mappings of calculated templates in JMESPath, from their text to what they give. */
class CalculatedContentTest {
  private static final int SMALL_STACK = 512 << 10;
  private static final List<String> TEMPLATES = List.of(template("to_array(Body)[?hr]", "hr", "matchedToken.hr"),
      template("to_array(Body)[?spo2]", "spo2", "add(matchedToken.spo2, `1`)"),
      template("to_array(sum(Body))[?none]", "none", "matchedToken.none"),
      template("to_array(Body)[?absent]", "absent", "matchedToken.absent"),
      template("to_array(Body)[?temp]", "temp", "multiply(matchedToken.temp, `2`)"));

  /** An object's members are looked up once for all templates, in an array each template looks itself. */
  @ParameterizedTest
  @ValueSource(strings = {"%s", "[%s]"})
  void templatesThatFailCostTheirNeighboursNothingAndAreNamedByTheirLines(String body) {
    String token = "{\"d\":\"x\",\"t\":\"2026-11-23T10:00:00Z\",\"hr\":71,\"spo2\":\"text\",\"temp\":18.25}";

    Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class, DeviceMapping.parse(mapping(TEMPLATES))
        .normalise(body.formatted(token).getBytes(StandardCharsets.UTF_8), Map.of(), Instant.EPOCH));

    assertEquals(List.of("hr", "temp"), failed.measurements().stream().map(Measurement::type).toList());
    assertEquals(List.of(List.of(new Property("value", "71")), List.of(new Property("value", "36.5"))),
        failed.measurements().stream().map(Measurement::properties).toList());
    assertEquals(List.of("failed-function", "failed-function"),
        failed.errors().stream().map(Outcome.Error::reason).toList());
    assertEquals(List.of(9, 10), failed.errors().stream().map(Outcome.Error::line).toList());
    assertTrue(failed.errors().get(0).detail().contains("(line 9 of the device mapping, template spo2)"),
        failed.errors().get(0).detail());
    assertTrue(failed.errors().get(1).detail().contains("(line 10 of the device mapping, template none)"),
        failed.errors().get(1).detail());
  }

  @ParameterizedTest
  @ValueSource(strings = {"||v", "&&v", "<v", "|v", ".v", "[0]"})
  void manyOperatorsInARowAreNoReasonToGiveUpReading(String operator) throws Exception {
    String mapping = mapping(List.of(template("Body", "t", "v" + operator.repeat(3_000))));
    FutureTask<Draft<DeviceMapping>> read = new FutureTask<>(() -> DeviceMapping.draft(mapping));

    new Thread(null, read, "small stack", SMALL_STACK).start();

    Draft<DeviceMapping> draft = read.get(1, TimeUnit.MINUTES);
    assertEquals(List.of(), draft.problems());
    assertEquals(List.of("t"), draft.mapping().types());
  }

  @Test
  void whatIsTooDeepToBeNarrowedStillSeesTheToken() {
    String value = "matchedToken.w" + "||matchedToken.w".repeat(300) + "||matchedToken.v";
    byte[] message = "{\"d\":\"x\",\"t\":\"2026-11-23T10:00:00Z\",\"v\":5}".getBytes(StandardCharsets.UTF_8);

    Outcome.Measured measured = assertInstanceOf(Outcome.Measured.class, DeviceMapping
        .parse(mapping(List.of(template("Body", "t", value))))
        .normalise(message, Map.of(), Instant.EPOCH));

    assertEquals(List.of(new Property("value", "5")), measured.measurements().get(0).properties());
  }

  /** In four lines: match expression, type and language, the rest of the fields, the value. */
  private static String template(String match, String type, String value) {
    return """
        {"templateType":"CalculatedContent","template":{"typeMatchExpression":"%s",
          "typeName":"%s","defaultExpressionLanguage":"JmesPath",
          "deviceIdExpression":"matchedToken.d","timestampExpression":"matchedToken.t",
          "values":[{"valueName":"value","required":true,"valueExpression":"%s"}]}}""".formatted(match, type, value);
  }

  private static String mapping(List<String> templates) {
    return "{\"templateType\":\"CollectionContent\",\"template\":[\n" + String.join(",\n", templates) + "]}";
  }
}
