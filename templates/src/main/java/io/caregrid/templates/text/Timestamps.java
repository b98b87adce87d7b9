package io.caregrid.templates.text;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Points in time as text. Everything has a resolution of 100 ns, as in the systems whose data we take over: finer digits are cut off.
 * A time without an offset is UTC. Years are 1 to 9999.
 */
public final class Timestamps {
  private static final long TICKS_PER_SECOND = 10_000_000;
  private static final int NANOS_PER_TICK = 100;
  private static final int SECONDS_PER_DAY = 86_400;
  private static final int[] TENS = {1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000,
    1_000_000_000};

  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.9999999Z");

  /** At most this far from UTC. */
  private static final int MOST_OFFSET_SECONDS = 14 * 3_600;
  /** What is not ISO 8601 and still occurs: the dates of mail headers, month first as the invariant culture has it, and what it reads besides. */
  private static final List<DateTimeFormatter> OTHERS = others("M/d/uuuu", "uuuu/M/d", "uuuu-M-d", "d MMM uuuu",
      "MMM d, uuuu");

  private Timestamps() {}

  /** Null when this is no point in time. */
  public static Instant parse(String text) {
    String trimmed = text.strip();
    Instant iso = new Iso(trimmed).instant();
    Instant time = iso != null ? iso : other(trimmed);
    return time == null || time.isBefore(FIRST) || time.isAfter(LAST) ? null : time;
  }

  /** {@code 2026-11-20T10:00:00.0000000Z}: {@code digits} digits of fraction (0 to 7), finer ones cut off. */
  public static String format(Instant time, int digits) {
    char[] to = new char[digits == 0 ? 20 : 21 + digits];
    dateAndTime(to, time, true);
    to[19] = '.';
    digits(to, 20, time.getNano() / TENS[9 - digits], digits);
    to[to.length - 1] = 'Z';
    return new String(to);
  }

  /** As many digits of fraction as it has, none when it has none. */
  public static String shortest(Instant time) {
    int digits = 7;
    int fraction = time.getNano() / NANOS_PER_TICK;
    for (; digits > 0 && fraction % 10 == 0; digits--) fraction /= 10;
    return format(time, digits);
  }

  /** {@code 20261120100000Z}, cut off at the second. */
  public static String compact(Instant time) {
    char[] to = new char[15];
    dateAndTime(to, time, false);
    to[14] = 'Z';
    return new String(to);
  }

  /** 100 ns units since 1970. */
  public static long ticks(Instant time) {
    return time.getEpochSecond() * TICKS_PER_SECOND + time.getNano() / NANOS_PER_TICK;
  }

  public static Instant ofTicks(long ticks) {
    return Instant.ofEpochSecond(Math.floorDiv(ticks, TICKS_PER_SECOND),
        Math.floorMod(ticks, TICKS_PER_SECOND) * NANOS_PER_TICK);
  }

  /** The same, without what is finer than 100 ns. */
  public static Instant cut(Instant time) {
    int rest = time.getNano() % NANOS_PER_TICK;
    return rest == 0 ? time : time.minusNanos(rest);
  }

  /** Strict: a day that the calendar does not have is refused, where Java would answer the last of the month. */
  private static List<DateTimeFormatter> others(String... dates) {
    List<DateTimeFormatter> all = new ArrayList<>();
    all.add(DateTimeFormatter.RFC_1123_DATE_TIME.withResolverStyle(ResolverStyle.STRICT));
    for (String date : dates) {
      all.add(format(date, " H:mm", "[ ][XXX]"));
      all.add(format(date, " h:mm", " a"));
    }
    return List.copyOf(all);
  }

  private static DateTimeFormatter format(String date, String time, String end) {
    return new DateTimeFormatterBuilder().parseCaseInsensitive()
        .appendPattern(date)
        .optionalStart()
        .appendPattern(time)
        .optionalStart()
        .appendPattern(":ss")
        .optionalStart()
        .appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true)
        .optionalEnd()
        .optionalEnd()
        .appendPattern(end)
        .optionalEnd()
        .toFormatter(Locale.ENGLISH)
        .withResolverStyle(ResolverStyle.STRICT);
  }

  private static Instant other(String text) {
    for (DateTimeFormatter format : OTHERS) {
      try {
        return instant(format.parse(text));
      } catch (DateTimeException notThis) {
        continue;
      }
    }
    return null;
  }

  private static Instant instant(TemporalAccessor parsed) {
    LocalTime time = parsed.query(TemporalQueries.localTime());
    ZoneOffset offset = parsed.query(TemporalQueries.offset());
    if (offset != null && Math.abs(offset.getTotalSeconds()) > MOST_OFFSET_SECONDS)
      throw new DateTimeException("no offset of any place");
    LocalDateTime local = LocalDateTime.of(LocalDate.from(parsed), time == null ? LocalTime.MIDNIGHT : time);
    return cut(OffsetDateTime.of(local, offset == null ? ZoneOffset.UTC : offset).toInstant());
  }

  private static void dateAndTime(char[] to, Instant time, boolean separated) {
    long second = time.getEpochSecond();
    LocalDate date = LocalDate.ofEpochDay(Math.floorDiv(second, SECONDS_PER_DAY));
    int ofDay = Math.floorMod(second, SECONDS_PER_DAY);
    int gap = separated ? 1 : 0;
    int at = digits(to, 0, date.getYear(), 4);
    at = digits(to, at + gap, date.getMonthValue(), 2);
    at = digits(to, at + gap, date.getDayOfMonth(), 2);
    at = digits(to, at + gap, ofDay / 3600, 2);
    at = digits(to, at + gap, ofDay / 60 % 60, 2);
    digits(to, at + gap, ofDay % 60, 2);
    if (!separated) return;
    to[4] = to[7] = '-';
    to[10] = 'T';
    to[13] = to[16] = ':';
  }

  private static int digits(char[] to, int from, int number, int digits) {
    for (int i = from + digits - 1; i >= from; i--) {
      to[i] = (char) ('0' + number % 10);
      number /= 10;
    }
    return from + digits;
  }

  /** Of a month of the Gregorian calendar. */
  private static int days(int year, int month) {
    if (month != 2) return 30 + (month + (month >> 3) & 1);
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  }

  /** Days since 1970 of a date from year 1 on. Years begin in March, so that the leap day is a year's last. */
  private static long epochDay(int year, int month, int day) {
    int of = month > 2 ? year : year - 1;
    int ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 365L * of + of / 4 - of / 100 + of / 400 + ofYear - 719_468;
  }

  /** One pass over {@code yyyy-MM-dd[(T| )HH:mm[:ss[.f…]][Z|±HH[[:]mm]]]}; {@code wrong} as soon as something else stands there. */
  private static final class Iso {
    private final String text;
    private int at;
    private boolean wrong;

    Iso(String text) {
      this.text = text;
    }

    Instant instant() {
      int year = number(4);
      expect('-');
      int month = number(2);
      expect('-');
      int day = number(2);
      if (wrong || year == 0 || month < 1 || month > 12 || day < 1 || day > days(year, month)) return null;
      long midnight = epochDay(year, month, day) * SECONDS_PER_DAY;
      if (at == text.length()) return Instant.ofEpochSecond(midnight);
      if (!take('T') && !take('t')) expect(' ');
      return time(midnight);
    }

    private Instant time(long midnight) {
      int hour = number(2);
      expect(':');
      int minute = number(2);
      int second = take(':') ? number(2) : 0;
      int nanos = take('.') ? fraction() : 0;
      int offset = offset();
      boolean endOfDay = hour == 24 && minute == 0 && second == 0 && nanos == 0;
      if (wrong || at < text.length() || hour > 23 && !endOfDay || minute > 59 || second > 59) return null;
      return Instant.ofEpochSecond(midnight + hour * 3600L + minute * 60L + second - offset, nanos);
    }

    private int fraction() {
      int start = at;
      int nanos = 0;
      for (; at < text.length() && digit(text.charAt(at)); at++) {
        if (at - start < 7) nanos = nanos * 10 + text.charAt(at) - '0';
      }
      wrong |= at == start;
      return wrong ? 0 : nanos * TENS[9 - Math.min(7, at - start)];
    }

    /** In seconds. */
    private int offset() {
      if (at == text.length() || take('Z') || take('z')) return 0;
      int sign = take('-') ? -1 : 1;
      if (sign == 1) expect('+');
      int hours = number(2);
      boolean more = take(':') || at < text.length();
      int minutes = more ? number(2) : 0;
      wrong |= hours > 14 || minutes > 59;
      return sign * (hours * 3600 + minutes * 60);
    }

    private int number(int digits) {
      int end = at + digits;
      wrong |= end > text.length();
      int number = 0;
      for (; at < end && !wrong; at++) {
        int digit = text.charAt(at) - '0';
        wrong = digit < 0 || digit > 9;
        number = number * 10 + digit;
      }
      return wrong ? 0 : number;
    }

    private void expect(char c) {
      wrong |= !take(c);
    }

    private boolean take(char c) {
      boolean here = at < text.length() && text.charAt(at) == c;
      if (here) at++;
      return here;
    }

    private static boolean digit(char c) {
      return c >= '0' && c <= '9';
    }
  }
}
