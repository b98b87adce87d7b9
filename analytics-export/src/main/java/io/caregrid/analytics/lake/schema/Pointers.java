package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** JSON pointers (RFC 6901) of names and indexes. */
final class Pointers {
  private Pointers() {}

  static String of(List<Object> path) {
    StringBuilder pointer = new StringBuilder();
    for (Object step : path) pointer.append('/').append(step.toString().replace("~", "~0").replace("/", "~1"));
    return pointer.toString();
  }

  /** Puts {@code value} where {@code pointer} says; what it goes into is there already. */
  static void put(ObjectNode row, String pointer, JsonNode value) {
    JsonPointer to = JsonPointer.compile(pointer);
    JsonNode parent = row.at(to.head());
    if (parent instanceof ArrayNode array) {
      array.set(to.last().getMatchingIndex(), value);
    } else if (parent instanceof ObjectNode object) {
      object.set(to.last().getMatchingProperty(), value);
    } else {
      throw new IllegalArgumentException("lake_rest points nowhere");
    }
  }
}
