package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.MappingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several samples in one message: only where the mapping says so. */
class SamplesTest {
  private static final String PATH = """
      {"templateType":"CollectionContent","template":[{"templateType":"JsonPathContent","template":{"typeName":"ecg","typeMatchExpression":"$..[?(@ecg)]",
      "deviceIdExpression":"$.d","timestampExpression":"$.t","values":[{"valueName":"ecg","valueExpression":"%s","required":true%s}]}}]}""";

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"$.ecg|{'period':4}|[0.1,-2,null,3e-2]|4ms 0.1 -2 E 0.03",
    "$.ecg|{'period':7.8125}|[1]|7.8125ms 1", "$.ecg|{'period':'4'}|\"0.1  0.2 E 1E-05 \"|4ms 0.1 0.2 E 0.00001",
    "$.ecg|{'periodExpression':'$.p'}|[1,2]|2.5ms 1 2",
    "$.ecg[*].v|{'period':1000}|[{'v':1},{'v':'2'},{'w':3}]|1000ms 1 2",
    "$.ecg|{'period':0.0001}|[72]|0.0001ms 72"})
  void becomeOneValueWithTheirPeriod(String path, String samples, String ecg, String text) {
    assertEquals(text, measured(path, samples, ecg));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"$.ecg|{'period':4}|[1,'x']|not-a-number", "$.ecg|{'period':4}|[[1]]|wrong-type",
    "$.ecg|{'period':4}|{'a':1}|wrong-type", "$.ecg|{'period':4}|[]|missing-value",
    "$.ecg|{'period':4}|[null,'E']|missing-value",
    "$.ecg|{'periodExpression':'$.none'}|[1]|missing-value", "$.ecg|{'periodExpression':'$.d'}|[1]|bad-period"})
  void whatIsNoListOfNumbersIsToldAndNotKept(String path, String samples, String ecg, String reason) {
    Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class, outcome(path, samples, ecg));

    assertEquals(reason, failed.reason());
    assertTrue(failed.measurements().isEmpty());
  }

  @Test
  void withoutSayingSoAnArrayIsNoValue() {
    Outcome.Failed failed = assertInstanceOf(Outcome.Failed.class, outcome("$.ecg", null, "[1,2]"));

    assertEquals("wrong-type", failed.reason());
  }

  @Test
  void aCalculatedTemplateDecodesThem() {
    String mapping = """
        {"templateType":"CollectionContent","template":[{"templateType":"CalculatedContent","template":{"typeName":"ecg","defaultExpressionLanguage":"JmesPath",
        "typeMatchExpression":"Body.leads[?raw]","deviceIdExpression":"Body.d","timestampExpression":"Body.t","values":[
          {"valueName":"ecg","valueExpression":"hexBytes(matchedToken.raw)","samples":{"periodExpression":"divide(`1000.0`, Body.hz)"}},
          {"valueName":"again","valueExpression":"matchedToken.list[*].v","samples":{"period":1}}]}}]}""";
    byte[] message = "{\"d\":\"x\",\"t\":\"2026-11-22T10:00:00Z\",\"hz\":360,\"leads\":[{\"raw\":\"00ff10\",\"list\":[{\"v\":1},{\"v\":2}]}]}"
        .getBytes(StandardCharsets.UTF_8);

    Outcome.Measured made = assertInstanceOf(Outcome.Measured.class,
        DeviceMapping.parse(mapping).normalise(message, Map.of(), Instant.EPOCH));

    assertEquals(List.of("2.7778ms 0 255 16", "1ms 1 2"),
        made.measurements().get(0).properties().stream().map(Measurement.Property::value).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "5", "true", "{'period':0}", "{'period':-4}", "{'period':86400001}", "{'period':'x'}",
    "{'period':1,'periodExpression':'$.p'}", "{'periodExpression':'$.['}", "{'period':1,'rate':2}"})
  void whatIsWrongIsSaidWhenLoaded(String samples) {
    assertThrows(MappingException.class, () -> mapping("$.ecg", samples));
  }

  @ParameterizedTest
  @ValueSource(strings = {"4ms 0.1 E -3", "0.0001ms 1", "86400000ms 1"})
  void theTextIsReadAsItIsWritten(String text) {
    assertEquals(text, Waveform.parse(text).text());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "72", "ms 1", "4ms", "4ms ", "4ms 1  2", "4ms 1 x", "0ms 1", "-4ms 1", "4 ms 1", "4ms 1 ",
    "4s 1",
    "86400001ms 1", "4ms 1e3", "4ms 1E"})
  void otherTextsAreNotSeveralSamples(String text) {
    assertNull(Waveform.parse(text));
  }

  private static String measured(String path, String samples, String ecg) {
    Outcome outcome = outcome(path, samples, ecg);
    return assertInstanceOf(Outcome.Measured.class, outcome, outcome.toString()).measurements()
        .get(0)
        .properties()
        .get(0)
        .value();
  }

  private static Outcome outcome(String path, String samples, String ecg) {
    String message = "{\"d\":\"x\",\"t\":\"2026-11-22T10:00:00Z\",\"p\":2.5,\"ecg\":" + ecg.replace('\'', '"') + "}";
    return mapping(path, samples).normalise(message.getBytes(StandardCharsets.UTF_8), Map.of(), Instant.EPOCH);
  }

  private static DeviceMapping mapping(String path, String samples) {
    return DeviceMapping
        .parse(PATH.formatted(path, samples == null ? "" : ",\"samples\":" + samples.replace('\'', '"')));
  }
}
