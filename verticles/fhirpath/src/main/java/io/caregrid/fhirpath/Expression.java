package io.caregrid.fhirpath;

import java.util.List;

/** A compiled piece of an expression: a collection in, a collection out. */
@FunctionalInterface
interface Expression {
  List<Value> evaluate(List<Value> input, Scope scope);
}
