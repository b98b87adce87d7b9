package io.caregrid.templates.jmespath;

import io.caregrid.templates.wanted.Place;

/**
 * Follows an expression through a message that is not there yet, and says of each place what it looks at. What it does not know, or what is nested too deep,
 * looks at everything.
 */
final class Looking {
  /** As in {@link Narrowing}, for the stack's sake. */
  private static final int DEEPEST = 200;
  private final Place root;
  private int depth;

  private Looking(Place root) {
    this.root = root;
  }

  /** Where what {@code whole} gives is: that it is there and what it is, is looked at, and nothing in it. */
  static Place from(Expr whole, Place root) {
    return new Looking(root).at(whole, root);
  }

  private Place at(Expr expr, Place here) {
    if (depth == DEEPEST) return everything(here);
    depth++;
    Place found = found(expr, here);
    depth--;
    return found;
  }

  private Place everything(Place here) {
    root.whole();
    here.whole();
    return Place.NOWHERE;
  }

  private Place found(Expr expr, Place here) {
    if (expr instanceof Expr.Field field) return here.member(field.name());
    if (expr instanceof Expr.Current) return here;
    if (expr instanceof Expr.Root) return root;
    if (expr instanceof Expr.Literal) return Place.NOWHERE;
    if (expr instanceof Expr.Sub sub) return at(sub.right(), at(sub.left(), here));
    if (expr instanceof Expr.Pipe pipe) return at(pipe.right(), at(pipe.left(), here));
    if (expr instanceof Expr.Index) return here.items();
    if (expr instanceof Expr.Slice) return Place.arrayOf(here.items());
    if (expr instanceof Expr.Flatten flatten) return flat(at(flatten.left(), here).items());
    if (expr instanceof Expr.ToArray array) return arrayOrOne(at(array.of(), here));
    if (expr instanceof Expr.Projection all) return projected(all, at(all.left(), here));
    return ofSeveral(expr, here);
  }

  private static Place flat(Place items) {
    return Place.arrayOf(Place.either(items, items.items()));
  }

  /** What it gives is the array that is here, or an array of what is here. */
  private static Place arrayOrOne(Place here) {
    return Place.either(here, Place.arrayOf(here));
  }

  private Place projected(Expr.Projection all, Place list) {
    if (all.ofObject()) {
      list.whole();
      list = Place.NOWHERE;
    }
    Place item = list.items();
    if (all.test() != null) at(all.test(), item).whole();
    return Place.arrayOf(at(all.each(), item));
  }

  private Place ofSeveral(Expr expr, Place here) {
    if (expr instanceof Expr.Or or) return eitherOf(or.left(), or.right(), here);
    if (expr instanceof Expr.And and) return eitherOf(and.left(), and.right(), here);
    if (expr instanceof Expr.Not not) return valueOf(here, not.of());
    if (expr instanceof Expr.Compare sides) return valueOf(here, sides.left(), sides.right());
    if (expr instanceof Expr.If choice) {
      valueOf(here, choice.test());
      return Place.either(at(choice.then(), here), at(choice.otherwise(), here));
    }
    if (expr instanceof Expr.Call call) return valueOf(here, call.arguments());
    if (expr instanceof Expr.CallOfOne call) return valueOf(here, call.argument());
    if (expr instanceof Expr.CallOfTwo call) return valueOf(here, call.left(), call.right());
    if (expr instanceof Expr.MultiList list) return valueOf(here, list.items().toArray(Expr[]::new));
    if (expr instanceof Expr.MultiHash hash) return valueOf(here, hash.values().toArray(Expr[]::new));
    return everything(here);
  }

  private Place eitherOf(Expr tested, Expr other, Place here) {
    Place left = at(tested, here);
    left.whole();
    return Place.either(left, at(other, here));
  }

  /** They are read as they are; what is made of them holds nothing else of the message. An expression handed to a function sees parts of its arguments. */
  private Place valueOf(Place here, Expr... parts) {
    for (Expr part : parts) {
      Place found = part instanceof Expr.Reference handed ? at(handed.to(), Place.NOWHERE) : at(part, here);
      found.whole();
    }
    return Place.NOWHERE;
  }
}
