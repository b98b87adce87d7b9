package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Place;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.util.List;

/** A piece that may refuse what it is given: it says where it stands, and pays for what it looks at. */
record Placed(Place place, Expression piece) implements Expression {
  @Override
  public List<Value> evaluate(List<Value> input, Scope scope) {
    try {
      scope.run().spend(1 + input.size());
      return piece.evaluate(input, scope);
    } catch (Unfit unfit) {
      throw new FhirPathException(place, unfit.getMessage());
    }
  }
}
