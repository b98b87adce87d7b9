package io.caregrid.templates.jmespath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cases.SharedCases;
import io.caregrid.templates.text.Timestamps;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class JmesPathCasesTest {
  @TestFactory
  Stream<DynamicTest> functions() {
    return SharedCases.tests("jmespath-functions", one -> null, JmesPathCasesTest::checkFunction);
  }

  @TestFactory
  Stream<DynamicTest> expressions() {
    return SharedCases.tests("expressions",
        one -> one.path("language").asText().equals("JmesPath") ? null : "JSONPath, run beside its own package",
        JmesPathCasesTest::checkExpression);
  }

  private static void checkFunction(JsonNode one) throws Exception {
    String expression = one.path("expression").asText();
    if (one.has("expectError")) {
      String said = one.at("/expectError/stage").asText().equals("template")
          ? assertThrows(JmesPathSyntaxException.class, () -> JmesPath.compile(expression)).getMessage()
          : assertThrows(JmesPathFailure.class, () -> JmesPath.compile(expression).one(one.path("data"))).getMessage();
      assertTrue(said.contains(one.at("/expectError/messageContains").asText()), said);
      return;
    }
    JsonNode found = JmesPath.compile(expression).one(one.path("data"));
    assertNotNull(found);
    JsonNode expected = one.path("expectedResult");
    switch (one.path("expectedType").asText()) {
      case "integer" ->
        assertTrue(found.isIntegralNumber() && found.longValue() == expected.longValue(), found.toString());
      case "float" -> {
        assertTrue(found.isDouble(), found.toString());
        assertEquals(expected.doubleValue(), found.doubleValue(), one.path("tolerance").asDouble(0));
      }
      case "string" -> assertEquals(expected.textValue(), found.textValue());
      case "date" -> assertEquals(Timestamps.parse(expected.textValue()), Timestamps.parse(found.textValue()));
      default -> throw new AssertionError("a type nobody knows: " + one.path("expectedType"));
    }
  }

  private static void checkExpression(JsonNode one) throws Exception {
    JmesPath path = JmesPath.compile(one.path("expression").asText());
    JsonNode data = one.path("data");
    if (one.has("expectError")) {
      assertThrows(JmesPathFailure.class, () -> path.one(data));
    } else if (one.path("mode").asText().equals("selectToken")) {
      JsonNode found = path.one(data);
      assertEquals(one.path("expected"), found == null ? Values.NULL : found);
    } else {
      List<JsonNode> expected = new ArrayList<>();
      one.path("expected").forEach(expected::add);
      assertEquals(expected, path.select(data));
    }
  }
}
