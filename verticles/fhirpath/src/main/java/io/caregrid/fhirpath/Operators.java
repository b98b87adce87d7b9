package io.caregrid.fhirpath;

import java.util.List;
import java.util.function.IntPredicate;

/** Operators with two sides (N1 "Operations"). Logic has three values: null is empty. */
final class Operators {
  private Operators() {}

  static Expression of(String operator, Expression left, Expression right) {
    return switch (operator) {
      case "=" -> (in, scope) -> Items.of(equal(in, scope, left, right));
      case "!=" -> (in, scope) -> Items.of(not(equal(in, scope, left, right)));
      case "~" -> (in, scope) -> Items.of((Boolean) like(in, scope, left, right));
      case "!~" -> (in, scope) -> Items.of((Boolean) !like(in, scope, left, right));
      case "<" -> ordered(left, right, order -> order < 0);
      case "<=" -> ordered(left, right, order -> order <= 0);
      case ">" -> ordered(left, right, order -> order > 0);
      case ">=" -> ordered(left, right, order -> order >= 0);
      case "|" -> (in, scope) -> Combining.union(left.evaluate(in, scope), right.evaluate(in, scope), scope.run());
      case "in" -> member(left, right);
      case "contains" -> member(right, left);
      case "and" -> and(left, right);
      case "or" -> or(left, right);
      case "xor" -> (in, scope) -> Items.of(differ(truth(in, scope, left), truth(in, scope, right)));
      case "implies" -> (in, scope) -> Items.of(implies(truth(in, scope, left), truth(in, scope, right)));
      default -> (in, scope) -> Arithmetic.apply(operator, left.evaluate(in, scope), right.evaluate(in, scope));
    };
  }

  private static Boolean equal(List<Value> in, Scope scope, Expression left, Expression right) {
    return Comparing.areEqual(left.evaluate(in, scope), right.evaluate(in, scope), scope.run());
  }

  private static boolean like(List<Value> in, Scope scope, Expression left, Expression right) {
    return Comparing.areLike(left.evaluate(in, scope), right.evaluate(in, scope), scope.run());
  }

  private static Boolean not(Boolean value) {
    return value == null ? null : Boolean.valueOf(!value);
  }

  private static Expression ordered(Expression left, Expression right, IntPredicate holds) {
    return (in, scope) -> {
      Integer order = Comparing.order(left.evaluate(in, scope), right.evaluate(in, scope));
      return order == null ? Items.NONE : Items.of((Boolean) holds.test(order));
    };
  }

  private static Expression member(Expression one, Expression all) {
    return (in, scope) -> {
      Value item = Items.one(one.evaluate(in, scope), "what is looked for");
      return item == null
          ? Items.NONE
          : Items.of((Boolean) Comparing.holds(all.evaluate(in, scope), item, scope.run()));
    };
  }

  private static Boolean truth(List<Value> in, Scope scope, Expression side) {
    return Items.truth(side.evaluate(in, scope), "a side of a logical operator");
  }

  private static Expression and(Expression left, Expression right) {
    return (in, scope) -> {
      Boolean a = truth(in, scope, left);
      if (Boolean.FALSE.equals(a)) return Items.of(false);
      Boolean b = truth(in, scope, right);
      return Boolean.FALSE.equals(b) ? Items.of(false) : a == null || b == null ? Items.NONE : Items.of(true);
    };
  }

  private static Expression or(Expression left, Expression right) {
    return (in, scope) -> {
      Boolean a = truth(in, scope, left);
      if (Boolean.TRUE.equals(a)) return Items.of(true);
      Boolean b = truth(in, scope, right);
      return Boolean.TRUE.equals(b) ? Items.of(true) : a == null || b == null ? Items.NONE : Items.of(false);
    };
  }

  private static Boolean differ(Boolean a, Boolean b) {
    return a == null || b == null ? null : Boolean.valueOf(!a.equals(b));
  }

  private static Boolean implies(Boolean a, Boolean b) {
    if (Boolean.FALSE.equals(a) || Boolean.TRUE.equals(b)) return true;
    return a == null || b == null ? null : Boolean.FALSE;
  }
}
