package io.caregrid.templates.jmespath;

import static io.caregrid.templates.jmespath.Function.INTEGER;
import static io.caregrid.templates.jmespath.Function.NUMBER;
import static io.caregrid.templates.jmespath.Function.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.jmespath.Function.Two;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.function.DoubleBinaryOperator;

/**
 * The eight functions of the IoMT FHIR connector. Two integers give an integer: 64 bits, silently wrapping around, and {@code divide} cuts off towards zero.
 */
final class ConnectorFunctions {
  private static final double TOO_LARGE = 9.223372036854775807E18;
  private static final long LATEST = 253_402_300_799_999L;
  private static final long EARLIEST = -62_135_596_800_000L;

  private ConnectorFunctions() {}

  static void addTo(Functions.Register functions) {
    functions.ofTwo("add", arithmetic((left, right) -> left + right, Double::sum), NUMBER);
    functions.ofTwo("subtract", arithmetic((left, right) -> left - right, (left, right) -> left - right), NUMBER);
    functions.ofTwo("multiply", arithmetic((left, right) -> left * right, (left, right) -> left * right), NUMBER);
    functions.ofTwo("divide", arithmetic(ConnectorFunctions::quotient, (left, right) -> left / right), NUMBER);
    functions.ofTwo("pow", arithmetic(ConnectorFunctions::power, Math::pow), NUMBER);
    functions.add("insertString", 3, 3, ConnectorFunctions::insert, STRING, STRING, INTEGER);
    functions.add("fromUnixTimestamp", 1, 1, a -> time(a, 1_000), INTEGER);
    functions.add("fromUnixTimestampMs", 1, 1, a -> time(a, 1), INTEGER);
  }

  @FunctionalInterface
  private interface Whole {
    long of(long left, long right) throws JmesPathFailure;
  }

  private static Two arithmetic(Whole whole, DoubleBinaryOperator real) {
    return (left, right) -> Values.integer(left) && Values.integer(right)
        ? Values.of(whole.of(left.longValue(), right.longValue()))
        : Values.of(real.applyAsDouble(left.doubleValue(), right.doubleValue()));
  }

  private static long quotient(long left, long right) throws JmesPathFailure {
    if (right == 0) throw JmesPathFailure.value("divide", "cannot divide by zero");
    return left / right;
  }

  private static long power(long left, long right) throws JmesPathFailure {
    double power = Math.rint(Math.pow(left, right));
    if (!(Math.abs(power) < TOO_LARGE)) throw JmesPathFailure.value("pow", "gives a number beyond 64 bits");
    return (long) power;
  }

  private static JsonNode insert(Arguments a) throws JmesPathFailure {
    String text = a.text(0);
    long position = a.at(2).longValue();
    if (position < 0 || position > text.codePointCount(0, text.length())) {
      throw a.wrongValue("expects argument 2 to be a position from 0 to the text's length");
    }
    return a.made(new StringBuilder(text).insert(text.offsetByCodePoints(0, (int) position), a.text(1)));
  }

  private static JsonNode time(Arguments a, int millis) throws JmesPathFailure {
    long number = a.at(0).longValue();
    if (number > LATEST / millis || number < EARLIEST / millis)
      throw a.wrongValue("expects a time in the years 1 to 9999");
    return Values.of(Timestamps.shortest(Instant.ofEpochMilli(number * millis)));
  }
}
