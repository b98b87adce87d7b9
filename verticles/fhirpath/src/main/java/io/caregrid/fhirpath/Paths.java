package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.util.ArrayList;
import java.util.List;

/** Where a path begins, and all that is below an item (N1 "Path Selection", "Tree Navigation"). */
final class Paths {
  private Paths() {}

  static boolean isType(String name) {
    return Character.isUpperCase(name.charAt(0)) && Model.R4.type(name) != null;
  }

  /** The type of the resource as the first name of a path: the resource itself where it is one, else nothing. */
  static Expression start(String type) {
    Expression step = new Step(type);
    return (input, scope) -> {
      if (input.size() != 1 || !(input.get(0) instanceof Node node)) return step.evaluate(input, scope);
      if (node.isA(type)) return input;
      if (scope.run().strict) throw new Unfit("this is no " + type);
      return node.definition() == null ? step.evaluate(input, scope) : Items.NONE;
    };
  }

  static List<Value> children(List<Value> input, Scope scope) {
    List<Value> found = new ArrayList<>();
    for (Value item : input) {
      if (item instanceof Node node) found.addAll(node.children());
    }
    scope.run().spend(found.size());
    return found;
  }

  static List<Value> descendants(List<Value> input, Scope scope) {
    List<Value> found = new ArrayList<>();
    for (List<Value> level = children(input, scope); !level.isEmpty(); level = children(level, scope))
      found.addAll(level);
    return found;
  }
}
