package io.caregrid.store;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Ranges as tokens. A number lies in three buckets, by its power of ten, its first and its second digit: 127 in {@code +2}, {@code +2.1} and
 * {@code +2.12}; a date in those of its year, month and day, UTC. A search looks up the largest that fit into its range and the smallest at its edges:
 * whatever it is after is in one of them, and what else is there its predicate tells.
 *
 * <p>Never to change: they are in every row.
 */
final class Buckets {
  /** A value that is no point: it may be anywhere. */
  static final String ANYWHERE = "~";
  private static final int LEAST = -15;
  private static final int MOST = 15;
  private static final String ZERO = "0";
  private static final int FIRST_YEAR = 1900;
  private static final int LAST_YEAR = 2100;
  private static final String EARLIER = "-";
  private static final String LATER = "+";

  private Buckets() {}

  static List<String> of(BigDecimal number) {
    if (number.signum() == 0) return List.of(ZERO);
    String sign = number.signum() < 0 ? "-" : "+";
    long power = power(number);
    if (power <= LEAST || power >= MOST) return List.of(sign + (power < 0 ? LEAST : MOST));
    String digits = number.unscaledValue().abs().toString();
    String first = sign + power + "." + digits.charAt(0);
    return List.of(sign + power, first, first + (digits.length() > 1 ? digits.charAt(1) : '0'));
  }

  private static long power(BigDecimal number) {
    return (long) number.precision() - number.scale() - 1;
  }

  /** Those that have whatever lies between both, edges included. Null: no bound. */
  static List<String> between(BigDecimal low, BigDecimal high) {
    List<String> found = new ArrayList<>();
    if (low == null || low.signum() < 0)
      positive("-", high == null || high.signum() >= 0 ? BigDecimal.ZERO : high.negate(),
          low == null ? null : low.negate(), found);
    if ((low == null || low.signum() <= 0) && (high == null || high.signum() >= 0)) found.add(ZERO);
    if (high == null || high.signum() > 0)
      positive("+", low == null || low.signum() <= 0 ? BigDecimal.ZERO : low, high, found);
    return found;
  }

  /** @param low  not negative; @param high above it, or null */
  private static void positive(String sign, BigDecimal low, BigDecimal high, List<String> found) {
    long from = low.signum() == 0 ? LEAST : Math.max(LEAST, Math.min(MOST, power(low)));
    long to = high == null ? MOST : Math.max(LEAST, Math.min(MOST, power(high)));
    for (long power = from; power <= to; power++) {
      BigDecimal begin = BigDecimal.ONE.scaleByPowerOfTen((int) power);
      boolean edge = power == LEAST || power == MOST;
      if (edge || inside(begin, begin.movePointRight(1), low, high)) found.add(sign + power);
      else decade(sign + power, begin, low, high, found);
    }
  }

  private static void decade(String name, BigDecimal unit, BigDecimal low, BigDecimal high, List<String> found) {
    for (int first = 1; first <= 9; first++) {
      BigDecimal begin = unit.multiply(BigDecimal.valueOf(first));
      BigDecimal end = begin.add(unit);
      if (inside(begin, end, low, high)) {
        found.add(name + "." + first);
      } else if (touches(begin, end, low, high)) {
        BigDecimal tenth = unit.movePointLeft(1);
        for (int second = 0; second <= 9; second++) {
          BigDecimal from = begin.add(tenth.multiply(BigDecimal.valueOf(second)));
          if (touches(from, from.add(tenth), low, high)) found.add(name + "." + first + second);
        }
      }
    }
  }

  private static boolean inside(BigDecimal begin, BigDecimal end, BigDecimal low, BigDecimal high) {
    return begin.compareTo(low) >= 0 && (high == null || end.compareTo(high) <= 0);
  }

  private static boolean touches(BigDecimal begin, BigDecimal end, BigDecimal low, BigDecimal high) {
    return end.compareTo(low) > 0 && (high == null || begin.compareTo(high) <= 0);
  }

  /** Of its first moment, and of its last where that is another day. */
  static Set<String> of(Span span) {
    Set<String> found = new LinkedHashSet<>();
    day(span.from(), found);
    day(span.to().minus(1, ChronoUnit.MICROS), found);
    return found;
  }

  private static void day(Instant instant, Set<String> found) {
    LocalDate day = LocalDate.ofInstant(instant, ZoneOffset.UTC);
    found.add(year(day.getYear()));
    if (day.getYear() < FIRST_YEAR || day.getYear() > LAST_YEAR) return;
    found.add(day.toString().substring(0, 7));
    found.add(day.toString());
  }

  private static String year(int year) {
    return year < FIRST_YEAR ? EARLIER : year > LAST_YEAR ? LATER : Integer.toString(year);
  }

  /** Those of everything that begins or ends between both: the year's, the month's or the day's, whichever both are in, else their years'. */
  static List<String> between(Instant from, Instant to) {
    LocalDate first = LocalDate.ofInstant(from, ZoneOffset.UTC);
    LocalDate last = LocalDate.ofInstant(to.minus(1, ChronoUnit.MICROS), ZoneOffset.UTC);
    if (last.isBefore(first)) last = first;
    boolean named = first.getYear() >= FIRST_YEAR && first.getYear() <= LAST_YEAR;
    if (named && first.equals(last)) return List.of(first.toString());
    String month = first.toString().substring(0, 7);
    if (named && last.toString().startsWith(month)) return List.of(month);
    Set<String> years = new LinkedHashSet<>();
    for (int year = known(first.getYear()); year <= known(last.getYear()); year++) years.add(year(year));
    return List.copyOf(years);
  }

  /** All years before the first and all behind the last are one. */
  private static int known(int year) {
    return Math.max(FIRST_YEAR - 1, Math.min(LAST_YEAR + 1, year));
  }
}
