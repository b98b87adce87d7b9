package io.caregrid.analytics.lake.schema;

import java.time.DateTimeException;
import java.time.LocalDate;

/**
 * When a FHIR date, dateTime or instant begins (R4 datatypes.html#dateTime): a year, a month, a day, or a day with a time and a zone. Every Observation has
 * several, so there is no regular expression.
 */
public final class Beginning {
  private static final long MICROS = 1_000_000;
  private static final long DAY = 86_400;
  private static final int YEAR = 4, MONTH = 7, DATE = 10, MINUTES = 16, SECONDS = 19;

  /** Only within {@link #micros}. */
  private static final DateTimeException NONE = new DateTimeException("no date");

  private Beginning() {}

  /** Microseconds since 1970, what is finer cut off; a date without a time begins in UTC. Null when the text is no date, or a time without a zone. */
  public static Long micros(String text) {
    try {
      return parse(text);
    } catch (DateTimeException none) {
      return null;
    }
  }

  private static long parse(String text) {
    int length = text.length();
    if (length != YEAR && length != MONTH && length < DATE) throw NONE;
    int year = digits(text, 0, YEAR);
    int month = length >= MONTH ? after(text, '-', YEAR, MONTH) : 1;
    int day = length >= DATE ? after(text, '-', MONTH, DATE) : 1;
    long seconds = LocalDate.of(year, month, day).toEpochDay() * DAY;
    return length > DATE ? timed(text, seconds) : seconds * MICROS;
  }

  /** @param day in seconds since 1970 */
  private static long timed(String text, long day) {
    int hour = after(text, 'T', DATE, DATE + 3);
    int minute = after(text, ':', DATE + 3, MINUTES);
    boolean hasSeconds = at(text, MINUTES) == ':';
    int second = hasSeconds ? after(text, ':', MINUTES, SECONDS) : 0;
    if (hour > 23 || minute > 59 || second > 59) throw NONE;
    int zone = hasSeconds ? SECONDS : MINUTES;
    long micros = 0;
    if (hasSeconds && at(text, SECONDS) == '.') {
      long unit = MICROS;
      for (zone++; at(text, zone) >= '0' && at(text, zone) <= '9'; zone++)
        micros += (text.charAt(zone) - '0') * (unit /= 10);
      if (zone == SECONDS + 1) throw NONE;
    }
    return (day + hour * 3_600L + minute * 60L + second - offset(text, zone)) * MICROS + micros;
  }

  /** Seconds by which the zone at the end of the text is ahead of UTC. */
  private static long offset(String text, int from) {
    char sign = at(text, from);
    if (sign == 'Z' && text.length() == from + 1) return 0;
    if (sign != '+' && sign != '-' || text.length() != from + "+00:00".length()) throw NONE;
    long seconds = digits(text, from + 1, from + 3) * 3_600L + after(text, ':', from + 3, from + 6) * 60L;
    return sign == '-' ? -seconds : seconds;
  }

  private static int after(String text, char mark, int from, int to) {
    if (at(text, from) != mark) throw NONE;
    return digits(text, from + 1, to);
  }

  private static int digits(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      char c = at(text, i);
      if (c < '0' || c > '9') throw NONE;
      number = number * 10 + c - '0';
    }
    return number;
  }

  /** 0 behind the end. */
  private static char at(String text, int index) {
    return index < text.length() ? text.charAt(index) : 0;
  }
}
