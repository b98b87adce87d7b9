package io.caregrid.templates.jmespath;

/**
 * Finds a part in a text in linear time, whatever both hold (Knuth, Morris and Pratt 1977); short parts are left to the machine's own search.
 */
final class Search {
  private static final int SHORT = 4;
  private final String text;
  private final String part;
  /** For each length of the part's beginning: the length of the longest true beginning that also ends it; null for a short part. */
  private final int[] borders;

  private Search(String text, String part) {
    this.text = text;
    this.part = part;
    this.borders = part.length() <= SHORT || part.length() > text.length() ? null : borders(part);
  }

  /** Through the text that is the argument at {@code index}; charges what going through it once takes. */
  static Search of(Arguments a, int index, String part) throws JmesPathFailure {
    a.run().charge((a.text(index).length() + part.length()) / SHORT);
    return new Search(a.text(index), part);
  }

  /** Where the part begins at {@code from} or behind; -1 when nowhere. */
  int next(int from) {
    if (borders == null) return text.indexOf(part, from);
    int matched = 0;
    for (int at = from; at < text.length(); at++) {
      while (matched > 0 && text.charAt(at) != part.charAt(matched)) matched = borders[matched];
      if (text.charAt(at) == part.charAt(matched)) matched++;
      if (matched == part.length()) return at + 1 - matched;
    }
    return -1;
  }

  private static int[] borders(String part) {
    int[] borders = new int[part.length() + 1];
    int length = 0;
    for (int at = 1; at < part.length(); at++) {
      while (length > 0 && part.charAt(at) != part.charAt(length)) length = borders[length];
      if (part.charAt(at) == part.charAt(length)) length++;
      borders[at + 1] = length;
    }
    return borders;
  }
}
