package io.caregrid.fhirpath;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Date, dateTime or time with its precision (N1 "Date", "DateTime", "Time"). Comparing two of different precision gives no answer where the part that
 * both have is equal; seconds and their fraction count as one precision.
 *
 * @param at     what is not given is the least possible: January, the first, 0; a time has 1970-01-01
 * @param parts  how many of year, month, day, hour, minute, second, fraction are given; a time counts from hour (4..7)
 * @param offset null when none is given
 */
public record Moment(Kind kind, LocalDateTime at, int parts, ZoneOffset offset) implements Value {

  static final int DAY = 3;
  static final int MINUTE = 5;
  static final int SECOND = 6;
  static final int FRACTION = 7;
  private static final Pattern CALENDAR = Pattern.compile(
      "(\\d{4})(?:-(\\d\\d)(?:-(\\d\\d))?)?(?:T(?:(\\d\\d)(?::(\\d\\d)(?::(\\d\\d)(\\.\\d{1,9})?)?)?(Z|[+-]\\d\\d:\\d\\d)?)?)?");
  private static final Pattern CLOCK = Pattern.compile("T?(\\d\\d)(?::(\\d\\d)(?::(\\d\\d)(\\.\\d{1,9})?)?)?");
  private static final int[] DIGITS = {0, 4, 6, 8, 10, 12, 14, 17};

  /** Which of the three it is. */
  enum Kind {
    DATE("Date"), DATETIME("DateTime"), TIME("Time");

    final String type;

    Kind(String type) {
      this.type = type;
    }
  }

  /** As FHIR and FHIRPath write it, without {@code @}. Null when it is none. A date may not have a time; a dateTime may lack it. */
  static Moment read(String text, Kind kind) {
    Matcher found = (kind == Kind.TIME ? CLOCK : CALENDAR).matcher(text);
    if (!found.matches()) return null;
    try {
      return kind == Kind.TIME ? clock(found) : calendar(found, kind, text);
    } catch (DateTimeException impossible) {
      return null;
    }
  }

  private static Moment calendar(Matcher found, Kind kind, String text) {
    if (kind == Kind.DATE && text.contains("T")) return null;
    int parts = 0;
    for (int group = 1; group <= FRACTION && found.group(group) != null; group++) parts = group;
    if (found.group(4) != null && parts < 4) return null; // hours behind a month
    LocalDateTime at = LocalDateTime.of(number(found, 1, 1), number(found, 2, 1), number(found, 3, 1),
        number(found, 4, 0), number(found, 5, 0), second(found, 6), nanos(found.group(7)));
    return new Moment(kind, at, parts, found.group(8) == null ? null : ZoneOffset.of(found.group(8)));
  }

  private static Moment clock(Matcher found) {
    int parts = 0;
    for (int group = 1; group <= 4 && found.group(group) != null; group++) parts = group + DAY;
    return new Moment(Kind.TIME, LocalDate.EPOCH.atTime(number(found, 1, 0), number(found, 2, 0), second(found, 3),
        nanos(found.group(4))), parts, null);
  }

  private static int number(Matcher found, int group, int otherwise) {
    return found.group(group) == null ? otherwise : Integer.parseInt(found.group(group));
  }

  /** A leap second counts as the one before. */
  private static int second(Matcher found, int group) {
    return Math.min(59, number(found, group, 0));
  }

  private static int nanos(String fraction) {
    return fraction == null ? 0 : Integer.parseInt((fraction.substring(1) + "00000000").substring(0, 9));
  }

  static Moment now(OffsetDateTime now) {
    return new Moment(Kind.DATETIME, now.toLocalDateTime().truncatedTo(ChronoUnit.MILLIS), FRACTION, now.getOffset());
  }

  /** Its date, without the time. */
  Moment date() {
    return new Moment(Kind.DATE, at.toLocalDate().atStartOfDay(), Math.min(DAY, parts), null);
  }

  Moment dateTime() {
    return new Moment(Kind.DATETIME, at, parts, offset);
  }

  /** Negative, zero, positive; null when the precision of the two does not tell. Kinds must be {@link #comparable}. */
  Integer compare(Moment other) {
    boolean hours = Math.min(parts, other.parts) > DAY;
    if (hours && kind != Kind.TIME && (offset == null) != (other.offset == null)) return null;
    LocalDateTime mine = hours ? utc() : at;
    LocalDateTime theirs = hours ? other.utc() : other.at;
    int common = Math.min(precision(), other.precision());
    for (int part = kind == Kind.TIME ? DAY + 1 : 1; part <= common; part++) {
      int order = Long.compare(part(mine, part), part(theirs, part));
      if (order != 0) return order;
    }
    return precision() == other.precision() ? 0 : null;
  }

  boolean comparable(Moment other) {
    return (kind == Kind.TIME) == (other.kind == Kind.TIME);
  }

  private LocalDateTime utc() {
    return offset == null ? at : at.minusSeconds(offset.getTotalSeconds());
  }

  /** Seconds with and without a fraction are one precision. */
  private int precision() {
    return Math.min(parts, SECOND);
  }

  private static long part(LocalDateTime of, int part) {
    return switch (part) {
      case 1 -> of.getYear();
      case 2 -> of.getMonthValue();
      case 3 -> of.getDayOfMonth();
      case 4 -> of.getHour();
      case 5 -> of.getMinute();
      default -> of.getSecond() * 1_000_000_000L + of.getNano();
    };
  }

  /** How many digits are given: 4 for a year, 17 for a dateTime with milliseconds, 4 for a time with minutes. */
  int digits() {
    return DIGITS[parts] - (kind == Kind.TIME ? DIGITS[DAY] : 0);
  }

  /** The number of parts for this many digits, or 0. */
  static int partsOf(int digits, Kind kind) {
    int whole = digits + (kind == Kind.TIME ? DIGITS[DAY] : 0);
    for (int parts = kind == Kind.TIME ? DAY + 1 : 1; parts <= FRACTION; parts++) {
      if (DIGITS[parts] == whole) return parts;
    }
    return 0;
  }

  /** Throws DateTimeException beyond the years 0001 to 9999. */
  Moment plus(long amount, ChronoUnit unit) {
    LocalDateTime moved = at.plus(amount, unit);
    boolean year = kind == Kind.TIME || moved.getYear() >= 1 && moved.getYear() <= 9999;
    if (!year) throw new DateTimeException("beyond the years 0001 to 9999");
    return new Moment(kind, kind == Kind.TIME ? moved.toLocalTime().atDate(LocalDate.EPOCH) : moved, parts, offset);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Moment that && kind == that.kind && at.equals(that.at) && parts == that.parts
        && Objects.equals(offset, that.offset);
  }

  @Override
  public int hashCode() {
    return at.hashCode();
  }

  /** As FHIR writes it. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    if (kind != Kind.TIME) {
      text.append(String.format(Locale.ROOT, "%04d", at.getYear()));
      if (parts > 1) text.append('-').append(two(at.getMonthValue()));
      if (parts > 2) text.append('-').append(two(at.getDayOfMonth()));
      if (parts > DAY) text.append('T');
    }
    if (parts > DAY) text.append(two(at.getHour()));
    if (parts >= MINUTE) text.append(':').append(two(at.getMinute()));
    if (parts >= SECOND) text.append(':').append(two(at.getSecond()));
    if (parts >= FRACTION) text.append('.').append(fraction());
    return offset == null ? text.toString() : text.append(offset).toString();
  }

  private String fraction() {
    String nanos = String.format(Locale.ROOT, "%09d", at.getNano());
    return nanos.endsWith("000000") ? nanos.substring(0, 3) : nanos.replaceAll("0+$", "");
  }

  private static String two(int number) {
    return number < 10 ? "0" + number : String.valueOf(number);
  }
}
