package io.caregrid.templates.deidentify;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The day of a date, dateTime or instant.
 *
 * @param first the first that it may be
 * @param whole whether it says which day
 * @param rest  what stands behind the day: time and offset; else empty
 */
record Day(LocalDate first, boolean whole, String rest) {

  private static final Pattern TEXT = Pattern.compile(
      "(\\d{4})(?:-(\\d\\d)(?:-(\\d\\d)(T\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?)?(?:Z|[+-]\\d\\d:\\d\\d)?)?)?");

  /** Null when it is none. */
  static Day of(String text) {
    Matcher found = TEXT.matcher(text);
    if (!found.matches()) return null;
    try {
      LocalDate first = LocalDate.of(number(found.group(1)), number(found.group(2)), number(found.group(3)));
      return new Day(first, found.group(3) != null, found.group(4) == null ? "" : text.substring(found.start(4)));
    } catch (DateTimeException impossible) {
      return null;
    }
  }

  private static int number(String digits) {
    return digits == null ? 1 : Integer.parseInt(digits);
  }

  /** Whether somebody born then is older than this many years. */
  boolean isOver(int years, LocalDate today) {
    return !first.plusYears(years + 1L).isAfter(today);
  }

  /** Null beyond the years 0001 to 9999. */
  String plus(int days) {
    LocalDate moved = first.plusDays(days);
    if (moved.getYear() < 1 || moved.getYear() > 9999) return null;
    return moved + midnight(rest);
  }

  /** The digits of the time are 0; their number and the offset stay. */
  private static String midnight(String time) {
    int offset = Math.max(time.indexOf('Z'), Math.max(time.indexOf('+'), time.indexOf('-')));
    String clock = offset < 0 ? time : time.substring(0, offset);
    return clock.replaceAll("\\d", "0") + (offset < 0 ? "" : time.substring(offset));
  }
}
