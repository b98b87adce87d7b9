package io.caregrid.templates.deidentify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What Microsoft's tool makes of 104 resources and configurations ({@code shared/cases/deidentify}, or where CAREGRID_SHARED says). Without them this is
 * skipped, unless CAREGRID_STRICT is true.
 */
class DeidentifyCasesTest {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();
  /** The ages in them were counted then. */
  private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-20T12:00:00Z"), ZoneOffset.UTC);
  /** Of the cases with the tool's sample, which has none: the tool's tests set these. */
  private static final Keys KEYS = new Keys("123", "123", null);

  @TestFactory
  Stream<DynamicTest> cases() throws IOException {
    Path folder = folder();
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : JSON.readTree(Files.readString(folder.resolve("cases.json"))).path("cases")) {
      tests.add(DynamicTest.dynamicTest(one.path("id").asText(), () -> check(folder, one)));
    }
    assertEquals(104, tests.size());
    return tests.stream();
  }

  private static void check(Path folder, JsonNode one) throws IOException {
    String expected = one.path("expectError").asText();
    String config = config(folder, one.path("config"));
    if (expected.equals("AnonymizerConfigurationException")) {
      MappingException refused = assertThrows(MappingException.class, () -> run(config, one.path("input")));
      assertTrue(refused.problems().get(0).line() > 0, refused.getMessage());
    } else if (!expected.isEmpty()) {
      Kind kind = expected.startsWith("InvalidInput")
          ? Kind.INPUT
          : expected.startsWith("AnonymizerRuleNotApplicable") ? Kind.NOT_APPLICABLE : Kind.RULE;
      assertEquals(kind, assertThrows(DeidentifyException.class, () -> run(config, one.path("input"))).kind());
    } else if (one.has("expected")) {
      assertEquals(one.path("expected"), run(config, one.path("input")));
    } else {
      ObjectNode result = run(config, one.path("input"));
      assertTrue(one.path("assertions").size() > 0);
      one.path("assertions").forEach(assertion -> holds(assertion, result));
    }
  }

  private static String config(Path folder, JsonNode config) throws IOException {
    return config.has("$ref")
        ? Files.readString(folder.resolve(config.path("$ref").asText()))
        : config.toPrettyString();
  }

  private static ObjectNode run(String config, JsonNode input) {
    return Deidentifier.read("config.json", config, KEYS, CLOCK)
        .apply(input, Origin.NONE, Duration.ofSeconds(30))
        .resource();
  }

  private static void holds(JsonNode assertion, JsonNode result) {
    String path = assertion.path("path").asText();
    List<JsonNode> found = new ArrayList<>(List.of(result));
    for (String step : path.replace("[", ".[").split("\\.")) {
      List<JsonNode> next = new ArrayList<>();
      for (JsonNode at : found) {
        if (step.equals("[*]")) at.forEach(next::add);
        else if (step.startsWith("[")) next.add(at.path(Integer.parseInt(step.substring(1, step.length() - 1))));
        else next.add(at.path(step));
      }
      found = next;
    }
    found.removeIf(JsonNode::isMissingNode);
    if (assertion.has("absent")) assertTrue(found.isEmpty(), path + " is there");
    if (assertion.has("contains")) assertTrue(found.contains(assertion.get("contains")), path + ": " + found);
    if (assertion.has("equals")) {
      JsonNode equals = assertion.get("equals");
      List<JsonNode> all = new ArrayList<>();
      if (equals.isArray()) equals.forEach(all::add);
      assertEquals(equals.isArray() ? all : List.of(equals), found);
    }
    if (assertion.has("inRange")) {
      BigDecimal value = found.get(0).decimalValue();
      assertTrue(value.compareTo(assertion.get("inRange").get(0).decimalValue()) >= 0, path + " is " + value);
      assertTrue(value.compareTo(assertion.get("inRange").get(1).decimalValue()) <= 0, path + " is " + value);
      if (assertion.has("maxDecimals"))
        assertTrue(value.stripTrailingZeros().scale() <= assertion.get("maxDecimals").asInt());
    }
  }

  private static Path folder() {
    Path folder = find();
    if ("true".equals(System.getenv("CAREGRID_STRICT")))
      Assertions.assertNotNull(folder, "CAREGRID_STRICT, and no shared/cases/deidentify beside the project");
    Assumptions.assumeTrue(folder != null, "no shared/cases/deidentify beside the project (set CAREGRID_SHARED)");
    return folder;
  }

  private static Path find() {
    String told = System.getenv("CAREGRID_SHARED");
    if (told != null) return has(Path.of(told)) ? Path.of(told, "cases/deidentify") : null;
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (has(at.resolve("shared"))) return at.resolve("shared/cases/deidentify");
    }
    return null;
  }

  private static boolean has(Path root) {
    return Files.exists(root.resolve("cases/deidentify/cases.json"));
  }
}
