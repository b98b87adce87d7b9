package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One function.
 *
 * @param least  arguments
 * @param most   arguments; {@link #ANY_NUMBER} when there is no limit
 * @param kinds  what each argument may be, a sum of the constants here; the last counts for all that follow
 */
record Function(String name, int least, int most, int[] kinds, Body body) {

  static final int ANY_NUMBER = Integer.MAX_VALUE;
  static final int STRING = 1;
  static final int INTEGER = 2;
  static final int FLOAT = 4;
  static final int BOOLEAN = 8;
  static final int ARRAY = 16;
  static final int OBJECT = 32;
  static final int NULL = 64;
  static final int EXPRESSION = 128;
  static final int NUMBER = INTEGER | FLOAT;
  static final int ANY = STRING | NUMBER | BOOLEAN | ARRAY | OBJECT | NULL;
  private static final String[] TITLES = {"String", "Integer", "Float", "Boolean", "Array", "Object", "Null",
    "Expression"};

  /** What it does, with arguments of the right kinds. */
  sealed interface Body permits Any, One, Two {}

  @FunctionalInterface
  non-sealed interface Any extends Body {
    JsonNode call(Arguments arguments) throws JmesPathFailure;
  }

  /** Of one argument and nothing else, which needs no {@link Arguments}. */
  @FunctionalInterface
  non-sealed interface One extends Body {
    JsonNode call(JsonNode argument) throws JmesPathFailure;
  }

  /** Likewise of two. */
  @FunctionalInterface
  non-sealed interface Two extends Body {
    JsonNode call(JsonNode left, JsonNode right) throws JmesPathFailure;
  }

  /** The call of it. */
  Expr of(Expr... arguments) {
    if (body instanceof One one) return new Expr.CallOfOne(this, one, arguments[0]);
    if (body instanceof Two two) return new Expr.CallOfTwo(this, two, arguments[0], arguments[1]);
    return new Expr.Call(this, (Any) body, arguments);
  }

  int kind(int argument) {
    return kinds[Math.min(argument, kinds.length - 1)];
  }

  /** The value, when the argument may be of its kind. */
  JsonNode checked(int argument, JsonNode value) throws JmesPathFailure {
    if ((kind(argument) & kindOf(value)) != 0) return value;
    throw new JmesPathFailure("invalid-type", "Error: invalid-type, function " + name + " expects argument " + argument
        + " to be one of the following: " + titles(kind(argument)));
  }

  private static int kindOf(JsonNode value) {
    if (value instanceof DoubleNode) return FLOAT;
    if (value instanceof TextNode) return STRING;
    return switch (value.getNodeType()) {
      case STRING -> STRING;
      case NUMBER -> Values.integer(value) ? INTEGER : FLOAT;
      case BOOLEAN -> BOOLEAN;
      case ARRAY -> ARRAY;
      case OBJECT -> OBJECT;
      default -> NULL;
    };
  }

  private static String titles(int kinds) {
    List<String> titles = new ArrayList<>();
    for (int i = 0; i < TITLES.length; i++) {
      if ((kinds >> i & 1) != 0) titles.add(TITLES[i]);
    }
    return String.join("|", titles);
  }
}
