package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Whole;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/** N1 "Math". What has no real result gives empty; functions that are not exact have 15 digits. */
final class Numbers {
  private static final MathContext DIGITS = new MathContext(15);
  private static final int MOST_PLACES = 100;
  private static final int LARGEST_POWER = 1_000;

  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("abs", 0, 0, (in, args, scope) -> abs(in)),
      rounding("ceiling", RoundingMode.CEILING),
      rounding("floor", RoundingMode.FLOOR),
      rounding("truncate", RoundingMode.DOWN),
      entry("round", 0, 1, Numbers::round),
      real("exp", Math::exp),
      real("ln", Math::log),
      real("sqrt", Math::sqrt),
      entry("log", 1, 1, Numbers::log),
      entry("power", 1, 1, Numbers::power));

  private Numbers() {}

  private static List<Value> abs(List<Value> in) {
    Value value = Items.single(in, "what abs() is called on");
    if (value == null) return Items.NONE;
    if (value instanceof Quantity quantity) return List.of(new Quantity(quantity.value().abs(), quantity.unit()));
    if (value instanceof Whole whole) return Items.of(Math.abs(whole.value()));
    if (value instanceof Decimal decimal) return Items.of(decimal.value().abs());
    throw new Unfit("abs() is called on a number, not on " + value.typeName());
  }

  private static Map.Entry<String, Signature> rounding(String name, RoundingMode mode) {
    return entry(name, 0, 0, (in, args, scope) -> {
      BigDecimal value = Items.number(in, "what " + name + "() is called on");
      return value == null ? Items.NONE : Items.of(Arithmetic.number(value.setScale(0, mode), true));
    });
  }

  private static List<Value> round(List<Value> in, List<Expression> args, Scope scope) {
    BigDecimal value = Items.number(in, "what round() is called on");
    Integer places = args.isEmpty()
        ? Integer.valueOf(0)
        : Items.whole(scope.argument(args.get(0)), "the places of round()");
    if (value == null || places == null) return Items.NONE;
    if (places < 0 || places > MOST_PLACES) throw new Unfit("round() takes 0 to " + MOST_PLACES + " places");
    return Items.of(value.setScale(Math.min(places, Math.max(places, value.scale())), RoundingMode.HALF_UP));
  }

  private static Map.Entry<String, Signature> real(String name, DoubleUnaryOperator function) {
    return entry(name, 0, 0, (in, args, scope) -> {
      BigDecimal value = Items.number(in, "what " + name + "() is called on");
      return value == null ? Items.NONE : real(function.applyAsDouble(value.doubleValue()));
    });
  }

  private static List<Value> real(double value) {
    return Double.isNaN(value) || Double.isInfinite(value)
        ? Items.NONE
        : Items.of(Arithmetic.number(new BigDecimal(value, DIGITS), false));
  }

  private static List<Value> log(List<Value> in, List<Expression> args, Scope scope) {
    BigDecimal value = Items.number(in, "what log() is called on");
    BigDecimal base = Items.number(scope.argument(args.get(0)), "the base of log()");
    return value == null || base == null
        ? Items.NONE
        : real(Math.log(value.doubleValue()) / Math.log(base.doubleValue()));
  }

  /** Exact where the exponent is a whole number; integers stay integers. */
  private static List<Value> power(List<Value> in, List<Expression> args, Scope scope) {
    Value of = Items.single(in, "what power() is called on");
    BigDecimal base = Items.number(in, "what power() is called on");
    BigDecimal exponent = Items.number(scope.argument(args.get(0)), "the exponent of power()");
    if (base == null || exponent == null) return Items.NONE;
    boolean exact = exponent.stripTrailingZeros().scale() <= 0 && exponent.signum() >= 0
        && exponent.compareTo(BigDecimal.valueOf(LARGEST_POWER)) <= 0;
    if (!exact) return real(Math.pow(base.doubleValue(), exponent.doubleValue()));
    if ((long) base.precision() * exponent.intValue() > LARGEST_POWER)
      return real(
          Math.pow(base.doubleValue(), exponent.doubleValue()));
    return Items.of(Arithmetic.number(base.pow(exponent.intValue()), of instanceof Whole));
  }
}
