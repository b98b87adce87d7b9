package io.caregrid.templates.jmespath;

import static io.caregrid.templates.jmespath.Function.ANY;
import static io.caregrid.templates.jmespath.Function.ANY_NUMBER;
import static io.caregrid.templates.jmespath.Function.ARRAY;
import static io.caregrid.templates.jmespath.Function.BOOLEAN;
import static io.caregrid.templates.jmespath.Function.INTEGER;
import static io.caregrid.templates.jmespath.Function.NULL;
import static io.caregrid.templates.jmespath.Function.NUMBER;
import static io.caregrid.templates.jmespath.Function.OBJECT;
import static io.caregrid.templates.jmespath.Function.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.templates.text.Numbers;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What users of the connector missed, beside {@code if} and {@code parseDate}. None of these names means anything in an old file.
 */
final class MoreFunctions {
  private static final int MOST_DIGITS = 15;
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  private MoreFunctions() {}

  static void addTo(Functions.Register functions) {
    functions.add("concat", 1, ANY_NUMBER, MoreFunctions::concat, STRING | NUMBER | BOOLEAN | NULL);
    functions.add("round", 1, 2, MoreFunctions::round, NUMBER, INTEGER);
    functions.add("lookup", 2, 3, MoreFunctions::lookup, OBJECT, STRING | NUMBER | BOOLEAN | NULL, ANY);
    functions.add("lower", 1, 1, a -> a.made(a.text(0).toLowerCase(Locale.ROOT)), STRING);
    functions.add("upper", 1, 1, a -> a.made(a.text(0).toUpperCase(Locale.ROOT)), STRING);
    functions.add("trim", 1, 1, a -> a.made(a.text(0).strip()), STRING);
    functions.add("replace", 3, 3, MoreFunctions::replace, STRING);
    functions.add("split", 2, 2, MoreFunctions::split, STRING);
    functions.add("substring", 2, 3, MoreFunctions::substring, STRING, INTEGER, INTEGER);
    functions.add("base64Text", 1, 1, a -> text(a, base64(a)), STRING);
    functions.add("hexText", 1, 1, a -> text(a, hex(a)), STRING);
    functions.add("base64Bytes", 1, 1, a -> numbers(a, base64(a)), STRING);
    functions.add("hexBytes", 1, 1, a -> numbers(a, hex(a)), STRING);
    functions.add("bytesToInteger", 1, 3, MoreFunctions::integer, ARRAY, BOOLEAN, BOOLEAN);
  }

  /** Null is no text: {@code concat('a', missing)} is {@code a}. */
  private static JsonNode concat(Arguments a) throws JmesPathFailure {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < a.size(); i++) {
      if (!a.at(i).isNull()) all.append(StandardFunctions.text(a, i).textValue());
      if (all.length() > Arguments.LONGEST_TEXT) break;
    }
    return a.made(all);
  }

  /** Half away from zero; without digits a whole number. */
  private static JsonNode round(Arguments a) throws JmesPathFailure {
    JsonNode number = a.at(0);
    long digits = a.size() < 2 ? 0 : a.at(1).longValue();
    if (digits < 0 || digits > MOST_DIGITS) throw a.wrongValue("expects argument 1 from 0 to " + MOST_DIGITS);
    if (Values.integer(number)) return number;
    if (!Double.isFinite(number.doubleValue())) return number;
    BigDecimal rounded = new BigDecimal(Numbers.text(number.doubleValue())).setScale((int) digits,
        RoundingMode.HALF_UP);
    boolean whole = digits == 0 && rounded.unscaledValue().bitLength() < Long.SIZE;
    return whole ? Values.of(rounded.longValue()) : Values.of(rounded.doubleValue());
  }

  /** The table's value for the key; the third argument, or null, when it has none. */
  private static JsonNode lookup(Arguments a) throws JmesPathFailure {
    JsonNode found = a.at(0).get(a.at(1).isNull() ? "" : StandardFunctions.text(a, 1).textValue());
    if (found != null) return found;
    return a.size() < 3 ? Values.NULL : a.at(2);
  }

  private static JsonNode replace(Arguments a) throws JmesPathFailure {
    if (a.text(1).isEmpty()) throw a.wrongValue("expects argument 1 not to be empty");
    String text = a.text(0);
    Search search = Search.of(a, 0, a.text(1));
    StringBuilder replaced = new StringBuilder(text.length());
    int from = 0;
    for (int to; (to = search.next(from)) >= 0; from = to + a.text(1).length()) {
      a.run().charge(1);
      replaced.append(text, from, to).append(a.text(2));
      if (replaced.length() > Arguments.LONGEST_TEXT) break;
    }
    return a.made(replaced.append(text, from, text.length()));
  }

  private static JsonNode split(Arguments a) throws JmesPathFailure {
    if (a.text(1).isEmpty()) throw a.wrongValue("expects argument 1 not to be empty");
    ArrayNode parts = Values.JSON.arrayNode();
    String text = a.text(0);
    int from = 0;
    Search search = Search.of(a, 0, a.text(1));
    for (int to; (to = search.next(from)) >= 0; from = to + a.text(1).length()) {
      a.run().charge(1);
      parts.add(text.substring(from, to));
    }
    return parts.add(text.substring(from));
  }

  /** From a position, 0-based, for a number of characters or to the end; what is beyond the text is cut off. */
  private static JsonNode substring(Arguments a) throws JmesPathFailure {
    String text = a.text(0);
    int size = text.codePointCount(0, text.length());
    long from = a.at(1).longValue();
    long count = a.size() < 3 ? size : a.at(2).longValue();
    if (from < 0 || count < 0) throw a.wrongValue("expects position and length not below 0");
    int first = (int) Math.min(from, size);
    int last = (int) Math.min(first + Math.min(count, size), size);
    return a.made(text.substring(text.offsetByCodePoints(0, first), text.offsetByCodePoints(0, last)));
  }

  /** Of either alphabet, with padding or without; blanks and line ends in it are skipped. */
  private static byte[] base64(Arguments a) throws JmesPathFailure {
    try {
      return Base64.getDecoder().decode(BLANKS.matcher(a.text(0)).replaceAll("").replace('-', '+').replace('_', '/'));
    } catch (IllegalArgumentException wrong) {
      throw a.wrongValue("expects argument 0 to be base64");
    }
  }

  private static byte[] hex(Arguments a) throws JmesPathFailure {
    try {
      return HexFormat.of().parseHex(a.text(0).replace(" ", "").replace(":", ""));
    } catch (IllegalArgumentException wrong) {
      throw a.wrongValue("expects argument 0 to be hexadecimal");
    }
  }

  private static JsonNode text(Arguments a, byte[] bytes) throws JmesPathFailure {
    try {
      return a.made(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)));
    } catch (CharacterCodingException wrong) {
      throw a.wrongValue("expects bytes that are UTF-8");
    }
  }

  private static JsonNode numbers(Arguments a, byte[] bytes) throws JmesPathFailure {
    a.run().charge(bytes.length);
    ArrayNode numbers = Values.JSON.arrayNode(bytes.length);
    for (byte one : bytes) numbers.add(one & 0xFF);
    return numbers;
  }

  /** {@code bytesToInteger(bytes, littleEndian, signed)}: 1 to 8 bytes, big-endian and unsigned unless told otherwise. */
  private static JsonNode integer(Arguments a) throws JmesPathFailure {
    JsonNode bytes = a.at(0);
    int size = bytes.size();
    boolean little = a.size() > 1 && a.at(1).booleanValue();
    boolean signed = a.size() > 2 && a.at(2).booleanValue();
    if (size < 1 || size > Long.BYTES) throw a.wrongValue("expects 1 to 8 bytes");
    long number = 0;
    for (int i = 0; i < size; i++) {
      JsonNode one = bytes.get(little ? size - 1 - i : i);
      if (!one.isIntegralNumber() || one.longValue() < 0 || one.longValue() > 0xFF)
        throw a.wrongValue("expects bytes from 0 to 255");
      number = number << Byte.SIZE | one.longValue();
    }
    int unused = Long.SIZE - size * Byte.SIZE;
    if (signed) return Values.of(number << unused >> unused);
    if (number < 0) throw a.wrongValue("gives a number beyond 64 bits");
    return Values.of(number);
  }
}
