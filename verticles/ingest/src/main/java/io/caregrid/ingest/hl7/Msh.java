package io.caregrid.ingest.hl7;

import java.util.Arrays;
import java.util.List;

/**
 * The header of a message or batch as it came: texts keep their escapes, and each character is one byte (ISO 8859-1, whatever the message's character set is), so that
 * an answer gives its sender's own bytes back. HL7 v2.5.1 2.15.9, 2.15.2, 2.15.4.
 *
 * @param segment  MSH, BHS or FHS
 * @param fields   MSH-1 is the separator and stands nowhere; {@code fields.get(1)} is MSH-2
 */
record Msh(String segment, char separator, List<String> fields) {

  private static final int ENCODING_LEAST = 2;
  private static final int ENCODING_MOST = 5;

  /** What stands in its place is no header, with what is wrong. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    Unusable(String why) {
      super(why, null, false, false);
    }
  }

  /** Of a text that begins with it. */
  static Msh of(String text) throws Unusable {
    int end = 0;
    while (end < text.length() && text.charAt(end) != '\r' && text.charAt(end) != '\n') end++;
    String line = text.substring(0, end);
    if (line.length() < 8 || !List.of("MSH", "BHS", "FHS").contains(line.substring(0, 3)))
      throw new Unusable("it does not begin with a segment MSH that names its separators");
    char separator = line.charAt(3);
    List<String> fields = Arrays.asList(split(line, separator));
    String encoding = fields.get(1);
    boolean usable = encoding.length() >= ENCODING_LEAST && encoding.length() <= ENCODING_MOST
        && isSeparator(separator) && encoding.chars().allMatch(Msh::isSeparator)
        && (separator + encoding).chars().distinct().count() == encoding.length() + 1;
    if (!usable) throw new Unusable("its separators in MSH-1 and MSH-2 are none, or are not distinct");
    return new Msh(line.substring(0, 3), separator, fields);
  }

  private static String[] split(String line, char separator) {
    return line.split(java.util.regex.Pattern.quote(String.valueOf(separator)), -1);
  }

  private static boolean isSeparator(int one) {
    return one > ' ' && one < 0x7F && !Character.isLetterOrDigit(one);
  }

  String encoding() {
    return fields.get(1);
  }

  char component() {
    return encoding().charAt(0);
  }

  /** MSH-{@code n}, from 3 on; empty when it is not there. */
  String field(int n) {
    return n - 1 < fields.size() ? fields.get(n - 1) : "";
  }

  /** The first repetition's {@code c}-th component, from 1. */
  String part(int n, int c) {
    String first = split(field(n), encoding().charAt(1))[0];
    String[] parts = split(first, component());
    return c - 1 < parts.length ? parts[c - 1].strip() : "";
  }

  boolean isBatch() {
    return !segment.equals("MSH");
  }

  /** MSH-10, or BHS-11 and FHS-11. */
  String controlId() {
    return field(isBatch() ? 11 : 10);
  }

  /** Who sends, as {@code LAB|HOSPITAL}. */
  String sender() {
    return part(3, 1) + "|" + part(4, 1);
  }

  /** MSH-15 or MSH-16 is valued (2.9.3). */
  boolean isEnhanced() {
    return !isBatch() && !(field(15).isBlank() && field(16).isBlank());
  }
}
