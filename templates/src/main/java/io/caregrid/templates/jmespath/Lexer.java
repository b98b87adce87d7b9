package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;

/** Cuts an expression into tokens. */
final class Lexer {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();
  private static final String[] SIGNS = {"[?", "[]", "||", "&&", "==", "!=", "<=", ">=", ".", "*", "[", "]", "{", "}",
    "(", ")", ",", ":", "|", "&", "!", "<", ">", "@", "$"};
  private final String text;
  private int at;

  /** What a token is. {@code END} stands behind the last. */
  enum Kind {
    NAME, QUOTED, NUMBER, LITERAL, SIGN, END
  }

  /**
   * @param text  the name, the sign, or the number as written
   * @param value of a literal
   * @param at    0-based position
   */
  record Token(Kind kind, String text, JsonNode value, int at) {
    boolean is(String sign) {
      return kind == Kind.SIGN && text.equals(sign);
    }
  }

  Lexer(String text) {
    this.text = text;
  }

  List<Token> tokens() {
    List<Token> tokens = new ArrayList<>();
    while (true) {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
      if (at == text.length()) break;
      tokens.add(token());
    }
    tokens.add(new Token(Kind.END, "the end", null, at));
    return tokens;
  }

  private Token token() {
    int start = at;
    char c = text.charAt(at);
    if (nameStart(c)) return new Token(Kind.NAME, run(Lexer::namePart), null, start);
    if (c == '-' || digit(c)) return number(start);
    if (c == '"') return new Token(Kind.QUOTED, json(quoted('"', true), start).textValue(), null, start);
    if (c == '\'') return literal(Values.of(quoted('\'', false).replace("\\'", "'")), start);
    if (c == '`') return literal(backticked(start), start);
    for (String sign : SIGNS) {
      if (text.startsWith(sign, at)) {
        at += sign.length();
        return new Token(Kind.SIGN, sign, null, start);
      }
    }
    throw error(start, "unexpected '" + c + "'");
  }

  private static Token literal(JsonNode value, int start) {
    return new Token(Kind.LITERAL, "a literal", value, start);
  }

  private Token number(int start) {
    at++;
    run(Lexer::digit);
    String number = text.substring(start, at);
    if (number.equals("-")) throw error(start, "a number is expected after '-'");
    return new Token(Kind.NUMBER, number, null, start);
  }

  private String run(java.util.function.IntPredicate part) {
    int start = at;
    while (at < text.length() && part.test(text.charAt(at))) at++;
    return text.substring(start, at);
  }

  /** From one quote to the next; backslashes stay. */
  private String quoted(char quote, boolean withQuotes) {
    int start = at;
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == quote) {
        at++;
        return withQuotes ? text.substring(start, at) : text.substring(start + 1, at - 1);
      }
    }
    throw error(start, quote + " is not closed");
  }

  /** JSON, or as in files written for older parsers a text without its quotes. */
  private JsonNode backticked(int start) {
    String written = quoted('`', false).replace("\\`", "`").strip();
    try {
      return JSON.readTree(written.isEmpty() ? "\"\"" : written);
    } catch (JsonProcessingException noJson) {
      if ("\"[{".indexOf(written.charAt(0)) < 0) return json('"' + written.replace("\"", "\\\"") + '"', start);
      throw error(start, "what stands between the backticks is no JSON");
    }
  }

  private JsonNode json(String written, int start) {
    try {
      return JSON.readTree(written);
    } catch (JsonProcessingException noJson) {
      throw error(start, "a text with a wrong escape or control character");
    }
  }

  private JmesPathSyntaxException error(int position, String what) {
    return new JmesPathSyntaxException(text, position, what);
  }

  private static boolean nameStart(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
  }

  private static boolean namePart(int c) {
    return nameStart(c) || digit(c);
  }

  private static boolean digit(int c) {
    return c >= '0' && c <= '9';
  }
}
