package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * FHIR decimals and a column of decimal(38,18). FHIR R4 datatypes.html#decimal: the precision is part of the value, {@code 0.010} is not {@code 0.01}; so
 * what the column cannot say goes beside it as text.
 */
final class Decimals {
  static final int SCALE = ParquetTypes.SCALE;
  private static final int DIGITS_BEFORE_POINT = ParquetTypes.PRECISION - SCALE;

  private Decimals() {}

  /** The literal, as far as the tree still knows it. */
  static BigDecimal literal(JsonNode number) {
    return number.isFloat() ? new BigDecimal(number.asText()) : number.decimalValue();
  }

  /** What the column holds: rounded to 18 places, half to even; null when there are more than 20 digits before the point. */
  static BigDecimal column(BigDecimal literal) {
    if (literal.signum() == 0) return BigDecimal.ZERO.setScale(SCALE);
    long before = (long) literal.precision() - literal.scale();
    if (before > DIGITS_BEFORE_POINT) return null;
    if (before < -SCALE) return BigDecimal.ZERO.setScale(SCALE);
    BigDecimal rounded = literal.setScale(SCALE, RoundingMode.HALF_EVEN);
    return rounded.precision() > ParquetTypes.PRECISION ? null : rounded;
  }

  /** The literal, when {@code column} does not give it back by {@link #node}; else null. */
  static String text(BigDecimal literal, BigDecimal column) {
    int scale = literal.scale();
    boolean same = column != null && (scale == 0 || scale > 0 && scale <= SCALE && !endsWithZero(literal));
    return same ? null : literal.toString();
  }

  private static boolean endsWithZero(BigDecimal literal) {
    return literal.precision() < 19
        ? literal.unscaledValue().longValue() % 10 == 0
        : literal.unscaledValue().mod(BigInteger.TEN).signum() == 0;
  }

  /** Column and text back as JSON; either may be null, not both. */
  static JsonNode node(BigDecimal column, String text) {
    if (text == null) {
      BigDecimal plain = column.stripTrailingZeros();
      return plain.scale() <= 0 ? whole(plain.toBigInteger()) : DecimalNode.valueOf(plain);
    }
    boolean whole = text.chars().allMatch(c -> c == '-' || c >= '0' && c <= '9');
    return whole ? whole(new BigInteger(text)) : DecimalNode.valueOf(new BigDecimal(text));
  }

  /** As Jackson reads it. */
  private static JsonNode whole(BigInteger number) {
    if (number.bitLength() < Integer.SIZE) return IntNode.valueOf(number.intValue());
    return number.bitLength() < Long.SIZE ? LongNode.valueOf(number.longValue()) : BigIntegerNode.valueOf(number);
  }
}
