package io.caregrid.templates.jsonpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.caregrid.templates.cases.SharedCases;
import io.caregrid.templates.jsonpath.JsonPath.SeveralTokens;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ExpressionCasesTest {
  @TestFactory
  Stream<DynamicTest> expressions() {
    return SharedCases.tests("expressions",
        one -> one.path("language").asText().equals("JsonPath") ? null : "JMESPath, run beside its own package",
        ExpressionCasesTest::check);
  }

  private static void check(JsonNode one) throws SeveralTokens {
    JsonPath path = JsonPath.compile(one.path("expression").asText());
    JsonNode data = one.path("data");
    if (one.has("expectError")) {
      assertThrows(SeveralTokens.class, () -> path.one(data));
    } else if (one.path("mode").asText().equals("selectToken")) {
      JsonNode found = path.one(data);
      assertEquals(one.path("expected"), found == null ? NullNode.getInstance() : found);
    } else {
      List<JsonNode> expected = new ArrayList<>();
      one.path("expected").forEach(expected::add);
      assertEquals(expected, path.select(data));
    }
  }
}
