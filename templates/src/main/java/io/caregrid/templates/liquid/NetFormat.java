package io.caregrid.templates.liquid;

import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Date formats as .NET writes them: runs of {@code y M d H h m s f F t z}, {@code K}, quotes, {@code %} before a letter that stands alone; everything else stands
 * for itself.
 */
final class NetFormat {
  private NetFormat() {}

  static String of(String format, OffsetDateTime time) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length();) {
      char one = format.charAt(i);
      int end = i;
      while (end < format.length() && format.charAt(end) == one) end++;
      if (one == '\'' || one == '"') {
        int close = format.indexOf(one, i + 1);
        end = close < 0 ? format.length() : close + 1;
        text.append(format, i + 1, close < 0 ? format.length() : close);
      } else if (one != '%' || end == format.length()) {
        run(one, end - i, time, text);
      }
      i = end;
    }
    return text.toString();
  }

  private static void run(char letter, int count, OffsetDateTime time, StringBuilder text) {
    switch (letter) {
      case 'y' -> text.append(count <= 2 ? java("uu", time) : java("uuuu", time));
      case 'M', 'd', 'H', 'h', 'm', 's' -> text.append(java(pattern(letter, count), time));
      case 't' -> text.append(count == 1 ? java("a", time).substring(0, 1) : java("a", time));
      case 'f' -> text.append(java("S".repeat(Math.min(count, 7)), time));
      case 'F' -> trimmed(java("S".repeat(Math.min(count, 7)), time), text);
      case 'z' -> text.append(count >= 3 ? java("xxx", time) : java("xx", time).substring(0, 3));
      case 'K' -> text.append(java("XXX", time).repeat(count));
      default -> text.append(String.valueOf(letter).repeat(count));
    }
  }

  private static String pattern(char letter, int count) {
    if (letter == 'd' && count >= 3) return count == 3 ? "EEE" : "EEEE";
    return String.valueOf(letter).repeat(Math.min(count, letter == 'M' ? 4 : 2));
  }

  /** A fraction without its last zeros; with nothing left, its dot goes too. */
  private static void trimmed(String digits, StringBuilder text) {
    String rest = digits.replaceFirst("0+$", "");
    text.append(rest);
    if (rest.isEmpty() && text.length() > 0 && text.charAt(text.length() - 1) == '.') text.setLength(text.length() - 1);
  }

  private static String java(String pattern, OffsetDateTime time) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
