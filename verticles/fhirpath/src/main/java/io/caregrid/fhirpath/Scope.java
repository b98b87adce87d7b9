package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Environment.Limits;
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
    /** Items between two looks at the clock. */
    private static final int LOOK = 4_096;
    final Node resource;
    final Value context;
    final Node container;
    final Map<String, List<Value>> variables;
    final Environment environment;
    final boolean strict;
    private final FhirPath.Context surrounding;
    private final long start = System.nanoTime();
    private OffsetDateTime now;
    private long left;
    private long look;

    Run(Node resource, Value context, FhirPath.Context surrounding, Environment environment) {
      this.resource = resource;
      this.context = context;
      this.container = surrounding.container() == null ? resource : surrounding.container();
      this.variables = surrounding.variables();
      this.surrounding = surrounding;
      this.environment = environment;
      this.strict = environment.reading() == Environment.Reading.STRICT;
      this.left = environment.limits().items();
      this.look = left - LOOK;
    }

    /** The same in all of one evaluation (N1 "now"). */
    OffsetDateTime now() {
      if (now == null) now = OffsetDateTime.now(surrounding.clock());
      return now;
    }

    /** @throws Unfit when the evaluation has cost too much */
    void spend(long items) {
      left -= items;
      if (left < look) look();
    }

    private void look() {
      Limits limits = environment.limits();
      look = left - LOOK;
      if (left < 0)
        throw new Unfit("the expression takes too long: it has looked at " + limits.items() + " items");
      if (System.nanoTime() - start > limits.time().toNanos())
        throw new Unfit("the expression takes too long: more than " + limits.time().toMillis() + " ms");
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
    if (argument instanceof Literal literal) return literal.items();
    return argument.evaluate(self == null ? List.of() : List.of(self), this);
  }
}
