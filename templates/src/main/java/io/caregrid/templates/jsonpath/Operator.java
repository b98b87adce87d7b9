package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import java.math.BigDecimal;

/**
 * Comparisons of a filter. Text is compared code unit by code unit, numbers by value; a container or a property token satisfies {@code !=} only.
 * In an order comparison, text beside a number or truth value is read as one; when that fails the test fails.
 */
enum Operator {
  STRICT_EQUAL("==="),
  EQUAL("=="),
  STRICT_UNEQUAL("!=="),
  UNEQUAL("!="),
  UNEQUAL_OLD("<>"),
  AT_MOST("<="),
  BELOW("<"),
  AT_LEAST(">="),
  ABOVE(">");

  private static final double EPSILON = 2.2204460492503131E-16;
  /** As many characters as Jackson reads of a number. */
  static final int LONGEST_NUMBER = 1_000;
  final String written;

  Operator(String written) {
    this.written = written;
  }

  boolean holds(JsonNode left, JsonNode right) {
    if (!scalar(left) || !scalar(right)) return this == UNEQUAL || this == UNEQUAL_OLD;
    return switch (this) {
      case STRICT_EQUAL, EQUAL -> equal(left, right);
      case STRICT_UNEQUAL, UNEQUAL, UNEQUAL_OLD -> !equal(left, right);
      case AT_MOST, BELOW, AT_LEAST, ABOVE -> ordered(left, right);
    };
  }

  private boolean ordered(JsonNode left, JsonNode right) {
    Integer order = order(left, right);
    if (order == null) return false;
    return switch (this) {
      case AT_MOST -> order <= 0;
      case BELOW -> order < 0;
      case AT_LEAST -> order >= 0;
      default -> order > 0;
    };
  }

  private static boolean scalar(JsonNode token) {
    return !token.isContainerNode() && !Step.isProperty(token);
  }

  private static boolean equal(JsonNode left, JsonNode right) {
    JsonNodeType type = left.getNodeType();
    if (type != right.getNodeType()) return false;
    return switch (type) {
      case STRING -> left.textValue().equals(right.textValue());
      case NUMBER -> numbers(left, right) == 0;
      case BOOLEAN -> left.booleanValue() == right.booleanValue();
      default -> true;
    };
  }

  /** Null when the two cannot be ordered. */
  private static Integer order(JsonNode left, JsonNode right) {
    if (left.isNull() || right.isNull()) return Boolean.compare(right.isNull(), left.isNull());
    if (left.isTextual() && right.isTextual()) return left.textValue().compareTo(right.textValue());
    BigDecimal one = number(left);
    BigDecimal other = number(right);
    if (one == null || other == null) return null;
    return left.isNumber() && right.isNumber() ? numbers(left, right) : one.compareTo(other);
  }

  private static int numbers(JsonNode left, JsonNode right) {
    if (left.canConvertToLong() && left.isIntegralNumber() && right.canConvertToLong() && right.isIntegralNumber()) {
      return Long.compare(left.longValue(), right.longValue());
    }
    if (left.isIntegralNumber() && right.isIntegralNumber()) {
      return left.bigIntegerValue().compareTo(right.bigIntegerValue());
    }
    double one = left.doubleValue();
    double other = right.doubleValue();
    double tolerance = (Math.abs(one) + Math.abs(other) + 10) * EPSILON;
    return Math.abs(one - other) < tolerance ? 0 : Double.compare(one, other);
  }

  private static BigDecimal number(JsonNode token) {
    if (token.isBoolean()) return token.booleanValue() ? BigDecimal.ONE : BigDecimal.ZERO;
    String text = token.asText();
    if (text.length() > LONGEST_NUMBER) return null;
    try {
      return new BigDecimal(text.strip());
    } catch (NumberFormatException notANumber) {
      return null;
    }
  }
}
