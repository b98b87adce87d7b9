package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Scope.Run;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Text;
import io.caregrid.fhirpath.Value.Whole;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** {@code =}, {@code ~}, {@code <} and their kin (N1 "Equality", "Comparison"). Null is "cannot be told". */
final class Comparing {
  private Comparing() {}

  static Boolean areEqual(List<Value> left, List<Value> right, Run run) {
    if (left.isEmpty() || right.isEmpty()) return null;
    if (left.size() != right.size()) return false;
    run.spend(left.size());
    Boolean all = true;
    for (int i = 0; i < left.size(); i++) {
      Boolean one = isEqual(left.get(i), right.get(i));
      if (Boolean.FALSE.equals(one)) return false;
      if (one == null) all = null;
    }
    return all;
  }

  static Boolean isEqual(Value left, Value right) {
    Value a = left.atom();
    Value b = right.atom();
    if (a instanceof Node || b instanceof Node || a == null || b == null)
      return left instanceof Node one && right instanceof Node other && one.sameAs(other);
    if (a instanceof Quantity || b instanceof Quantity) return equalQuantities(a, b);
    BigDecimal number = Items.number(a);
    if (number != null) return Items.number(b) != null && number.compareTo(Items.number(b)) == 0;
    if (a instanceof Moment one && b instanceof Moment other) {
      if (!one.comparable(other)) return false;
      Integer order = one.compare(other);
      return order == null ? null : Boolean.valueOf(order == 0);
    }
    return a.equals(b);
  }

  private static Boolean equalQuantities(Value a, Value b) {
    Quantity one = quantity(a);
    Quantity other = quantity(b);
    if (one == null || other == null) return false;
    Integer order = one.compare(other);
    return order == null ? null : Boolean.valueOf(order == 0);
  }

  /** A number counts as a quantity without a unit. */
  static Quantity quantity(Value atom) {
    if (atom instanceof Quantity quantity) return quantity;
    BigDecimal number = Items.number(atom);
    return number == null ? null : new Quantity(number, "1");
  }

  /** Order does not count, nor do case and spaces; numbers are rounded to the less precise one. */
  static boolean areLike(List<Value> left, List<Value> right, Run run) {
    if (left.size() != right.size()) return false;
    List<Value> open = new ArrayList<>(right);
    for (Value one : left) {
      if (!takeLike(open, one, run)) return false;
    }
    return true;
  }

  private static boolean takeLike(List<Value> open, Value one, Run run) {
    for (Iterator<Value> others = open.iterator(); others.hasNext();) {
      run.spend(1);
      if (isLike(one, others.next())) {
        others.remove();
        return true;
      }
    }
    return false;
  }

  private static boolean isLike(Value left, Value right) {
    Value a = left.atom();
    Value b = right.atom();
    if (a instanceof Text one && b instanceof Text other) return plain(one).equals(plain(other));
    if (a instanceof Quantity || b instanceof Quantity) {
      Quantity one = a == null ? null : quantity(a);
      Quantity other = b == null ? null : quantity(b);
      return one != null && other != null && one.isLike(other);
    }
    if ((a instanceof Decimal || a instanceof Whole) && Items.number(b) != null)
      return isLike(Items.number(a), Items.number(b));
    return Boolean.TRUE.equals(isEqual(left, right));
  }

  static boolean isLike(BigDecimal a, BigDecimal b) {
    int scale = Math.min(Math.max(0, a.stripTrailingZeros().scale()), Math.max(0, b.stripTrailingZeros().scale()));
    return a.setScale(scale, RoundingMode.HALF_UP).compareTo(b.setScale(scale, RoundingMode.HALF_UP)) == 0;
  }

  private static String plain(Text text) {
    return text.value().trim().toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
  }

  /** Negative, zero, positive; null when it cannot be told or one side is empty. Unfit when the two can never be compared. */
  static Integer order(List<Value> left, List<Value> right) {
    Value a = Items.single(left, "the left side");
    Value b = Items.single(right, "the right side");
    return a == null || b == null ? null : order(a, b);
  }

  static Integer order(Value a, Value b) {
    if (a instanceof Text one && b instanceof Text other) return one.value().compareTo(other.value());
    if (a instanceof Moment one && b instanceof Moment other && one.comparable(other)) return one.compare(other);
    BigDecimal number = Items.number(a);
    if (number != null && Items.number(b) != null) return number.compareTo(Items.number(b));
    if (a instanceof Quantity || b instanceof Quantity) {
      Quantity one = quantity(a);
      Quantity other = quantity(b);
      if (one != null && other != null) return one.compare(other);
    }
    throw new Unfit(a.typeName() + " and " + b.typeName() + " have no order");
  }

  /** Whether an equal item is among these. */
  static boolean holds(List<Value> items, Value one, Run run) {
    for (Value item : items) {
      run.spend(1);
      if (Boolean.TRUE.equals(isEqual(item, one))) return true;
    }
    return false;
  }
}
