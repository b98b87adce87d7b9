package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.cost.TooCostly;

/** One evaluation on one document, counted: a step is one token visited. */
final class Walk {
  /** Of one evaluation; a tenth of a second or two. */
  static final int MOST_STEPS = 20_000_000;
  final JsonNode root;
  final Budget budget;
  private int left = MOST_STEPS;

  Walk(JsonNode root, Budget budget) {
    this.root = root;
    this.budget = budget;
  }

  void charge(int steps) {
    left -= steps;
    if (left < 0) throw new TooCostly("the expression visits more than " + MOST_STEPS + " tokens of this message");
    if (!budget.spend(steps))
      throw new TooCostly("the expressions take more than " + Budget.MOST_STEPS + " steps on this message");
  }
}
