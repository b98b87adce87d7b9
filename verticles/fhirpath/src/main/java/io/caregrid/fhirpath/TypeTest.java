package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A type as an expression names it (N1 "Type Specifier"): of FHIR for elements, of System for FHIRPath's own values.
 *
 * @param namespace {@code FHIR}, {@code System} or null
 */
record TypeTest(String namespace, String name) {
  private static final Set<String> SYSTEM = Set.of("Boolean", "String", "Integer", "Decimal", "Date", "DateTime",
      "Time", "Quantity", "Any");

  /** False when there is no such type: an expression that names it cannot mean what it says. */
  boolean isKnown() {
    boolean fhir = !"System".equals(namespace) && Model.R4.type(name) != null;
    boolean system = !"FHIR".equals(namespace) && SYSTEM.contains(name);
    return (namespace == null || Set.of("FHIR", "System").contains(namespace)) && (fhir || system)
        || "System".equals(namespace);
  }

  /** {@code is}: the type or one made from it. */
  List<Value> is(List<Value> input) {
    Value one = Items.one(input, "what is asked for its type");
    return one == null ? Items.NONE : Items.of(matches(one, false));
  }

  /** {@code as}. */
  List<Value> as(List<Value> input) {
    if (input.size() > 1) throw new Unfit("as takes one item and is given " + input.size() + "; ofType takes several");
    return ofType(input);
  }

  /** {@code ofType}: of primitives exactly this one, a code is no string here. */
  List<Value> ofType(List<Value> input) {
    if (input.size() == 1) return matches(input.get(0), true) ? input : Items.NONE;
    List<Value> found = new ArrayList<>();
    for (Value item : input) {
      if (matches(item, true)) found.add(item);
    }
    return found;
  }

  private boolean matches(Value value, boolean exactly) {
    if (!(value instanceof Node node)) return !"FHIR".equals(namespace) && value.type().name().equals(name);
    if ("System".equals(namespace)) return false;
    return exactly && node.isPrimitive() ? node.isExactly(name) : node.isA(name);
  }
}
