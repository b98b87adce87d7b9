package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Text;
import io.caregrid.fhirpath.Value.Whole;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** {@code + - * / div mod &} (N1 "Math", "Date/Time Arithmetic"). Null is the empty collection: a side is, or the result cannot be told or held. */
final class Arithmetic {
  private static final MathContext PRECISION = new MathContext(28, RoundingMode.HALF_UP);
  private static final BigDecimal LARGEST = BigDecimal.valueOf(Integer.MAX_VALUE);
  private static final int MOST_DIGITS = 1_000;
  /** Units of UCUM up to the week count as the calendar's; those above do not. */
  private static final Map<String, ChronoUnit> UNITS = Map.ofEntries(Map.entry("year", ChronoUnit.YEARS),
      Map.entry("month", ChronoUnit.MONTHS), Map.entry("week", ChronoUnit.WEEKS), Map.entry("day", ChronoUnit.DAYS),
      Map.entry("hour", ChronoUnit.HOURS), Map.entry("minute", ChronoUnit.MINUTES),
      Map.entry("second", ChronoUnit.SECONDS), Map.entry("millisecond", ChronoUnit.MILLIS),
      Map.entry("wk", ChronoUnit.WEEKS), Map.entry("d", ChronoUnit.DAYS), Map.entry("h", ChronoUnit.HOURS),
      Map.entry("min", ChronoUnit.MINUTES), Map.entry("s", ChronoUnit.SECONDS), Map.entry("ms", ChronoUnit.MILLIS));

  private Arithmetic() {}

  static List<Value> apply(String operator, List<Value> left, List<Value> right) {
    if (operator.equals("&")) return joined(left, right);
    Value a = Items.single(left, "the left side of " + operator);
    Value b = Items.single(right, "the right side of " + operator);
    if (a == null || b == null) return Items.NONE;
    return Items.of(result(operator, a, b));
  }

  private static List<Value> joined(List<Value> left, List<Value> right) {
    String a = Items.text(left, "the left side of &");
    String b = Items.text(right, "the right side of &");
    return Items.of(Strings.joined(a == null ? "" : a, b == null ? "" : b));
  }

  private static Value result(String operator, Value a, Value b) {
    if (a instanceof Text one && b instanceof Text other && operator.equals("+"))
      return new Text(Strings.joined(one.value(), other.value()));
    if (a instanceof Moment moment && b instanceof Quantity quantity && "+-".contains(operator))
      return moved(moment, operator.equals("-") ? new Quantity(quantity.value().negate(), quantity.unit()) : quantity);
    if (Items.number(a) != null && Items.number(b) != null) return numbers(operator, a, b);
    Quantity one = Comparing.quantity(a);
    Quantity other = Comparing.quantity(b);
    if (one != null && other != null) {
      if (operator.equals("*")) return bounded(one.times(other));
      if (operator.equals("/")) return one.over(other);
      if ("+-".contains(operator)) return bounded(sum(operator, one, other));
    }
    throw new Unfit(operator + " cannot take " + a.typeName() + " and " + b.typeName());
  }

  private static Quantity sum(String operator, Quantity one, Quantity other) {
    if (!one.unit().equals(other.unit())) return null;
    BigDecimal value = operator.equals("+") ? one.value().add(other.value()) : one.value().subtract(other.value());
    return new Quantity(value, one.unit());
  }

  private static Quantity bounded(Quantity quantity) {
    return quantity == null || number(quantity.value(), false) == null ? null : quantity;
  }

  private static Value numbers(String operator, Value left, Value right) {
    BigDecimal a = Items.number(left);
    BigDecimal b = Items.number(right);
    boolean whole = left instanceof Whole && right instanceof Whole;
    return switch (operator) {
      case "+" -> number(a.add(b), whole);
      case "-" -> number(a.subtract(b), whole);
      case "*" -> number(a.multiply(b), whole);
      case "/" -> b.signum() == 0 ? null : new Decimal(quotient(a, b));
      case "div" -> b.signum() == 0 ? null : number(a.divideToIntegralValue(b).setScale(0, RoundingMode.DOWN), true);
      default -> b.signum() == 0 ? null : number(a.remainder(b), whole);
    };
  }

  static BigDecimal quotient(BigDecimal a, BigDecimal b) {
    BigDecimal exact = a.divide(b, PRECISION).stripTrailingZeros();
    return exact.scale() < 0 ? exact.setScale(0) : exact;
  }

  /** Null when an integer has more than 32 bits, or a decimal far more digits than anyone means. */
  static Value number(BigDecimal value, boolean whole) {
    if (!whole)
      return value.precision() > MOST_DIGITS || Math.abs(value.scale()) > MOST_DIGITS ? null : new Decimal(value);
    return value.abs().compareTo(LARGEST) <= 0 ? new Whole(value.intValue()) : null;
  }

  /** The part of the amount below one unit does not count, but for seconds. Throws Unfit for a unit that is no time. */
  private static Value moved(Moment moment, Quantity by) {
    String calendar = Quantity.calendar(by.unit());
    ChronoUnit unit = UNITS.get(calendar == null ? by.unit() : calendar);
    if (unit == null) throw new Unfit("a date or time moves by years to milliseconds, not by '" + by.unit() + "'");
    BigDecimal amount = by.value();
    if (unit == ChronoUnit.SECONDS) {
      unit = ChronoUnit.MILLIS;
      amount = amount.movePointRight(3);
    }
    if (amount.abs().compareTo(BigDecimal.valueOf(1L << 50)) > 0) return null;
    try {
      return whole(moment, amount.longValue(), unit);
    } catch (DateTimeException | ArithmeticException beyond) {
      return null;
    }
  }

  /** A month moves by whole months: {@code @2014-02 + 40 days} is {@code @2014-03} (N1: converted to the precision that is there). */
  private static Moment whole(Moment moment, long amount, ChronoUnit unit) {
    if (moment.kind() == Moment.Kind.TIME) {
      if (unit.isDateBased()) throw new Unfit("a time moves by hours to milliseconds");
      return moment.plus(amount, unit);
    }
    long millis = unit == ChronoUnit.MONTHS || unit == ChronoUnit.YEARS
        ? 0
        : Math.multiplyExact(amount,
            unit.getDuration().toMillis());
    if (moment.parts() == 1)
      return moment.plus(
          unit == ChronoUnit.YEARS ? amount : unit == ChronoUnit.MONTHS ? amount / 12 : millis / 86_400_000 / 365,
          ChronoUnit.YEARS);
    if (moment.parts() == 2 && millis != 0) return moment.plus(millis / 86_400_000 / 30, ChronoUnit.MONTHS);
    if (moment.parts() == Moment.DAY && millis != 0) return moment.plus(millis / 86_400_000, ChronoUnit.DAYS);
    return moment.plus(amount, unit);
  }
}
