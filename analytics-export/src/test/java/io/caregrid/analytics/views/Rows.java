package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** All rows of a view over some resources, as objects. */
final class Rows {
  private Rows() {}

  static List<JsonNode> of(View view, Iterable<JsonNode> resources) {
    List<JsonNode> rows = new ArrayList<>();
    for (JsonNode resource : resources) {
      view.rows(resource, Clock.systemUTC(), row -> {
        ObjectNode object = JsonNodeFactory.withExactBigDecimals(true).objectNode();
        for (int i = 0; i < row.length; i++) object.set(view.columns().get(i).name(), row[i]);
        return rows.add(object);
      });
    }
    return rows;
  }
}
