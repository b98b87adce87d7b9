package io.caregrid.fhirpath;

import java.util.List;

/** A value that is the same on every resource. */
record Literal(List<Value> items) implements Expression {
  @Override
  public List<Value> evaluate(List<Value> input, Scope scope) {
    return items;
  }

  /** The text of an argument that is written out; null for any other. */
  static String text(Expression expression) {
    return expression instanceof Literal literal && literal.items.size() == 1
        && literal.items.get(0) instanceof Value.Text text ? text.value() : null;
  }
}
