package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Value.TypeName;
import java.util.ArrayList;
import java.util.List;

/** Steps from an item to the elements below it (N1 "Path Selection"). */
final class Paths {
  private Paths() {}

  /** The first name of a path: the type of the resource, which is the resource itself, or an element. */
  static Expression start(String name) {
    Expression member = member(name);
    boolean type = Character.isUpperCase(name.charAt(0)) && Model.R4.type(name) != null;
    if (!type) return member;
    return (input, scope) -> {
      if (input.size() == 1 && input.get(0) instanceof Node node && node.isA(name)) return input;
      if (scope.run().strict) throw new Unfit("this is no " + name);
      return member.evaluate(input, scope);
    };
  }

  static Expression member(String name) {
    return (input, scope) -> {
      if (input.size() == 1) return below(input.get(0), name, scope);
      List<Value> found = new ArrayList<>();
      for (Value item : input) found.addAll(below(item, name, scope));
      return found;
    };
  }

  private static List<Value> below(Value item, String name, Scope scope) {
    if (item instanceof Node node) return node.member(name, scope.run().strict);
    if (!(item instanceof TypeName type)) return Items.NONE;
    return switch (name) {
      case "namespace" -> Items.of(type.namespace());
      case "name" -> Items.of(type.name());
      default -> Items.NONE;
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
