package io.caregrid.templates.jmespath;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Rewrites what an expression asks of the document itself: names where the document stands, not those inside of what was found there. Fails when it does more
 * with the document than ask for names, or makes a list or an object, which of JSON's null is null and of a document around it is not; and when it is nested
 * too deep.
 */
final class Narrowing {
  /** Operators in a row nest to the left, however many there are: what is deeper than this stays as it is, for the stack's sake. */
  private static final int DEEPEST = 200;
  /** What becomes of a name; null when it must not be asked for. */
  private final UnaryOperator<Expr> names;
  private int depth;
  private boolean failed;

  private Narrowing(UnaryOperator<Expr> names) {
    this.names = names;
  }

  /** Null when it fails. {@code $} must not stand in {@code whole}. */
  static Expr of(Expr whole, UnaryOperator<Expr> names) {
    Narrowing narrowing = new Narrowing(names);
    Expr narrowed = narrowing.at(whole);
    return narrowing.failed ? null : narrowed;
  }

  private Expr at(Expr expr) {
    failed |= depth == DEEPEST;
    if (failed) return expr;
    depth++;
    Expr becomes = rewritten(expr);
    depth--;
    return becomes;
  }

  private Expr rewritten(Expr expr) {
    if (expr instanceof Expr.Field) return name(expr);
    if (expr instanceof Expr.Literal || expr instanceof Expr.Reference) return expr;
    if (expr instanceof Expr.Sub sub) return sub(at(sub.left()), sub.right());
    if (expr instanceof Expr.Pipe pipe) return new Expr.Pipe(at(pipe.left()), pipe.right());
    if (expr instanceof Expr.Flatten flatten) return new Expr.Flatten(at(flatten.left()));
    if (expr instanceof Expr.Projection all)
      return new Expr.Projection(at(all.left()), all.ofObject(), all.test(), all.each());
    if (expr instanceof Expr.Call call) return call.function().of(all(call.arguments()));
    if (expr instanceof Expr.CallOfOne call) return call.function().of(at(call.argument()));
    if (expr instanceof Expr.CallOfTwo call) return call.function().of(at(call.left()), at(call.right()));
    if (expr instanceof Expr.ToArray array) return new Expr.ToArray(at(array.of()));
    return ofSeveral(expr);
  }

  private Expr ofSeveral(Expr expr) {
    if (expr instanceof Expr.Or or) return new Expr.Or(at(or.left()), at(or.right()));
    if (expr instanceof Expr.And and) return new Expr.And(at(and.left()), at(and.right()));
    if (expr instanceof Expr.Not not) return new Expr.Not(at(not.of()));
    if (expr instanceof Expr.Compare sides)
      return new Expr.Compare(at(sides.left()), sides.operator(), at(sides.right()));
    if (expr instanceof Expr.If choice)
      return new Expr.If(at(choice.test()), at(choice.then()), at(choice.otherwise()));
    failed = true;
    return expr;
  }

  private Expr name(Expr field) {
    Expr becomes = names.apply(field);
    failed |= becomes == null;
    return becomes;
  }

  /** {@code @.name} is {@code name}. */
  private static Expr sub(Expr left, Expr right) {
    return left instanceof Expr.Current && right instanceof Expr.Field ? right : new Expr.Sub(left, right);
  }

  private Expr[] all(Expr[] parts) {
    return Arrays.stream(parts).map(this::at).toArray(Expr[]::new);
  }
}
