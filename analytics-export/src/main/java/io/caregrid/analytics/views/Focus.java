package io.caregrid.analytics.views;

import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where in a resource a selection stands.
 *
 * @param at    the element
 * @param index {@code %rowIndex}: how many elements of the innermost loop came before
 */
record Focus(Node resource, Value at, int index, Map<String, List<Value>> constants, Clock clock) {

  Focus on(Value element, int row) {
    return new Focus(resource, element, row, constants, clock);
  }

  /** @throws Failure.Unprocessable with the place in the ViewDefinition */
  List<Value> values(FhirPath path, String place) {
    try {
      return path.evaluate(resource, at, new FhirPath.Context(variables(path), clock));
    } catch (FhirPathException failed) {
      throw failed(place, "failed on a resource: " + failed.getMessage());
    }
  }

  private Map<String, List<Value>> variables(FhirPath path) {
    if (!path.toString().contains(Column.ROW_INDEX)) return constants;
    Map<String, List<Value>> all = new HashMap<>(constants);
    all.put(Column.ROW_INDEX, List.of(Value.whole(index)));
    return all;
  }

  /** Empty is false; what is no boolean is an error. */
  boolean holds(FhirPath condition, String place) {
    List<Value> found = values(condition, place);
    if (found.isEmpty()) return false;
    if (found.size() > 1 || found.get(0).truth() == null) throw failed(place, "must give a boolean, and did not");
    return found.get(0).truth();
  }

  static Failure failed(String place, String why) {
    return new Failure.Unprocessable("the ViewDefinition cannot be used: " + place + " " + why, place);
  }
}
