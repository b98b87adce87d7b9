package io.caregrid.analytics.export;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a file that a request wants (RFC 9110 section 14.2); several ranges at once are answered with the whole.
 *
 * @param from first byte
 * @param to   behind the last one
 * @param part not the whole, so the answer is 206
 */
record ByteRange(long from, long to, boolean part) {

  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

  long length() {
    return to - from;
  }

  /**
   * @param header null when there is none
   * @return null when the file has no byte of what is wanted: 416
   */
  static ByteRange of(String header, long size) {
    Matcher range = RANGE.matcher(header == null ? "" : header.replace(" ", ""));
    if (!range.matches() || range.group(1).isEmpty() && range.group(2).isEmpty()) return new ByteRange(0, size, false);
    if (range.group(1).isEmpty()) {
      long last = Long.parseLong(range.group(2));
      return last == 0 ? null : new ByteRange(Math.max(0, size - last), size, true);
    }
    long from = Long.parseLong(range.group(1));
    long to = range.group(2).isEmpty() ? size : Math.min(size, Long.parseLong(range.group(2)) + 1);
    if (!range.group(2).isEmpty() && Long.parseLong(range.group(2)) < from) return new ByteRange(0, size, false);
    return from >= size ? null : new ByteRange(from, to, true);
  }
}
