package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Bool;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Functions that evaluate an argument once for each item (N1 "Filtering and Projection", "Aggregates", "iif"). */
final class Loops {
  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("where", 1, 1, (in, args, scope) -> where(in, args.get(0), scope)),
      entry("select", 1, 1, (in, args, scope) -> select(in, args.get(0), scope)),
      entry("repeat", 1, 1, (in, args, scope) -> repeat(in, args.get(0), scope)),
      entry("aggregate", 1, 2, Loops::aggregate),
      entry("iif", 2, 3, Loops::iif),
      entry("sort", 0, 9, Loops::sort));

  private Loops() {}

  static List<Value> where(List<Value> input, Expression criterion, Scope scope) {
    List<Value> found = new ArrayList<>();
    for (int i = 0; i < input.size(); i++) {
      if (Items.isTrue(scope.each(criterion, input.get(i), i), "a criterion")) found.add(input.get(i));
    }
    return found;
  }

  static List<Value> select(List<Value> input, Expression projection, Scope scope) {
    List<Value> found = new ArrayList<>();
    for (int i = 0; i < input.size(); i++) {
      List<Value> one = scope.each(projection, input.get(i), i);
      scope.run().spend(one.size());
      found.addAll(one);
    }
    return found;
  }

  /** Goes on with what it finds until nothing new comes; what is equal comes once. The budget ends what would never end. */
  private static List<Value> repeat(List<Value> input, Expression projection, Scope scope) {
    List<Value> found = new ArrayList<>();
    List<Value> level = input;
    while (!level.isEmpty()) {
      List<Value> next = new ArrayList<>();
      for (Value item : select(level, projection, scope)) {
        if (Comparing.holds(found, item, scope.run())) continue;
        found.add(item);
        next.add(item);
      }
      level = next;
    }
    return found;
  }

  private static List<Value> aggregate(List<Value> input, List<Expression> args, Scope scope) {
    List<Value> total = args.size() > 1 ? scope.argument(args.get(1)) : Items.NONE;
    for (int i = 0; i < input.size(); i++) total = scope.adding(total).each(args.get(0), input.get(i), i);
    return total;
  }

  /** Only the branch that counts is evaluated. */
  private static List<Value> iif(List<Value> input, List<Expression> args, Scope scope) {
    Value item = Items.one(input, "what iif() is called on");
    Scope inner = item == null ? scope : scope.on(item, scope.index());
    List<Value> criterion = args.get(0).evaluate(input, inner);
    if (scope.run().strict && !criterion.isEmpty() && !(criterion.get(0).atom() instanceof Bool))
      throw new Unfit("the criterion of iif() must be a boolean");
    if (Items.isTrue(criterion, "the criterion of iif()")) return args.get(1).evaluate(input, inner);
    return args.size() > 2 ? args.get(2).evaluate(input, inner) : Items.NONE;
  }

  private record Keyed(Value item, List<Value> keys) {}

  /** Keys in order; {@code -} before one turns it around; an item without a key comes last, or first where it is turned around. */
  private static List<Value> sort(List<Value> input, List<Expression> args, Scope scope) {
    List<Keyed> keyed = new ArrayList<>();
    for (int i = 0; i < input.size(); i++) keyed.add(keyed(input.get(i), i, args, scope));
    Comparator<Keyed> order = (a, b) -> {
      scope.run().spend(1);
      for (int i = 0; i < a.keys.size(); i++) {
        int one = order(a.keys.get(i), b.keys.get(i));
        if (one != 0) return !args.isEmpty() && negation(args.get(i)) != null ? -one : one;
      }
      return 0;
    };
    keyed.sort(order);
    return keyed.stream().map(Keyed::item).toList();
  }

  private static Keyed keyed(Value item, int at, List<Expression> args, Scope scope) {
    List<Value> keys = new ArrayList<>();
    if (args.isEmpty()) keys.add(item.atom());
    for (Expression arg : args) {
      Negation turned = negation(arg);
      keys.add(Items.single(scope.each(turned == null ? arg : turned.inner(), item, at), "a key of sort()"));
    }
    return new Keyed(item, keys);
  }

  private static Negation negation(Expression arg) {
    return arg instanceof Placed placed && placed.piece() instanceof Negation negation ? negation : null;
  }

  private static int order(Value a, Value b) {
    if (a == null || b == null) return a == b ? 0 : a == null ? 1 : -1;
    Integer order = Comparing.order(a, b);
    return order == null ? 0 : order;
  }
}
