package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Model.Field;
import io.caregrid.fhirpath.Model.Type;
import io.caregrid.fhirpath.Value.TypeName;
import java.util.ArrayList;
import java.util.List;

/** One name of a path: from items to their elements of this name (N1 "Path Selection"). Remembers what the name is of the type met last, which is mostly the next one's, too. */
final class Step implements Expression {
  private record Known(Type type, Field field) {}

  private final String name;
  /** Threads may overwrite each other's: any is right for its own type. */
  private Known known = new Known(null, null);

  Step(String name) {
    this.name = name;
  }

  @Override
  public List<Value> evaluate(List<Value> input, Scope scope) {
    int size = input.size();
    if (size == 0) return Items.NONE;
    if (size == 1) return below(input.get(0), scope);
    List<Value> found = new ArrayList<>(size);
    for (int i = 0; i < size; i++) found.addAll(below(input.get(i), scope));
    scope.run().spend(found.size());
    return found;
  }

  private List<Value> below(Value item, Scope scope) {
    if (item instanceof Node node) return node.definition() == null ? node.untyped(name) : typed(node, scope);
    return item instanceof TypeName type ? type.member(name) : Items.NONE;
  }

  private List<Value> typed(Node node, Scope scope) {
    Known now = known;
    if (now.type != node.definition()) {
      now = new Known(node.definition(), node.definition().field(name));
      known = now;
    }
    if (now.field == null) {
      node.definition().unknown(name, scope.run().strict);
      return Items.NONE;
    }
    return node.below(now.field);
  }
}
