package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Model.Field;
import io.caregrid.fhirpath.Model.Type;
import java.util.Set;

/**
 * What is known of a piece's values when it is compiled.
 *
 * @param type    the one type they all have; null when it is not known
 * @param ordered false when the values have no order that anybody may rely on (N1 "children": the order is undefined)
 */
record Shape(Type type, boolean ordered) {
  static final Shape UNKNOWN = new Shape(null, true);
  private static final Shape UNORDERED = new Shape(null, false);
  /** Functions that give some of what they are called on. */
  private static final Set<String> PARTS = Set.of("where", "first", "last", "tail", "skip", "take", "single", "exclude",
      "intersect", "distinct", "trace");
  private static final Set<String> BY_ORDER = Set.of("first", "last", "tail", "skip", "take");
  private static final Set<String> BELOW = Set.of("children", "descendants");

  static Shape of(Type type) {
    return type == null ? UNKNOWN : new Shape(type, true);
  }

  /** The shape of the elements of this name. @throws Unfit when a type that is known cannot have it */
  Shape member(String name, boolean strict) {
    if (type == null) return new Shape(null, ordered);
    Field field = type.field(name);
    if (field == null) {
      type.unknown(name, strict && type.isExact());
      return new Shape(null, ordered);
    }
    Type of = field.choices == null ? field.type() : null;
    return new Shape(of, ordered);
  }

  /** The shape of what a function gives. @throws Unfit when it asks for an order that is not there, and that matters */
  Shape call(String function, boolean strict) {
    if (BELOW.contains(function)) return UNORDERED;
    if (strict && !ordered && BY_ORDER.contains(function))
      throw new Unfit(function + "() asks for an order, and what it is called on has none");
    return PARTS.contains(function) ? this : UNKNOWN;
  }
}
