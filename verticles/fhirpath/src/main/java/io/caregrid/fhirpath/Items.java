package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Value.Bool;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Text;
import io.caregrid.fhirpath.Value.Whole;
import java.math.BigDecimal;
import java.util.List;

/** Collections read as the single values that operators and functions want (N1 "Singleton Evaluation of Collections"). Null is the empty collection. */
final class Items {
  static final List<Value> NONE = List.of();

  private Items() {}

  static List<Value> of(Value value) {
    return value == null ? NONE : List.of(value);
  }

  static List<Value> of(Boolean value) {
    return value == null ? NONE : List.of(Bool.of(value));
  }

  static List<Value> of(String value) {
    return value == null ? NONE : List.of(new Text(value));
  }

  static List<Value> of(int value) {
    return List.of(new Whole(value));
  }

  static List<Value> of(BigDecimal value) {
    return value == null ? NONE : List.of(new Decimal(value));
  }

  /** The one item, as a value of FHIRPath's own types if it has one. */
  static Value single(List<Value> items, String what) {
    Value item = one(items, what);
    return item == null ? null : item.atom();
  }

  /** The one item as it stands. */
  static Value one(List<Value> items, String what) {
    if (items.size() > 1) throw new Unfit(what + " must be one item and is " + items.size());
    return items.isEmpty() ? null : items.get(0);
  }

  /** A single item that is no boolean counts as true. */
  static Boolean truth(List<Value> items, String what) {
    Value item = single(items, what);
    if (item == null) return null;
    return item instanceof Bool bool ? bool.value() : Boolean.TRUE;
  }

  static boolean isTrue(List<Value> items, String what) {
    return Boolean.TRUE.equals(truth(items, what));
  }

  static String text(List<Value> items, String what) {
    Value item = single(items, what);
    if (item == null) return null;
    if (item instanceof Text text) return text.value();
    throw new Unfit(what + " must be a string and is " + item.typeName());
  }

  static Integer whole(List<Value> items, String what) {
    Value item = single(items, what);
    if (item == null) return null;
    if (item instanceof Whole whole) return whole.value();
    throw new Unfit(what + " must be an integer and is " + item.typeName());
  }

  static BigDecimal number(List<Value> items, String what) {
    Value item = single(items, what);
    if (item == null) return null;
    BigDecimal number = number(item);
    if (number == null) throw new Unfit(what + " must be a number and is " + item.typeName());
    return number;
  }

  /** Null when it is no number. */
  static BigDecimal number(Value atom) {
    if (atom instanceof Whole whole) return BigDecimal.valueOf(whole.value());
    return atom instanceof Decimal decimal ? decimal.value() : null;
  }
}
