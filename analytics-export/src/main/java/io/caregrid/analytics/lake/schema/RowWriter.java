package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Shape.Boxed;
import io.caregrid.analytics.lake.schema.Shape.Nested;
import io.caregrid.analytics.lake.schema.Shape.Plain;
import io.caregrid.analytics.lake.schema.Shape.Slot;
import io.caregrid.analytics.lake.schema.Shape.Text;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A JSON tree as the values of columns. Nothing is lost and nothing is refused: what the columns have no place for (a field that FHIR does not know, a value
 * of another shape than FHIR's, an empty object, a null) goes into {@code lake_rest}, a JSON object of JSON pointer (RFC 6901) → value. A table without that
 * column drops it. Belongs to one thread.
 *
 * <p>Values are an {@code Object[]} in the order of the columns, null where there is none: text {@link String}, boolean {@link Boolean}, integer
 * {@link Integer}, long and instant {@link Long}, decimal {@link BigDecimal} of scale 18, struct {@code Object[]} with at least one value, list {@link List}
 * with at least one that is not null.
 */
public final class RowWriter {
  /** Places in an element of a list of leaves. */
  private static final int VALUE = 0, TEXT = 1, BEGIN = 2;
  private final Shape shape;
  /** Names and indexes from the row down to where we are. */
  private final List<Object> path = new ArrayList<>();
  private final List<Map.Entry<String, JsonNode>> rest = new ArrayList<>();

  public RowWriter(List<Column> columns) {
    this.shape = Shape.of(columns);
  }

  public Object[] values(ObjectNode row) {
    rest.clear();
    Object[] values = object(shape, row);
    if (values == null) values = new Object[shape.columns.size()];
    if (shape.rest != Shape.NONE && !rest.isEmpty()) values[shape.rest] = restText();
    return values;
  }

  /** Null when none of the fields found a place. */
  private Object[] object(Shape shape, ObjectNode node) {
    Object[] values = new Object[shape.columns.size()];
    boolean any = false;
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      path.add(field.getKey());
      if (field(shape, values, field.getKey(), field.getValue())) {
        any = true;
      } else {
        keep(field.getValue());
      }
      path.remove(path.size() - 1);
    }
    for (int choice : shape.choices.values()) {
      if (values[choice] != null) values[choice] = Json.text((JsonNode) values[choice]);
    }
    return any ? values : null;
  }

  /** False when the field has no place; then nothing of it stands in {@code values} or in the rest. */
  private boolean field(Shape shape, Object[] values, String name, JsonNode node) {
    Slot slot = shape.slots.get(name);
    if (slot instanceof Plain plain) return plain(plain, values, node);
    if (slot instanceof Nested nested) return put(values, nested.at(), nested(nested, node));
    if (slot instanceof Boxed boxed) return put(values, boxed.at(), boxed(boxed, node));
    if (slot instanceof Text text) return put(values, text.at(), node.isNull() ? null : Json.text(node));
    int choice = shape.choice(name);
    if (choice == Shape.NONE) return false;
    if (values[choice] == null) values[choice] = JsonNodeFactory.instance.objectNode();
    ((ObjectNode) values[choice]).set(name, node);
    return true;
  }

  private static boolean put(Object[] values, int at, Object value) {
    values[at] = value;
    return value != null;
  }

  private boolean plain(Plain plain, Object[] values, JsonNode node) {
    if (!plain.list()) return leaf(plain, values, node);
    if (!(node instanceof ArrayNode array)) return false;
    int mark = rest.size();
    Plain one = new Plain(VALUE, plain.kind(), false, plain.text() == Shape.NONE ? Shape.NONE : TEXT,
        plain.begin() == Shape.NONE ? Shape.NONE : BEGIN);
    Object[][] elements = new Object[array.size()][];
    boolean any = false;
    for (int i = 0; i < elements.length; i++) {
      elements[i] = new Object[BEGIN + 1];
      if (leaf(one, elements[i], array.get(i))) {
        any = true;
      } else {
        keepElement(i, array.get(i));
      }
    }
    if (!any) return forget(mark);
    column(values, plain.at(), elements, VALUE);
    column(values, plain.text(), elements, TEXT);
    column(values, plain.begin(), elements, BEGIN);
    return true;
  }

  /** The list of what stands in that place of each element, when anything does. */
  private static void column(Object[] values, int at, Object[][] elements, int place) {
    List<Object> list = new ArrayList<>(elements.length);
    boolean any = false;
    for (Object[] element : elements) {
      list.add(element[place]);
      any |= element[place] != null;
    }
    if (any) values[at] = list;
  }

  private static boolean leaf(Plain plain, Object[] values, JsonNode node) {
    if (plain.kind() == Kind.DECIMAL) return decimal(plain, values, node);
    Object value = value(plain.kind(), node);
    if (value == null || plain.at() == Shape.NONE) return false;
    values[plain.at()] = value;
    if (plain.begin() != Shape.NONE) values[plain.begin()] = Beginning.micros((String) value);
    return true;
  }

  private static boolean decimal(Plain plain, Object[] values, JsonNode node) {
    if (!node.isNumber()) return false;
    BigDecimal literal = Decimals.literal(node);
    BigDecimal column = plain.at() == Shape.NONE ? null : Decimals.column(literal);
    String text = Decimals.text(literal, column);
    if (plain.at() != Shape.NONE) values[plain.at()] = column;
    if (plain.text() != Shape.NONE) values[plain.text()] = text;
    return plain.text() != Shape.NONE || column != null;
  }

  /** Null when it is not one of this kind. */
  private static Object value(Kind kind, JsonNode node) {
    return switch (kind) {
      case TEXT -> node.isTextual() && Json.isUnicode(node.textValue()) ? node.textValue() : null;
      case BOOLEAN -> node.isBoolean() ? node.booleanValue() : null;
      case INTEGER -> node.isIntegralNumber() && node.canConvertToInt() ? node.intValue() : null;
      case LONG -> node.isIntegralNumber() && node.canConvertToLong() ? node.longValue() : null;
      case INSTANT -> node.isTextual() ? Beginning.micros(node.textValue()) : value(Kind.LONG, node);
      case DECIMAL -> throw new IllegalStateException("decimals have two columns");
    };
  }

  private Object nested(Nested nested, JsonNode node) {
    int mark = rest.size();
    if (!nested.list()) {
      Object[] one = node instanceof ObjectNode object ? object(nested.shape(), object) : null;
      if (one == null) forget(mark);
      return one;
    }
    if (!(node instanceof ArrayNode array)) return null;
    Object[] elements = new Object[array.size()];
    boolean any = false;
    for (int i = 0; i < elements.length; i++) {
      int before = rest.size();
      path.add(i);
      elements[i] = array.get(i) instanceof ObjectNode object ? object(nested.shape(), object) : null;
      if (elements[i] == null) forget(before);
      path.remove(path.size() - 1);
      if (elements[i] == null) keepElement(i, array.get(i));
      any |= elements[i] != null;
    }
    if (!any) forget(mark);
    return any ? Arrays.asList(elements) : null;
  }

  private Object boxed(Boxed boxed, JsonNode node) {
    if (!boxed.list()) return box(boxed, node);
    if (!(node instanceof ArrayNode array)) return null;
    int mark = rest.size();
    List<Object> elements = new ArrayList<>(array.size());
    boolean any = false;
    for (int i = 0; i < array.size(); i++) {
      Object element = box(boxed, array.get(i));
      if (element == null) keepElement(i, array.get(i));
      any |= element != null;
      elements.add(element);
    }
    if (!any) forget(mark);
    return any ? elements : null;
  }

  private static Object[] box(Boxed boxed, JsonNode node) {
    if (!(node instanceof ObjectNode object)) return null;
    Object[] values = new Object[boxed.fields().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i == boxed.json() ? Json.text(object) : value(Kind.TEXT, object.path(boxed.fields().get(i)));
    }
    return values;
  }

  private void keep(JsonNode node) {
    rest.add(Map.entry(Pointers.of(path), node));
  }

  /** The list holds null in its place, which is what a null is. */
  private void keepElement(int index, JsonNode node) {
    if (node.isNull()) return;
    path.add(index);
    keep(node);
    path.remove(path.size() - 1);
  }

  private boolean forget(int mark) {
    rest.subList(mark, rest.size()).clear();
    return false;
  }

  private String restText() {
    ObjectNode text = JsonNodeFactory.instance.objectNode();
    rest.forEach(entry -> text.set(entry.getKey(), entry.getValue()));
    return Json.text(text);
  }
}
