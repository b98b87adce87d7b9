package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Shape.Boxed;
import io.caregrid.analytics.lake.schema.Shape.Nested;
import io.caregrid.analytics.lake.schema.Shape.Plain;
import io.caregrid.analytics.lake.schema.Shape.Slot;
import io.caregrid.analytics.lake.schema.Shape.Text;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * The values of columns as the JSON tree they were made of: what {@link RowWriter} took apart, equal to the last digit, only the order of an object's fields
 * is the columns'. Instants that are columns of their own come back as microseconds.
 */
public final class RowReader {
  private static final JsonNodeFactory NODES = new JsonNodeFactory(true);
  private final Shape shape;

  public RowReader(List<Column> columns) {
    this.shape = Shape.of(columns);
  }

  /** @param values as {@link RowWriter#values} gives them */
  public ObjectNode row(Object[] values) {
    ObjectNode row = object(shape, values);
    if (shape.rest != Shape.NONE && values[shape.rest] instanceof String rest) {
      for (Map.Entry<String, JsonNode> entry : Json.parse(rest).properties()) {
        Pointers.put(row, entry.getKey(), entry.getValue());
      }
    }
    return row;
  }

  private static ObjectNode object(Shape shape, Object[] values) {
    ObjectNode object = NODES.objectNode();
    for (Map.Entry<String, Slot> slot : shape.slots.entrySet()) {
      JsonNode node = field(slot.getValue(), values);
      if (node != null) object.set(slot.getKey(), node);
    }
    for (int choice : shape.choices.values()) {
      if (values[choice] != null) object.setAll((ObjectNode) Json.parse((String) values[choice]));
    }
    return object;
  }

  private static JsonNode field(Slot slot, Object[] values) {
    if (slot instanceof Plain plain) return plain.list() ? leaves(plain, values) : leaf(plain, values);
    if (slot instanceof Text text) return values[text.at()] == null ? null : Json.parse((String) values[text.at()]);
    int at = slot instanceof Nested nested ? nested.at() : ((Boxed) slot).at();
    if (values[at] == null) return null;
    if (!(values[at] instanceof List<?> list)) return struct(slot, values[at]);
    ArrayNode array = NODES.arrayNode(list.size());
    for (Object element : list) array.add(element == null ? NODES.nullNode() : struct(slot, element));
    return array;
  }

  private static JsonNode struct(Slot slot, Object value) {
    Object[] fields = (Object[]) value;
    if (slot instanceof Nested nested) return object(nested.shape(), fields);
    return Json.parse((String) fields[((Boxed) slot).json()]);
  }

  private static JsonNode leaves(Plain plain, Object[] values) {
    List<?> main = list(values, plain.at());
    List<?> text = list(values, plain.text());
    List<?> longest = main == null ? text : main;
    if (longest == null) return null;
    ArrayNode array = NODES.arrayNode(longest.size());
    for (int i = 0; i < longest.size(); i++) {
      JsonNode node = node(plain.kind(), main == null ? null : main.get(i), text == null ? null : text.get(i));
      array.add(node == null ? NODES.nullNode() : node);
    }
    return array;
  }

  private static List<?> list(Object[] values, int at) {
    return at == Shape.NONE ? null : (List<?>) values[at];
  }

  private static JsonNode leaf(Plain plain, Object[] values) {
    Object main = plain.at() == Shape.NONE ? null : values[plain.at()];
    return node(plain.kind(), main, plain.text() == Shape.NONE ? null : values[plain.text()]);
  }

  /** Null when there is neither. */
  private static JsonNode node(Kind kind, Object value, Object text) {
    if (value == null && text == null) return null;
    return switch (kind) {
      case TEXT -> TextNode.valueOf((String) value);
      case BOOLEAN -> BooleanNode.valueOf((Boolean) value);
      case INTEGER -> IntNode.valueOf((Integer) value);
      case LONG, INSTANT -> LongNode.valueOf((Long) value);
      case DECIMAL -> Decimals.node((BigDecimal) value, (String) text);
    };
  }
}
