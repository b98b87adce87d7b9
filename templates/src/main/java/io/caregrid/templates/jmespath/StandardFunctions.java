package io.caregrid.templates.jmespath;

import static io.caregrid.templates.jmespath.Function.ANY;
import static io.caregrid.templates.jmespath.Function.ANY_NUMBER;
import static io.caregrid.templates.jmespath.Function.ARRAY;
import static io.caregrid.templates.jmespath.Function.EXPRESSION;
import static io.caregrid.templates.jmespath.Function.NUMBER;
import static io.caregrid.templates.jmespath.Function.OBJECT;
import static io.caregrid.templates.jmespath.Function.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.text.Numbers;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** The functions of the JMESPath specification. */
final class StandardFunctions {
  /** Sorted elements with the values they are sorted by. */
  private record Keyed(JsonNode key, JsonNode item) {}

  private static final Comparator<Keyed> BY_KEY = (one, other) -> one.key.isNumber()
      ? Values.order(one.key, other.key)
      : one.key.textValue().compareTo(other.key.textValue());

  private StandardFunctions() {}

  static void addTo(Functions.Register functions) {
    functions.ofOne("abs",
        n -> Values.integer(n) ? Values.of(Math.abs(n.longValue())) : Values.of(Math.abs(n.doubleValue())), NUMBER);
    functions.add("avg", 1, 1, StandardFunctions::average, ARRAY);
    functions.ofOne("ceil", n -> whole(n, Math::ceil), NUMBER);
    functions.ofOne("floor", n -> whole(n, Math::floor), NUMBER);
    functions.add("sum", 1, 1, StandardFunctions::sum, ARRAY);
    functions.add("contains", 2, 2, StandardFunctions::contains, ARRAY | STRING, ANY);
    functions.ofTwo("starts_with", (text, part) -> Values.of(text.textValue().startsWith(part.textValue())), STRING);
    functions.ofTwo("ends_with", (text, part) -> Values.of(text.textValue().endsWith(part.textValue())), STRING);
    functions.add("join", 2, 2, StandardFunctions::join, STRING, ARRAY);
    functions.add("keys", 1, 1, StandardFunctions::keys, OBJECT);
    functions.add("values", 1, 1, StandardFunctions::values, OBJECT);
    functions.ofOne("length", value -> Values.of((long) length(value)), STRING | ARRAY | OBJECT);
    functions.add("map", 2, 2, StandardFunctions::map, EXPRESSION, ARRAY);
    functions.add("max", 1, 1, a -> extreme(a, false, 1), ARRAY);
    functions.add("min", 1, 1, a -> extreme(a, false, -1), ARRAY);
    functions.add("max_by", 2, 2, a -> extreme(a, true, 1), ARRAY, EXPRESSION);
    functions.add("min_by", 2, 2, a -> extreme(a, true, -1), ARRAY, EXPRESSION);
    functions.add("sort", 1, 1, a -> sort(a, false), ARRAY);
    functions.add("sort_by", 2, 2, a -> sort(a, true), ARRAY, EXPRESSION);
    functions.add("merge", 1, ANY_NUMBER, StandardFunctions::merge, OBJECT);
    functions.add("not_null", 1, ANY_NUMBER, StandardFunctions::notNull, ANY);
    functions.add("reverse", 1, 1, StandardFunctions::reverse, STRING | ARRAY);
    functions.ofOne("to_array", value -> value.isArray() ? value : Values.JSON.arrayNode(1).add(value), ANY);
    functions.ofOne("to_number", StandardFunctions::number, ANY);
    functions.add("to_string", 1, 1, StandardFunctions::string, ANY);
    functions.ofOne("type", value -> Values.of(Values.type(value)), ANY);
  }

  private static JsonNode whole(JsonNode number, DoubleUnaryOperator rounding) {
    if (number.isIntegralNumber()) return number;
    double rounded = rounding.applyAsDouble(number.doubleValue());
    return Math.abs(rounded) < 9e15 ? Values.of((long) rounded) : Values.of(rounded);
  }

  private static JsonNode average(Arguments a) throws JmesPathFailure {
    a.allAre(0, "number");
    if (a.at(0).isEmpty()) return Values.NULL;
    double sum = 0;
    for (JsonNode item : a.at(0)) sum += item.doubleValue();
    return Values.of(sum / a.at(0).size());
  }

  private static JsonNode sum(Arguments a) throws JmesPathFailure {
    a.allAre(0, "number");
    boolean whole = true;
    long integers = 0;
    double reals = 0;
    for (JsonNode item : a.at(0)) {
      whole &= Values.integer(item);
      integers += item.longValue();
      reals += item.doubleValue();
    }
    return whole ? Values.of(integers) : Values.of(reals);
  }

  private static JsonNode contains(Arguments a) throws JmesPathFailure {
    JsonNode wanted = a.at(1);
    if (a.at(0).isTextual()) return Values.of(wanted.isTextual() && Search.of(a, 0, wanted.textValue()).next(0) >= 0);
    for (JsonNode item : a.at(0)) {
      if (Values.same(item, wanted, a.run())) return Values.of(true);
    }
    return Values.of(false);
  }

  private static JsonNode join(Arguments a) throws JmesPathFailure {
    a.allAre(1, "string");
    StringBuilder joined = new StringBuilder();
    for (JsonNode item : a.at(1)) {
      if (!joined.isEmpty() || item != a.at(1).get(0)) joined.append(a.text(0));
      joined.append(item.textValue());
      if (joined.length() > Arguments.LONGEST_TEXT) break;
    }
    return a.made(joined);
  }

  private static JsonNode keys(Arguments a) throws JmesPathFailure {
    a.run().charge(a.at(0).size());
    ArrayNode keys = Values.JSON.arrayNode();
    a.at(0).fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  private static JsonNode values(Arguments a) throws JmesPathFailure {
    a.run().charge(a.at(0).size());
    ArrayNode values = Values.JSON.arrayNode();
    a.at(0).forEach(values::add);
    return values;
  }

  private static int length(JsonNode value) {
    return value.isTextual() ? value.textValue().codePointCount(0, value.textValue().length()) : value.size();
  }

  private static JsonNode map(Arguments a) throws JmesPathFailure {
    ArrayNode mapped = Values.JSON.arrayNode();
    for (JsonNode item : a.at(1)) mapped.add(a.apply(0, item));
    return mapped;
  }

  private static JsonNode extreme(Arguments a, boolean by, int sign) throws JmesPathFailure {
    Keyed best = null;
    for (Keyed one : keyed(a, by)) {
      if (best == null || sign * BY_KEY.compare(one, best) > 0) best = one;
    }
    return best == null ? Values.NULL : best.item;
  }

  private static JsonNode sort(Arguments a, boolean by) throws JmesPathFailure {
    List<Keyed> sorted = keyed(a, by);
    sorted.sort(BY_KEY);
    ArrayNode items = Values.JSON.arrayNode(sorted.size());
    sorted.forEach(one -> items.add(one.item));
    return items;
  }

  /** Keys are all numbers or all texts. */
  private static List<Keyed> keyed(Arguments a, boolean by) throws JmesPathFailure {
    List<Keyed> all = new ArrayList<>(a.at(0).size());
    String kind = null;
    for (JsonNode item : a.at(0)) {
      JsonNode key = by ? a.apply(1, item) : item;
      a.run().charge(key.isTextual() ? 4 + key.textValue().length() / 16 : 4);
      String type = Values.type(key);
      if (kind == null && (key.isNumber() || key.isTextual())) kind = type;
      if (!type.equals(kind)) throw a.wrongType("can order numbers or strings, and not both at once");
      all.add(new Keyed(key, item));
    }
    return all;
  }

  private static JsonNode merge(Arguments a) throws JmesPathFailure {
    ObjectNode merged = Values.JSON.objectNode();
    for (JsonNode object : a.values()) {
      a.run().charge(object.size());
      merged.setAll((ObjectNode) object);
    }
    return merged;
  }

  private static JsonNode notNull(Arguments a) {
    for (JsonNode value : a.values()) {
      if (!value.isNull()) return value;
    }
    return Values.NULL;
  }

  private static JsonNode reverse(Arguments a) throws JmesPathFailure {
    if (a.at(0).isTextual()) return a.made(new StringBuilder(a.text(0)).reverse());
    a.run().charge(a.at(0).size());
    List<JsonNode> items = new ArrayList<>();
    a.at(0).forEach(items::add);
    Collections.reverse(items);
    return Values.JSON.arrayNode().addAll(items);
  }

  /** Of a text: 64 bits when it is whole and fits, else a double, else null. */
  static JsonNode number(JsonNode value) {
    if (value instanceof NumericNode) return value;
    BigDecimal number = value.isTextual() ? Numbers.decimal(value.textValue()) : null;
    if (number == null) return Values.NULL;
    boolean whole = number.scale() == 0 && number.unscaledValue().bitLength() < Long.SIZE;
    if (whole) return Values.of(number.longValue());
    double real = number.doubleValue();
    return Double.isInfinite(real) ? Values.NULL : Values.of(real);
  }

  private static JsonNode string(Arguments a) throws JmesPathFailure {
    return text(a, 0);
  }

  /** A text as it is, a number as mappings write it, anything else as JSON. */
  static JsonNode text(Arguments a, int index) throws JmesPathFailure {
    JsonNode value = a.at(index);
    if (value.isTextual()) return value;
    if (value.isNumber() && !value.isIntegralNumber()) return Values.of(Numbers.text(value.doubleValue()));
    a.fits(value);
    return a.made(value.toString());
  }
}
