package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Place;
import io.caregrid.fhirpath.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text into words (FHIRPath N1, "Lexical Elements"). */
final class Lexer {
  /** Far longer than any expression of FHIR's definitions. */
  private static final int LONGEST = 20_000;
  private static final int WORDS = 2_000;
  private static final int DIGITS = 60;
  private static final Pattern SPACE = Pattern.compile("(?:[ \\t\\r\\n]|//[^\\r\\n]*)++");
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern NUMBER = Pattern.compile("[0-9]++(?:\\.[0-9]++)?");
  private static final Pattern CLOCK = Pattern.compile("T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]+)?)?)?");
  private static final Pattern CALENDAR = Pattern.compile("[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?"
      + "(?:T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?");
  private static final Pattern SYMBOL = Pattern.compile("<=|>=|!=|!~|[-+*/&|<>=~.,()\\[\\]{}]");

  private final String text;
  private final List<Token> words = new ArrayList<>();
  private int at;
  private int line = 1;
  private int lineStart;

  private Lexer(String text) {
    this.text = text;
  }

  /** Ends with END. */
  static List<Token> words(String text) {
    Lexer lexer = new Lexer(text);
    if (text.length() > LONGEST)
      throw lexer.bad("the expression has more than " + LONGEST + " characters");
    while (lexer.next()) {
      if (lexer.words.size() > WORDS) throw lexer.bad("the expression has more than " + WORDS + " words");
    }
    return lexer.words;
  }

  private boolean next() {
    space();
    if (at == text.length()) {
      words.add(new Token(Kind.END, "", place()));
      return false;
    }
    char first = text.charAt(at);
    if (first == '\'') quoted(Kind.STRING, '\'', at);
    else if (first == '`') quoted(Kind.QUOTED, '`', at);
    else if (first == '%') variable();
    else if (first == '@') moment();
    else if (first == '$') word(Kind.DOLLAR, NAME, at + 1, "a name such as $this");
    else if (first >= '0' && first <= '9') number();
    else if (Character.isLetter(first) || first == '_') word(Kind.NAME, NAME, at, "a name");
    else word(Kind.SYMBOL, SYMBOL, at, "an operator");
    return true;
  }

  private void space() {
    while (true) {
      Matcher space = SPACE.matcher(text).region(at, text.length());
      if (space.lookingAt()) {
        moveTo(space.end());
      } else if (text.startsWith("/*", at)) {
        int end = text.indexOf("*/", at + 2);
        if (end < 0) throw bad("this comment does not end");
        moveTo(end + 2);
      } else {
        return;
      }
    }
  }

  /** Past text that may hold line ends. */
  private void moveTo(int end) {
    for (int i = at; i < end; i++) {
      if (text.charAt(i) == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    at = end;
  }

  private void word(Kind kind, Pattern pattern, int start, String what) {
    Matcher found = pattern.matcher(text).region(start, text.length());
    if (!found.lookingAt()) throw bad("here should be " + what);
    words.add(new Token(kind, found.group(), place()));
    at = found.end();
  }

  private void number() {
    word(Kind.NUMBER, NUMBER, at, "a number");
    if (words.get(words.size() - 1).text().length() > DIGITS)
      throw bad("the number before this has more than " + DIGITS + " digits");
  }

  private void moment() {
    boolean clock = text.startsWith("T", at + 1);
    word(clock ? Kind.CLOCK : Kind.CALENDAR, clock ? CLOCK : CALENDAR, at + 1, "a date or time such as @2026-11-21");
  }

  private void variable() {
    char next = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
    if (next == '`' || next == '\'') quoted(Kind.VARIABLE, next, at + 1);
    else word(Kind.VARIABLE, NAME, at + 1, "the name of a constant, as in %name");
  }

  private void quoted(Kind kind, char mark, int open) {
    Place place = place();
    StringBuilder all = new StringBuilder();
    int i = open + 1;
    while (i < text.length() && text.charAt(i) != mark) {
      if (text.charAt(i) == '\\') {
        i = escape(i, all);
      } else {
        all.append(text.charAt(i++));
      }
    }
    if (i == text.length()) throw new FhirPathException(place, "the text that begins here does not end");
    words.add(new Token(kind, all.toString(), place));
    moveTo(i + 1);
  }

  /** @return behind the escape that begins at {@code i} */
  private int escape(int i, StringBuilder all) {
    char next = i + 1 < text.length() ? text.charAt(i + 1) : ' ';
    int known = "fnrt\\/'\"`".indexOf(next);
    if (known >= 0) {
      all.append("\f\n\r\t\\/'\"`".charAt(known));
      return i + 2;
    }
    if (next == 'u' && i + 6 <= text.length() && text.substring(i + 2, i + 6).matches("[0-9A-Fa-f]{4}")) {
      all.append((char) Integer.parseInt(text.substring(i + 2, i + 6), 16));
      return i + 6;
    }
    moveTo(i);
    throw bad("unknown escape; known are \\' \\\" \\` \\\\ \\/ \\f \\n \\r \\t and \\u with four hex digits");
  }

  private Place place() {
    return new Place(line, at - lineStart + 1);
  }

  private FhirPathException bad(String reason) {
    return new FhirPathException(place(), reason);
  }
}
