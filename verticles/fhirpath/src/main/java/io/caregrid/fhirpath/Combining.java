package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Scope.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Parts of collections and collections of collections (N1 "Subsetting", "Combining"). */
final class Combining {
  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("single", 0, 0, (in, args, scope) -> Items.of(Items.one(in, "what single() is called on"))),
      entry("first", 0, 0, (in, args, scope) -> part(in, 0, 1)),
      entry("last", 0, 0, (in, args, scope) -> part(in, in.size() - 1, in.size())),
      entry("tail", 0, 0, (in, args, scope) -> part(in, 1, in.size())),
      entry("skip", 1, 1, (in, args, scope) -> {
        Integer count = Items.whole(scope.argument(args.get(0)), "how many to skip");
        return count == null ? Items.NONE : part(in, count, in.size());
      }),
      entry("take", 1, 1, (in, args, scope) -> {
        Integer count = Items.whole(scope.argument(args.get(0)), "how many to take");
        return count == null ? Items.NONE : part(in, 0, count);
      }),
      entry("intersect", 1, 1, (in, args, scope) -> distinct(
          filtered(in, scope.argument(args.get(0)), true, scope.run()), scope.run())),
      entry("exclude", 1, 1, (in, args, scope) -> filtered(in, scope.argument(args.get(0)), false, scope.run())),
      entry("union", 1, 1, (in, args, scope) -> union(in, scope.argument(args.get(0)), scope.run())),
      entry("combine", 1, 1, (in, args, scope) -> both(in, scope.argument(args.get(0)), scope.run())));

  private Combining() {}

  private static List<Value> part(List<Value> items, int from, int to) {
    int first = Math.max(0, from);
    int last = Math.min(items.size(), Math.max(0, to));
    return first >= last ? Items.NONE : items.subList(first, last);
  }

  private static List<Value> filtered(List<Value> items, List<Value> other, boolean in, Run run) {
    List<Value> found = new ArrayList<>();
    for (Value item : items) {
      if (Comparing.holds(other, item, run) == in) found.add(item);
    }
    return found;
  }

  static List<Value> distinct(List<Value> items, Run run) {
    List<Value> found = new ArrayList<>();
    for (Value item : items) {
      if (!Comparing.holds(found, item, run)) found.add(item);
    }
    return found;
  }

  static List<Value> union(List<Value> left, List<Value> right, Run run) {
    if (right.isEmpty() && left.size() <= 1) return left;
    if (left.isEmpty() && right.size() == 1) return right;
    return distinct(both(left, right, run), run);
  }

  private static List<Value> both(List<Value> left, List<Value> right, Run run) {
    run.spend(left.size() + right.size());
    List<Value> all = new ArrayList<>(left);
    all.addAll(right);
    return all;
  }
}
