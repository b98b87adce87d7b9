package io.caregrid.templates.jsonpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cost.Budget;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whether an expression walks a document itself or shares the walk cannot be seen in what it selects. */
class SharedScanTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final List<JsonPath> PATHS = List.of("$..[?(@a)]", "$..[?(@.b)]", "$..[?(@['c'])]", "$..[?(@a && @b)]",
      "$..[?(@a || @b)]", "$..[?(@a == 1)]", "$..[?(1 < @b)]", "$..[?(@.a.b)]", "$..[?(@a != null)]",
      "$..[?(@a[0])]", "$..[?(@a == $.a)]", "$..[?($.a && @c)]", "$..[?(@c =~ /x/)]", "$..[?(@a == @b)]", "$..[?(@)]",
      "$..[?(@ == 1)]", "$.a..[?(@b)]", "$..a", "$..[?(@a != @b && @c)]", "$..[?(@['a','b'])]",
      "$..[?(@b && @a || @c)]", "$..[?(@.* && @a)]")
      .stream()
      .map(JsonPath::compile)
      .toList();

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 8);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void selectsWhatEachWouldSelectAlone(long seed) {
    Random random = new Random(seed);
    SharedScan scan = SharedScan.of(PATHS);
    int selected = 0;
    for (int round = 0; round < 300; round++) {
      JsonNode document = value(random, 5);
      SharedScan.Found found = scan.over(document, new Budget());
      for (int i = 0; i < PATHS.size(); i++) {
        if (!scan.answers(i)) continue;
        List<JsonNode> alone = PATHS.get(i).select(document);
        List<JsonNode> shared = found.select(i);
        assertEquals(alone.size(), shared.size(), "seed " + seed + " " + PATHS.get(i) + " on " + document);
        for (int k = 0; k < alone.size(); k++) assertSame(alone.get(k), shared.get(k), () -> "seed " + seed);
        selected += alone.size();
      }
    }
    assertTrue(selected > 500, "documents in which nothing is selected prove nothing: " + selected);
  }

  @Test
  void whatNeedsAMemberSharesAndWhatNeedsNoneDoesNot() {
    SharedScan scan = SharedScan.of(PATHS);

    for (String shared : List.of("$..[?(@a)]", "$..[?(@a && @b)]", "$..[?(1 < @b)]", "$..[?(@.a.b)]",
        "$..[?(@a == $.a)]"))
      assertTrue(scan.answers(at(shared)), shared);
    for (String alone : List.of("$..[?(@a || @b)]", "$..[?(@)]", "$.a..[?(@b)]", "$..a"))
      assertFalse(scan.answers(at(alone)), alone);
    assertNull(SharedScan.of(List.of(JsonPath.compile("$.a"))));
  }

  private static int at(String expression) {
    return PATHS.stream().map(JsonPath::toString).toList().indexOf(expression);
  }

  private static JsonNode value(Random random, int depth) {
    int kind = depth == 5
        ? random.nextInt(2)
        : depth > 0 ? random.nextInt(8) : List.of(2, 4, 5, 6, 7).get(random.nextInt(5));
    switch (kind) {
      case 0, 3 -> {
        ObjectNode object = JSON.objectNode();
        for (int i = random.nextInt(5); i > 0; i--)
          object.set(List.of("a", "b", "c", "d", "e").get(random.nextInt(5)), value(random, depth - 1));
        return object;
      }
      case 1 -> {
        ArrayNode array = JSON.arrayNode();
        for (int i = random.nextInt(4); i > 0; i--) array.add(value(random, depth - 1));
        return array;
      }
      case 2, 4 -> {
        return JSON.numberNode(random.nextInt(3));
      }
      case 5 -> {
        return JSON.textNode(random.nextBoolean() ? "x" : "1");
      }
      case 6 -> {
        return JSON.nullNode();
      }
      default -> {
        return JSON.booleanNode(random.nextBoolean());
      }
    }
  }
}
