package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Function;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Bool;
import java.util.List;
import java.util.Map;

/** Is there something, and how much (N1 "Existence"). */
final class Existence {
  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("empty", 0, 0, (in, args, scope) -> Items.of((Boolean) in.isEmpty())),
      entry("exists", 0, 1, (in, args, scope) -> Items.of(
          (Boolean) !(args.isEmpty() ? in : Loops.where(in, args.get(0), scope)).isEmpty())),
      entry("all", 1, 1, (in, args, scope) -> Items.of(
          (Boolean) (Loops.where(in, args.get(0), scope).size() == in.size()))),
      entry("allTrue", 0, 0, (in, args, scope) -> Items.of((Boolean) (count(in, true) == in.size()))),
      entry("anyTrue", 0, 0, (in, args, scope) -> Items.of((Boolean) (count(in, true) > 0))),
      entry("allFalse", 0, 0, (in, args, scope) -> Items.of((Boolean) (count(in, false) == in.size()))),
      entry("anyFalse", 0, 0, (in, args, scope) -> Items.of((Boolean) (count(in, false) > 0))),
      entry("not", 0, 0, (in, args, scope) -> not(in)),
      entry("count", 0, 0, (in, args, scope) -> Items.of(in.size())),
      entry("subsetOf", 1, 1, (in, args, scope) -> Items.of(
          (Boolean) isSubset(in, scope.argument(args.get(0)), scope))),
      entry("supersetOf", 1, 1, (in, args, scope) -> Items.of(
          (Boolean) isSubset(scope.argument(args.get(0)), in, scope))),
      entry("distinct", 0, 0, (in, args, scope) -> Combining.distinct(in, scope.run())),
      entry("isDistinct", 0, 0, (in, args, scope) -> Items.of(
          (Boolean) (Combining.distinct(in, scope.run()).size() == in.size()))),
      entry("hasValue", 0, 0, (in, args, scope) -> Items.of((Boolean) hasValue(in))),
      entry("getValue", 0, 0, (in, args, scope) -> hasValue(in) ? Items.of(in.get(0).atom()) : Items.NONE));

  private Existence() {}

  static Map.Entry<String, Signature> entry(String name, int least, int most, Function function) {
    return Map.entry(name, new Signature(least, most, function));
  }

  private static int count(List<Value> input, boolean wanted) {
    int count = 0;
    for (Value item : input) {
      if (!(item.atom() instanceof Bool bool)) throw new Unfit("only booleans can be counted as true or false");
      if (bool.value() == wanted) count++;
    }
    return count;
  }

  private static List<Value> not(List<Value> input) {
    Boolean truth = Items.truth(input, "what not() is called on");
    return truth == null ? Items.NONE : Items.of((Boolean) !truth);
  }

  private static boolean isSubset(List<Value> part, List<Value> all, Scope scope) {
    for (Value item : part) {
      if (!Comparing.holds(all, item, scope.run())) return false;
    }
    return true;
  }

  private static boolean hasValue(List<Value> input) {
    return input.size() == 1 && (!(input.get(0) instanceof Node node) || node.hasValue());
  }
}
