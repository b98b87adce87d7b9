package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;

/**
 * What an expression sees where it is evaluated.
 *
 * @param self  {@code $this}
 * @param index {@code $index}, -1 outside of a loop
 * @param total {@code $total}, null outside of aggregate()
 */
record Scope(Run run, Value self, int index, List<Value> total) {

  /** One evaluation of one expression, and what it may cost. */
  static final class Run {
    /** Items looked at. A resource of 16 MB has fewer elements. */
    private static final int MOST = 5_000_000;
    final Node root;
    final Map<String, List<Value>> variables;
    final OffsetDateTime now;
    final boolean strict;
    private long left = MOST;

    Run(Node root, Map<String, List<Value>> variables, OffsetDateTime now, boolean strict) {
      this.root = root;
      this.variables = variables;
      this.now = now;
      this.strict = strict;
    }

    /** @throws Unfit when the evaluation has cost too much */
    void spend(long items) {
      left -= items;
      if (left < 0) throw new Unfit("the expression takes too long: it has looked at " + MOST + " items");
    }
  }

  /** The scope of a loop's body for one item. */
  Scope on(Value item, int at) {
    return new Scope(run, item, at, total);
  }

  Scope adding(List<Value> soFar) {
    return new Scope(run, self, index, soFar);
  }

  /** The body of a loop over items: evaluated on the item. */
  List<Value> each(Expression body, Value item, int at) {
    return body.evaluate(List.of(item), on(item, at));
  }

  /** An argument that is no loop's body: evaluated where the function is called. */
  List<Value> argument(Expression argument) {
    return argument.evaluate(self == null ? List.of() : List.of(self), this);
  }
}
