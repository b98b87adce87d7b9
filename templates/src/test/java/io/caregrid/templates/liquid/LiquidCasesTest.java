package io.caregrid.templates.liquid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** One rule of DotLiquid 2.0 a case, in {@code liquid/cases.json}. */
class LiquidCasesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> DATA = new TypeReference<>() {};
  private static final Limits LIMITS = new Limits(1000, Duration.ofSeconds(30), 1_000_000, 50);
  /** For what has to end with the time; a loaded machine may take longer over anything else. */
  private static final Limits SHORT = new Limits(1000, Duration.ofMillis(500), 1_000_000, 50);

  @TestFactory
  Stream<DynamicTest> cases() throws IOException {
    JsonNode cases = JSON.readTree(LiquidCasesTest.class.getResource("/liquid/cases.json")).path("cases");
    return StreamSupport.stream(cases.spliterator(), false)
        .map(one -> DynamicTest.dynamicTest(one.path("name").asText(), () -> check(one)));
  }

  private static void check(JsonNode one) {
    if (one.has("expected")) {
      assertEquals(one.path("expected").asText(), rendered(one));
      return;
    }
    ConversionException failure = assertThrows(ConversionException.class, () -> rendered(one));
    assertEquals(one.path("code").asInt(), failure.code.number, failure.told());
    assertEquals(one.path("line").asInt(), failure.line, failure.told());
  }

  private static String rendered(JsonNode one) {
    Map<String, String> files = new HashMap<>();
    files.put("root.liquid", one.path("template").asText());
    one.path("files").fields().forEachRemaining(each -> files.put(each.getKey(), each.getValue().asText()));
    Map<String, Object> data = one.has("data")
        ? JSON.convertValue(one.path("data"), DATA)
        : Map.of();
    Limits limits = one.path("code").asInt() == ErrorCode.TIMEOUT_ERROR.number ? SHORT : LIMITS;
    return Templates.of(files, ConversionFilters.all()).render("root", data, limits, ZoneOffset.UTC, Clock.systemUTC());
  }
}
