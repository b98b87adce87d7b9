package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.math.BigDecimal;

/**
 * The JSON that templates render. Any number of commas may stand where one belongs, before the first and behind the last;
 * {@code ""}, {@code {}}, {@code []} and what becomes empty by their absence is left out. Null and false stay. A tab or line break inside a text is
 * taken as it is, and so are the numbers {@code .5}, {@code 5.} and {@code +5}; a stop behind an object or list is passed over. What stands before the first object, or follows it, is not looked at; inside of it,
 * whatever is no JSON is an error, since what is left of {@code <5} or {@code 5 mg} would be another value.
 */
public final class LooseJson {
  private static final int DEEPEST = 500;
  private static final int LONGEST_NUMBER = 100;
  private static final int LARGEST_EXPONENT = 400;
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  private final String text;
  private int at;

  private LooseJson(String text) {
    this.text = text;
  }

  /** @throws ConversionException 1401 with the line and column of the rendered text */
  public static ObjectNode read(String text) {
    LooseJson reader = new LooseJson(text);
    reader.at = Math.max(0, text.indexOf('{'));
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
    end();
    return object.isEmpty() ? null : object;
  }

  /** A stop that stands where a comma belongs, behind an object or list, changes neither. */
  private void end() {
    at++;
    while (next() == '.') at++;
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
    end();
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
      case 't' :
        return word("true", NODES.booleanNode(true));
      case 'f' :
        return word("false", NODES.booleanNode(false));
      case 'n' :
        return word("null", NODES.nullNode());
      default :
        at--;
        return number();
    }
  }

  private JsonNode word(String word, JsonNode meaning) {
    at--;
    if (!text.startsWith(word, at)) throw wrong("this is no value");
    at += word.length();
    return meaning;
  }

  private JsonNode number() {
    int from = at;
    if (at < text.length() && (text.charAt(at) == '-' || text.charAt(at) == '+')) at++;
    int whole = at;
    if (at < text.length() && text.charAt(at) == '0') at++;
    else digits();
    int fraction = at;
    if (at < text.length() && text.charAt(at) == '.' && (fraction > whole || isDigit(at + 1))) {
      at++;
      digits();
    }
    if (at == whole)
      throw wrong(",:}]".indexOf(next()) >= 0 || next() == '\0' ? "a value is missing" : "this is no value");
    int end = at;
    if (at < text.length() && (text.charAt(at) | 32) == 'e') exponent();
    if (at - from > LONGEST_NUMBER) throw wrong("a number is longer than " + LONGEST_NUMBER + " characters");
    BigDecimal number = new BigDecimal(text.substring(from, at));
    return end == fraction && at == end ? NODES.numberNode(number.toBigInteger()) : NODES.numberNode(number);
  }

  private void digits() {
    while (isDigit(at)) at++;
  }

  private void exponent() {
    int from = at + 1;
    if (from < text.length() && (text.charAt(from) == '-' || text.charAt(from) == '+')) from++;
    int end = from;
    while (isDigit(end)) end++;
    if (end == from) return;
    if (end - from > 3 || Integer.parseInt(text.substring(from, end)) > LARGEST_EXPONENT)
      throw wrong("a number is too large or too small");
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

  /** The next character that is no white space; {@code '\0'} at the end. */
  private char next() {
    for (; at < text.length(); at++) {
      char one = text.charAt(at);
      if (!Character.isWhitespace(one) && !Character.isSpaceChar(one) && one != '\uFEFF') return one;
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
