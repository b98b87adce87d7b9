package io.caregrid.fhirpath;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A number with a unit (N1 "Quantity"): a UCUM code, or a calendar word such as {@code month}, which is not the same as UCUM's {@code mo} above weeks.
 *
 * @param unit {@code 1} for none
 */
public record Quantity(BigDecimal value, String unit) implements Value {
  /** Calendar word → UCUM. */
  static final Map<String, String> CALENDAR = Map.of("year", "a", "month", "mo", "week", "wk", "day", "d", "hour", "h",
      "minute", "min", "second", "s", "millisecond", "ms");

  /** The calendar word in the singular; null when it is none. */
  static String calendar(String word) {
    String single = word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
    return CALENDAR.containsKey(single) ? single : null;
  }

  /** Negative, zero, positive; null when the units cannot be compared. */
  Integer compare(Quantity other) {
    if (unit.equals(other.unit)) return value.compareTo(other.value);
    if (isLong() != other.isLong()) return null;
    Units mine = units();
    Units theirs = other.units();
    if (mine == null || theirs == null || !mine.dimensions().equals(theirs.dimensions())) return null;
    return mine.compare(value, theirs, other.value);
  }

  /** Longer ones are not calculated with: nine characters of JSON can be a number of a billion digits. */
  private static final int MOST_DIGITS = 1_000;

  /**
   * The same in UCUM's base units, to 34 digits, whose unit is written one way for all that measure the same: {@code 1 'mg'} and {@code 0.001 'g'} both
   * become {@code 0.001 'g'}. Null when the unit is not one of UCUM's, or the number too long.
   */
  public Quantity base() {
    Units of = Math.abs((long) value.scale()) + value.precision() > MOST_DIGITS ? null : units();
    if (of == null) return null;
    String base = of.dimensions()
        .entrySet()
        .stream()
        .map(power -> power.getKey() + (power.getValue() == 1 ? "" : power.getValue()))
        .collect(Collectors.joining("."));
    return new Quantity(of.scaled(value).divide(of.under(), MathContext.DECIMAL128), base.isEmpty() ? "1" : base);
  }

  /** Equal when rounded to the less precise of the two; calendar years and UCUM's count as the same. */
  boolean isLike(Quantity other) {
    Units mine = units();
    Units theirs = other.units();
    if (mine == null || theirs == null) return unit.equals(other.unit) && Comparing.isLike(value, other.value);
    if (!mine.dimensions().equals(theirs.dimensions())) return false;
    return mine.isCoarserThan(theirs) ? like(this, mine, other, theirs) : like(other, theirs, this, mine);
  }

  private static boolean like(Quantity coarse, Units coarser, Quantity fine, Units finer) {
    BigDecimal same = finer.in(coarser, fine.value);
    int scale = Math.min(Math.max(0, coarse.value.scale()), Math.max(0, same.stripTrailingZeros().scale()));
    return coarse.value.setScale(scale, RoundingMode.HALF_UP)
        .compareTo(same.setScale(scale, RoundingMode.HALF_UP)) == 0;
  }

  boolean isComparable(Quantity other) {
    return compare(other) != null;
  }

  /** Null when no product of the two can be told. */
  Quantity times(Quantity other) {
    if (units() == null || other.units() == null) return null;
    return new Quantity(value.multiply(other.value), joined(ucum(), ".", other.ucum()));
  }

  /** Null when the other is zero or no quotient can be told. */
  Quantity over(Quantity other) {
    if (units() == null || other.units() == null || other.value.signum() == 0) return null;
    return new Quantity(Arithmetic.quotient(value, other.value), joined(ucum(), "/", other.ucum()));
  }

  private static String joined(String left, String by, String right) {
    if (right.equals("1")) return left;
    if (by.equals("/") && left.equals(right)) return "1";
    if (left.equals("1")) return by.equals("/") ? "/" + right : right;
    return left + by + (right.matches(".*[./].*") ? "(" + right + ")" : right);
  }

  /** A calendar's year or month: not a number of seconds. */
  private boolean isLong() {
    return unit.equals("year") || unit.equals("month");
  }

  private String ucum() {
    return CALENDAR.getOrDefault(unit, unit);
  }

  private Units units() {
    return Units.of(ucum());
  }

  /** As FHIRPath writes it: {@code 1 'mg'}, {@code 1 week}. */
  @Override
  public String toString() {
    String number = value.toPlainString();
    if (!CALENDAR.containsKey(unit)) return number + " '" + unit + "'";
    return number + " " + unit + (value.compareTo(BigDecimal.ONE) == 0 ? "" : "s");
  }
}
