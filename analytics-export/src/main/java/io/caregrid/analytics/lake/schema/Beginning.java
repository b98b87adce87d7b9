package io.caregrid.analytics.lake.schema;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** When a FHIR date, dateTime or instant begins. */
public final class Beginning {
  /** FHIR R4 datatypes.html#dateTime; a time without a zone is none. */
  private static final Pattern WRITTEN = Pattern.compile(
      "(\\d{4})(?:-(\\d\\d)(?:-(\\d\\d)(?:T(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d+))?)?(Z|([+-])(\\d\\d):(\\d\\d)))?)?)?");
  private static final int MICRO_DIGITS = 6;

  private Beginning() {}

  /** Microseconds since 1970, what is finer cut off; a date without a zone is taken as UTC. Null when the text is no date. */
  public static Long micros(String text) {
    Matcher date = WRITTEN.matcher(text);
    if (!date.matches()) return null;
    try {
      long day = LocalDate.of(number(date, 1, 0), number(date, 2, 1), number(date, 3, 1)).toEpochDay();
      long seconds = secondOfDay(date) - offset(date);
      return TimeUnit.DAYS.toMicros(day) + TimeUnit.SECONDS.toMicros(seconds) + fraction(date.group(7));
    } catch (DateTimeException none) {
      return null;
    }
  }

  private static long secondOfDay(Matcher date) {
    int hour = number(date, 4, 0);
    int minute = number(date, 5, 0);
    int second = number(date, 6, 0);
    if (hour > 23 || minute > 59 || second > 59) throw new DateTimeException("no time of day");
    return hour * 3_600L + minute * 60L + second;
  }

  private static long offset(Matcher date) {
    long seconds = number(date, 10, 0) * 3_600L + number(date, 11, 0) * 60L;
    return "-".equals(date.group(9)) ? -seconds : seconds;
  }

  private static long fraction(String digits) {
    if (digits == null) return 0;
    String six = digits.length() > MICRO_DIGITS ? digits.substring(0, MICRO_DIGITS) : digits;
    long micros = Long.parseLong(six);
    for (int i = six.length(); i < MICRO_DIGITS; i++) micros *= 10;
    return micros;
  }

  private static int number(Matcher date, int group, int none) {
    return date.group(group) == null ? none : Integer.parseInt(date.group(group));
  }
}
