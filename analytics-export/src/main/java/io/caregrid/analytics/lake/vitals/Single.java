package io.caregrid.analytics.lake.vitals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.List;

/**
 * A Quantity or an integer: one row, or none when it has no number.
 *
 * @param holder the Observation or component
 * @param time   microseconds since 1970, or null
 */
record Single(ObjectNode head, Long time, JsonNode holder) implements Series {

  @Override
  public Iterator<ObjectNode> iterator() {
    JsonNode quantity = holder.path("valueQuantity");
    JsonNode number = quantity.isObject() ? quantity.path("value") : holder.path("valueInteger");
    if (!number.isNumber()) return List.<ObjectNode>of().iterator();
    ObjectNode row = head.objectNode();
    row.setAll(head);
    if (time != null) row.put("time", time);
    row.set("value", number);
    unit(row, quantity);
    JsonNode comparator = quantity.path("comparator");
    Label.put(row, "flag", comparator.textValue());
    return List.of(row).iterator();
  }

  /** As a person writes it, or else its code. */
  static void unit(ObjectNode row, JsonNode quantity) {
    for (String name : List.of("unit", "code")) {
      if (!quantity.path(name).isTextual()) continue;
      Label.put(row, "unit", quantity.get(name).textValue());
      return;
    }
  }
}
