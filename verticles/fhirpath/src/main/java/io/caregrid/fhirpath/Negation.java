package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Whole;
import java.util.List;

/** {@code -x}. In front of a key of sort() it turns the order around. */
record Negation(Expression inner) implements Expression {
  @Override
  public List<Value> evaluate(List<Value> input, Scope scope) {
    Value value = Items.single(inner.evaluate(input, scope), "what - stands before");
    if (value == null) return Items.NONE;
    if (value instanceof Whole whole) return List.of(new Whole(-whole.value()));
    if (value instanceof Decimal decimal) return List.of(new Decimal(decimal.value().negate()));
    if (value instanceof Quantity quantity) return List.of(new Quantity(quantity.value().negate(), quantity.unit()));
    throw new Unfit("- stands before a number or a quantity, not before " + value.typeName());
  }
}
