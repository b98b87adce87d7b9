package io.caregrid.templates.liquid;

/**
 * Reads what stands inside a tag from left to right. Each reading either takes something and moves behind it, or takes nothing and answers null or false.
 *
 * <p>A <em>fragment</em> is a quoted text, or a run without white space, commas, bars and lone quotes in which quoted texts may stand. Time grows with the length of
 * the text, and nothing recurses.
 */
final class Scan {
  private final String text;
  private int at;

  Scan(String text) {
    this.text = text;
  }

  boolean ended() {
    return at >= text.length();
  }

  int place() {
    return at;
  }

  void back(int place) {
    at = place;
  }

  /** The next character, which is not taken; {@code '\0'} at the end. */
  char next() {
    return ended() ? '\0' : text.charAt(at);
  }

  void skip() {
    at++;
  }

  String rest() {
    return text.substring(at);
  }

  boolean spaces() {
    int from = at;
    while (!ended() && isSpace(next())) at++;
    return at > from;
  }

  boolean take(String wanted) {
    if (!text.startsWith(wanted, at)) return false;
    at += wanted.length();
    return true;
  }

  /** {@code wanted} with white space on both sides. */
  boolean takeSpaced(String wanted) {
    int from = at;
    if (spaces() && take(wanted) && spaces()) return true;
    at = from;
    return false;
  }

  /** Letters, digits and underscores. */
  String word() {
    return run("");
  }

  /** A word in which {@code more} may stand too. */
  String run(String more) {
    int from = at;
    while (!ended() && (isWord(next()) || more.indexOf(next()) >= 0)) at++;
    return at == from ? null : text.substring(from, at);
  }

  /** A text with its quotes. */
  String quoted() {
    int end = quoteEnd();
    if (end < 0) return null;
    String found = text.substring(at, end);
    at = end;
    return found;
  }

  /** Behind the quote that closes the one here, or -1. */
  private int quoteEnd() {
    char quote = next();
    int close = quote == '"' || quote == '\'' ? text.indexOf(quote, at + 1) : -1;
    return close < 0 ? -1 : close + 1;
  }

  String fragment() {
    String quoted = quoted();
    return quoted != null ? quoted : unbroken(true, ",|");
  }

  /** What stands before the filters: a fragment in which commas may stand. */
  String value() {
    String quoted = quoted();
    return quoted != null ? quoted : unbroken(true, "|");
  }

  /** One filter with its arguments: everything up to a bar or a lone quote. */
  String stage() {
    return unbroken(false, "|");
  }

  private String unbroken(boolean endsAtSpace, String ends) {
    int from = at;
    while (!ended()) {
      char one = next();
      if (one == '"' || one == '\'') {
        int end = quoteEnd();
        if (end < 0) break;
        at = end;
      } else if (ends.indexOf(one) >= 0 || endsAtSpace && isSpace(one)) {
        break;
      } else {
        at++;
      }
    }
    return at == from ? null : text.substring(from, at);
  }

  /** The first fragment from here on; what begins none is passed over. */
  String nextFragment() {
    for (; !ended(); at++) {
      String found = fragment();
      if (found != null) return found;
    }
    return null;
  }

  /** Everything up to white space. */
  String unspaced() {
    int from = at;
    while (!ended() && !isSpace(next())) at++;
    return text.substring(from, at);
  }

  static boolean isSpace(char one) {
    return one == ' ' || one >= '\t' && one <= '\r';
  }

  static boolean isWord(char one) {
    return one >= 'a' && one <= 'z' || one >= 'A' && one <= 'Z' || one >= '0' && one <= '9' || one == '_';
  }
}
