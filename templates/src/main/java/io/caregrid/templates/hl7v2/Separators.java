package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.nio.charset.StandardCharsets;

/**
 * The five characters that MSH-1 and MSH-2 declare (HL7 v2 2.5.4); the escape character must be a backslash.
 *
 * @param lean what is blank or says "delete" ({@code ""}, HL7 v2 2.5.3) is nothing, spaces behind a text are none of it, {@code \\.br\\} is a line break and
 *             highlighting is left out; otherwise texts are what Microsoft's converter makes of them
 */
record Separators(char field, char component, char repetition, char subcomponent, boolean lean) {

  private static final char ESCAPE = '\\';

  static Separators of(String header, boolean lean) {
    if (!header.regionMatches(true, 0, "MSH", 0, 3)) {
      throw wrong(ErrorCode.INVALID_HL7V2_MESSAGE, "the message does not begin with MSH");
    }
    if (header.length() < 8)
      throw wrong(ErrorCode.MISSING_HL7V2_SEPARATORS, "MSH ends before it has named five separators");
    if (header.substring(3, 8).chars().distinct().count() != 5) {
      throw wrong(ErrorCode.DUPLICATE_HL7V2_SEPARATORS, "MSH-1 and MSH-2 name a character twice");
    }
    if (header.charAt(6) != ESCAPE) {
      throw wrong(ErrorCode.INVALID_HL7V2_ESCAPE_CHARACTER, "the third character of MSH-2 is no backslash");
    }
    return new Separators(header.charAt(3), header.charAt(4), header.charAt(5), header.charAt(7), lean);
  }

  /** How many of them, but for the escape character, there are in {@code text}. */
  int count(String text) {
    int count = 0;
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      if (one == field || one == component || one == repetition || one == subcomponent) count++;
    }
    return count;
  }

  /** Whether there is nothing between the two places. */
  boolean isNothing(String line, int from, int to) {
    if (from == to) return true;
    if (!lean) return false;
    if (to - from == 2 && line.charAt(from) == '"' && line.charAt(from + 1) == '"') return true;
    for (int i = from; i < to; i++) if (line.charAt(i) > ' ') return false;
    return true;
  }

  /** Resolves escapes, then escapes for JSON. An escape that is none of the known ones stays as it is. */
  String text(String sent) {
    String raw = lean ? sent.stripTrailing() : sent;
    int quote = raw.indexOf('"');
    int escape = raw.indexOf(ESCAPE);
    if (quote < 0 && escape < 0) return raw;
    String plain = escape < 0 ? raw : unescaped(raw);
    return plain.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  private String unescaped(String raw) {
    StringBuilder text = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length();) {
      int end = raw.charAt(i) == ESCAPE ? raw.indexOf(ESCAPE, i + 1) : -1;
      String meant = end < 0 ? null : meaning(raw.substring(i + 1, end));
      if (meant == null) {
        text.append(raw.charAt(i++));
      } else {
        text.append(meant);
        i = end + 1;
      }
    }
    return text.toString();
  }

  private String meaning(String escape) {
    return switch (escape) {
      case "F" -> String.valueOf(field);
      case "S" -> String.valueOf(component);
      case "T" -> String.valueOf(subcomponent);
      case "R" -> String.valueOf(repetition);
      case "E" -> "\\";
      case ".br" -> lean ? "\n" : "\\n";
      case "H", "N" -> lean ? "" : null;
      default -> isHex(escape) ? hex(escape.substring(1)) : null;
    };
  }

  private static boolean isHex(String escape) {
    return escape.length() > 1 && escape.charAt(0) == 'X'
        && escape.chars().skip(1).allMatch(each -> each >= '0' && each <= '9' || each >= 'A' && each <= 'F');
  }

  /** Each pair is one character of ISO 8859-1, as in the tool that templates were written for. */
  private static String hex(String digits) {
    if (digits.length() % 2 != 0) {
      String shown = digits.length() > 20 ? digits.substring(0, 20) + "..." : digits;
      throw wrong(ErrorCode.INVALID_HEXADECIMAL_NUMBER, "an escape \\X has half a byte at its end: " + shown);
    }
    byte[] bytes = new byte[digits.length() / 2];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) Integer.parseInt(digits.substring(2 * i, 2 * i + 2), 16);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static ConversionException wrong(ErrorCode code, String message) {
    return new ConversionException(code, message);
  }
}
