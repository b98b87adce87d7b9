package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.math.BigDecimal;

/**
 * The JSON that templates render. Any number of commas may stand where one belongs, before the first and behind the last; a character that begins nothing is
 * passed over; {@code ""}, {@code {}}, {@code []} and what becomes empty by their absence is left out. Null and false stay. A tab or line break inside a text is
 * taken as it is. What follows the first object is not looked at.
 */
public final class LooseJson {
  private static final int DEEPEST = 500;
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  private final String text;
  private int at;

  private LooseJson(String text) {
    this.text = text;
  }

  /** @throws ConversionException 1401 with the line and column of the rendered text */
  public static ObjectNode read(String text) {
    LooseJson reader = new LooseJson(text);
    reader.expect('{');
    JsonNode object = reader.object(1);
    return object == null ? NODES.objectNode() : (ObjectNode) object;
  }

  private JsonNode object(int depth) {
    ObjectNode object = NODES.objectNode();
    boolean first = true;
    while (next() != '}') {
      boolean comma = commas();
      if (next() == '}') break;
      if (!first && !comma) throw wrong("a comma is missing");
      first = false;
      expect('"');
      String name = string();
      expect(':');
      JsonNode value = value(depth);
      if (value != null) object.set(name, value);
    }
    at++;
    return object.isEmpty() ? null : object;
  }

  private JsonNode array(int depth) {
    ArrayNode array = NODES.arrayNode();
    boolean first = true;
    while (next() != ']') {
      boolean comma = commas();
      if (next() == ']') break;
      if (!first && !comma) throw wrong("a comma is missing");
      first = false;
      JsonNode value = value(depth);
      if (value != null) array.add(value);
    }
    at++;
    return array.isEmpty() ? null : array;
  }

  private boolean commas() {
    boolean any = false;
    for (; next() == ','; any = true) at++;
    return any;
  }

  private JsonNode value(int depth) {
    if (depth > DEEPEST) throw wrong("it nests deeper than " + DEEPEST);
    char one = next();
    at++;
    switch (one) {
      case '{' :
        return object(depth + 1);
      case '[' :
        return array(depth + 1);
      case '"' :
        String string = string();
        return string.isEmpty() ? null : NODES.textNode(string);
      case 't', 'f' :
        at += one == 't' ? 3 : 4;
        return NODES.booleanNode(one == 't');
      case 'n' :
        at += 3;
        return NODES.nullNode();
      case ',', ':', '}', ']', '\0' :
        at--;
        throw wrong("a value is missing");
      default :
        at--;
        return number();
    }
  }

  private JsonNode number() {
    int from = at++;
    if (text.charAt(from) == '-' || text.charAt(from) != '0') while (isDigit(at)) at++;
    if (at < text.length() && text.charAt(at) == '.' && isDigit(at + 1)) for (at++; isDigit(at);) at++;
    if (at < text.length() && (text.charAt(at) | 32) == 'e') exponent();
    BigDecimal number = new BigDecimal(text.substring(from, at));
    boolean whole = text.substring(from, at).chars().noneMatch(each -> each == '.' || (each | 32) == 'e');
    return whole ? NODES.numberNode(number.toBigInteger()) : NODES.numberNode(number);
  }

  private void exponent() {
    int sign = at + 1 < text.length() && (text.charAt(at + 1) == '-' || text.charAt(at + 1) == '+') ? 1 : 0;
    if (!isDigit(at + 1 + sign)) return;
    int end = at + 1 + sign;
    while (isDigit(end)) end++;
    if (end - at > 6) throw wrong("a number is too large");
    at = end;
  }

  private boolean isDigit(int index) {
    return index < text.length() && text.charAt(index) >= '0' && text.charAt(index) <= '9';
  }

  /** Behind the opening quote. */
  private String string() {
    int from = at;
    while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') at++;
    if (at < text.length() && text.charAt(at) == '"') return text.substring(from, at++);
    StringBuilder string = new StringBuilder().append(text, from, at);
    while (at < text.length()) {
      char one = text.charAt(at++);
      if (one == '"') return string.toString();
      string.append(one == '\\' ? escaped() : one);
    }
    at = from;
    throw wrong("a text is not ended");
  }

  private char escaped() {
    char one = at < text.length() ? text.charAt(at++) : '\0';
    return switch (one) {
      case '"', '\\', '/' -> one;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> hex();
      default -> throw wrong("an escape is none of JSON's");
    };
  }

  private char hex() {
    if (at + 4 > text.length()) throw wrong("an escape is not ended");
    int code = 0;
    for (int end = at + 4; at < end; at++) {
      int digit = Character.digit(text.charAt(at), 16);
      if (digit < 0) throw wrong("an escape is no hexadecimal number");
      code = code * 16 + digit;
    }
    return (char) code;
  }

  /** The next character that begins something; {@code '\0'} at the end. */
  private char next() {
    for (; at < text.length(); at++) {
      char one = text.charAt(at);
      if ("{}[],:\"".indexOf(one) >= 0 || one >= '0' && one <= '9') return one;
      if (one == '-' && isDigit(at + 1)) return one;
      if (text.startsWith("true", at) || text.startsWith("false", at) || text.startsWith("null", at)) return one;
    }
    return '\0';
  }

  private void expect(char wanted) {
    if (next() != wanted) throw wrong("'" + wanted + "' is missing");
    at++;
  }

  private ConversionException wrong(String why) {
    int line = 1 + (int) text.substring(0, Math.min(at, text.length())).chars().filter(each -> each == '\n').count();
    int column = at - text.lastIndexOf('\n', Math.max(0, Math.min(at, text.length()) - 1));
    return new ConversionException(ErrorCode.JSON_PARSING_ERROR,
        "what was rendered is no JSON at line " + line + ", column " + column + ": " + why);
  }
}
