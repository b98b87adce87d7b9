package io.caregrid.templates.jmespath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an expression gives of a document with a member {@code m}, it gives without the document around it, or without the member in it. */
class NarrowingTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SMALL_STACK = 512 << 10;
  private static final String[] VALUES = {
    "{\"v\":7,\"w\":[1,2,{\"m\":3}],\"m\":{\"v\":1},\"t\":\"text\",\"n\":null}", "[1,{\"v\":2}]", "\"text\"", "7",
    "false", "{}", "null"};

  @ParameterizedTest
  @ValueSource(strings = {"m", "m.v", "m.m.v", "add(m.v, `1`)", "multiply(to_number(m.v), m.v)", "m.w[*].m",
    "m.w[?m].m | [0]", "m.*", "m.w[]", "m.v || m.t", "m.n && m.v", "!m.n",
    "m.v == `7`", "m.v > m.m.v", "if(m.n, m.v, m.t)", "concat(m.t, 'x')", "map(&@, m.w)", "max_by(m.w, &m)",
    "to_array(m)[?v]", "m | v", "(m.t).v", "parseDate(m.t, 'yyyy')", "length(m)", "m.w[-1].m", "m.w[::-1]", "m[0]",
    "m.[v, m]", "not_null(m.n, m.t)"})
  void whatLooksAtOneMemberOnlyGivesTheSameBelowIt(String expression) throws Exception {
    JmesPath whole = JmesPath.compile(expression);
    JmesPath below = whole.below("m");

    assertFalse(whole.isBlindTo("m"));
    assertEquals(expression, below.toString());
    for (String value : VALUES) {
      JsonNode token = JSON.readTree(value);
      ObjectNode document = JSON.createObjectNode().put("v", "not this").put("t", "nor this");
      document.set("m", token);
      assertEquals(outcome(whole, document), outcome(below, token), expression + " on " + value);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v", "other.m", "add(v, `1`)", "other.w[?m]", "`1`", "map(&m, other.w)",
    "other | m"})
  void whatNeverLooksAtTheMemberGivesTheSameWithoutIt(String expression) throws Exception {
    JmesPath path = JmesPath.compile(expression);
    ObjectNode document = JSON.createObjectNode().put("v", 7).put("t", "x");
    document.set("other", JSON.readTree("{\"m\":[1,2],\"w\":[{\"m\":1},{}]}"));
    ObjectNode with = document.deepCopy().put("m", "member");

    assertTrue(path.isBlindTo("m"));
    assertEquals(outcome(path, with), outcome(path, document));
    assertEquals(outcome(path, JSON.createObjectNode().put("m", 1)), outcome(path, Values.NULL));
  }

  @ParameterizedTest
  @ValueSource(strings = {"@", "$", "*", "keys(@)", "m.w[?$.v]", "m || @", "[0]", "[::2]", "[]", "[*]", "m.v == $.m.v",
    "to_array(@)", "map(&$, m)", "merge(m, @)", "[m, @]", "[?m]", "@.m", "[m, m.t]", "{a: m}", "[v] | [0]",
    "length([m.v, m.t])"})
  void whatLooksAtTheDocumentNeedsIt(String expression) {
    assertNull(JmesPath.compile(expression).below("m"));
    assertFalse(JmesPath.compile(expression).isBlindTo("m"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"add(m.v, v)", "m || v", "[m, t]", "if(v, m, `1`)"})
  void whatLooksAtBothNeedsBoth(String expression) {
    assertNull(JmesPath.compile(expression).below("m"));
    assertFalse(JmesPath.compile(expression).isBlindTo("m"));
  }

  /** On a stack on which going down 3,000 of them would not end well. */
  @ParameterizedTest
  @ValueSource(strings = {"||m", "&&m", "<m", "|m", ".m", "[0]", "[]"})
  void manyOperatorsInARowStayAsTheyAreWritten(String operator) throws Exception {
    JmesPath several = JmesPath.compile("m" + operator.repeat(30));
    FutureTask<JmesPath> many = new FutureTask<>(() -> JmesPath.compile("m" + operator.repeat(3_000)));
    FutureTask<JmesPath> below = new FutureTask<>(() -> many.get().below("m"));
    FutureTask<Boolean> blind = new FutureTask<>(() -> many.get().isBlindTo("v"));

    for (FutureTask<?> task : List.of(many, below, blind)) {
      new Thread(null, task, "small stack", SMALL_STACK).start();
      task.get(1, TimeUnit.MINUTES);
    }

    assertNull(below.get());
    assertFalse(blind.get());
    assertNotNull(several.below("m"));
    assertTrue(several.isBlindTo("v"));
  }

  static String outcome(JmesPath path, JsonNode data) {
    try {
      return path.select(data) + " " + path.search(data);
    } catch (JmesPathFailure failed) {
      return failed.reason + ": " + failed.getMessage();
    }
  }
}
