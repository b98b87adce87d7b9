package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Source text into pieces: plain text, {@code {{ output }}} and {@code {% tag %}}.
 *
 * <p>White space: {@code -%}} and {@code -}}} take away one line break <em>or</em> one run of spaces and tabs behind them, never both; {@code {%-} takes away
 * spaces and tabs before it. Quotes inside a tag hide its end.
 */
final class Lexer {
  enum Kind {
    TEXT, OUTPUT, TAG
  }

  /** @param text the plain text, or what stands between the braces */
  record Token(Kind kind, String text, int line) {
    String name() {
      Scan scan = new Scan(text);
      scan.spaces();
      String word = scan.word();
      return word == null ? "" : word;
    }

    String markup() {
      Scan scan = new Scan(text);
      scan.spaces();
      if (scan.word() == null) return "";
      scan.spaces();
      return scan.rest();
    }
  }

  private static final Pattern END_COMMENT = Pattern.compile("\\{%-?\\s*endcomment\\s*%\\}");
  private static final Pattern END_RAW = Pattern.compile("\\{%-?\\s*endraw\\s*%\\}");
  private final StringBuilder source = new StringBuilder();
  private final int[] lines;
  private final String template;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private Lexer(String template, String original) {
    this.template = template;
    lines = new int[original.length() + 1];
    tighten(original);
  }

  static List<Token> tokens(String template, String source) {
    Lexer lexer = new Lexer(template, source);
    lexer.read();
    return lexer.tokens;
  }

  private void tighten(String text) {
    int line = 1;
    for (int i = 0; i < text.length();) {
      if (text.charAt(i) == '-' && (text.startsWith("%}", i + 1) || text.startsWith("}}", i + 1))) {
        keep(text.charAt(i + 1), line);
        keep('}', line);
        int next = eaten(text, i + 3);
        if (next > i + 3 && text.charAt(next - 1) == '\n') line++;
        i = next;
      } else {
        keep(text.charAt(i), line);
        if (text.charAt(i++) == '\n') line++;
      }
    }
    lines[source.length()] = line;
  }

  private void keep(char one, int line) {
    lines[source.length()] = line;
    source.append(one);
  }

  private static int eaten(String text, int from) {
    if (text.startsWith("\n", from)) return from + 1;
    if (text.startsWith("\r\n", from)) return from + 2;
    int to = from;
    while (to < text.length() && (text.charAt(to) == ' ' || text.charAt(to) == '\t')) to++;
    return to;
  }

  private void read() {
    while (at < source.length()) {
      int start = nextStart();
      if (start > at) text(start);
      if (start == source.length()) return;
      boolean tag = source.charAt(start + 1) == '%';
      int end = end(start, tag ? '%' : '}');
      int from = start + 2 + (source.charAt(start + 2) == '-' ? 1 : 0);
      Token token = new Token(tag ? Kind.TAG : Kind.OUTPUT, source.substring(Math.min(from, end), end), lines[start]);
      tokens.add(token);
      at = end + 2;
      if (tag) skipRaw(token);
    }
  }

  private int nextStart() {
    for (int i = at; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && (source.charAt(i + 1) == '{' || source.charAt(i + 1) == '%')) return i;
    }
    return source.length();
  }

  private void text(int to) {
    int end = to;
    if (to + 2 < source.length() && source.charAt(to + 2) == '-') {
      while (end > at && (source.charAt(end - 1) == ' ' || source.charAt(end - 1) == '\t')) end--;
    }
    if (end > at) tokens.add(new Token(Kind.TEXT, source.substring(at, end), lines[at]));
    at = to;
  }

  private int end(int start, char closing) {
    for (int i = start + 2; i < source.length(); i++) {
      char one = source.charAt(i);
      if (one == '\'' || one == '"') {
        i = source.indexOf(String.valueOf(one), i + 1);
        if (i < 0) break;
      } else if (one == closing && i + 1 < source.length() && source.charAt(i + 1) == '}') {
        return i;
      }
    }
    throw new ConversionException(ErrorCode.TEMPLATE_SYNTAX_ERROR, "a tag is opened and not closed", template,
        lines[start]);
  }

  private void skipRaw(Token token) {
    Pattern close = switch (token.name()) {
      case "comment" -> END_COMMENT;
      case "raw" -> END_RAW;
      default -> null;
    };
    if (close == null) return;
    Matcher end = close.matcher(source);
    if (!end.find(at)) {
      throw new ConversionException(ErrorCode.TEMPLATE_SYNTAX_ERROR, "'" + token.name() + "' is not ended", template,
          token.line());
    }
    if (end.start() > at) tokens.add(new Token(Kind.TEXT, source.substring(at, end.start()), lines[at]));
    at = end.start();
  }
}
