package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.TextNode;

/** What the specification says of values: truth, equality, order. */
final class Values {
  static final JsonNode NULL = NullNode.getInstance();
  static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Values() {}

  static JsonNode orNull(JsonNode value) {
    return value == null ? NULL : value;
  }

  /** False for null, false, and what is empty. */
  static boolean truthy(JsonNode value) {
    if (value instanceof NumericNode) return true;
    return switch (value.getNodeType()) {
      case STRING -> !value.textValue().isEmpty();
      case ARRAY, OBJECT -> !value.isEmpty();
      case BOOLEAN -> value.booleanValue();
      case NUMBER -> true;
      default -> false;
    };
  }

  /** Numbers by value, objects without regard to order. */
  static boolean same(JsonNode one, JsonNode other, Run run) throws JmesPathFailure {
    run.charge(one.isTextual() ? 1 + one.textValue().length() / 16 : 1);
    if (one.isNumber() && other.isNumber()) return order(one, other) == 0;
    if (one.getNodeType() != other.getNodeType() || one.size() != other.size()) return false;
    if (one.isArray()) {
      for (int i = 0; i < one.size(); i++) {
        if (!same(one.get(i), other.get(i), run)) return false;
      }
      return true;
    }
    if (!one.isObject()) return one.equals(other);
    for (var member : one.properties()) {
      JsonNode there = other.get(member.getKey());
      if (there == null || !same(member.getValue(), there, run)) return false;
    }
    return true;
  }

  /** Of two numbers. */
  static int order(JsonNode one, JsonNode other) {
    if (integer(one) && integer(other)) return Long.compare(one.longValue(), other.longValue());
    if (one.isIntegralNumber() && other.isIntegralNumber())
      return one.bigIntegerValue().compareTo(other.bigIntegerValue());
    return Double.compare(one.doubleValue() + 0.0, other.doubleValue() + 0.0);
  }

  /** Whole and within 64 bits. */
  static boolean integer(JsonNode value) {
    if (value instanceof DoubleNode) return false;
    return value.isIntegralNumber() && value.canConvertToLong();
  }

  static JsonNode of(long number) {
    return LongNode.valueOf(number);
  }

  static JsonNode of(double number) {
    return DoubleNode.valueOf(number);
  }

  static JsonNode of(String text) {
    return JSON.textNode(text);
  }

  static JsonNode of(boolean truth) {
    return BooleanNode.valueOf(truth);
  }

  /** Of a text; of anything else none. */
  static int characters(JsonNode value) {
    return value instanceof TextNode text ? text.textValue().length() : 0;
  }

  static String type(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> "string";
      case NUMBER -> "number";
      case BOOLEAN -> "boolean";
      case ARRAY -> "array";
      case OBJECT -> "object";
      default -> "null";
    };
  }
}
