package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.node.NumericNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;

/** A decimal as its writer wrote it: {@code 1.10}, {@code 1e2} and {@code 0.00000001} stay what they are. Its value is made when somebody asks for it. */
final class Digits extends NumericNode {
  private static final long serialVersionUID = 1;
  private final String text;
  private transient BigDecimal value;

  /** @param text a number as JSON writes it (RFC 8259 section 6) */
  Digits(String text) {
    this.text = text;
  }

  /** Written out without exponent it has too many. Cheap whatever the exponent is. */
  boolean isTooLong() {
    if (text.length() > Primitive.MOST_DIGITS) return true;
    int mark = Math.max(text.indexOf('e'), text.indexOf('E'));
    if (mark < 0) return false;
    if (text.length() - mark > 6) return true;
    return text.length() + Math.abs(Integer.parseInt(text.substring(mark + 1))) > Primitive.MOST_DIGITS;
  }

  @Override
  public BigDecimal decimalValue() {
    BigDecimal known = value;
    if (known == null) {
      known = new BigDecimal(text);
      value = known;
    }
    return known;
  }

  @Override
  public JsonParser.NumberType numberType() {
    return JsonParser.NumberType.BIG_DECIMAL;
  }

  @Override
  public JsonToken asToken() {
    return JsonToken.VALUE_NUMBER_FLOAT;
  }

  @Override
  public Number numberValue() {
    return decimalValue();
  }

  @Override
  public int intValue() {
    return decimalValue().intValue();
  }

  @Override
  public long longValue() {
    return decimalValue().longValue();
  }

  @Override
  public double doubleValue() {
    return decimalValue().doubleValue();
  }

  @Override
  public float floatValue() {
    return decimalValue().floatValue();
  }

  @Override
  public BigInteger bigIntegerValue() {
    return decimalValue().toBigInteger();
  }

  @Override
  public boolean isBigDecimal() {
    return true;
  }

  @Override
  public boolean isFloatingPointNumber() {
    return true;
  }

  @Override
  public boolean canConvertToInt() {
    return decimalValue().compareTo(BigDecimal.valueOf(Integer.MIN_VALUE)) >= 0
        && decimalValue().compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) <= 0;
  }

  @Override
  public boolean canConvertToLong() {
    return decimalValue().compareTo(BigDecimal.valueOf(Long.MIN_VALUE)) >= 0
        && decimalValue().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
  }

  @Override
  public boolean canConvertToExactIntegral() {
    return decimalValue().signum() == 0 || decimalValue().stripTrailingZeros().scale() <= 0;
  }

  @Override
  public String asText() {
    return text;
  }

  @Override
  public void serialize(JsonGenerator out, SerializerProvider provider) throws IOException {
    out.writeNumber(text);
  }

  /** The same digits: 1.0 and 1.00 are two values in FHIR (datatypes.html#decimal). */
  @Override
  public boolean equals(Object other) {
    return other instanceof Digits digits && digits.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }
}
