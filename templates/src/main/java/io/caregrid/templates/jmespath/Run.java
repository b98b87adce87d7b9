package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;

/**
 * One evaluation, counted: so that an expression made to be slow, or a message made for one, ends. A step is one element looked at or one character made;
 * {@link #MOST_STEPS} of them take some tens of milliseconds.
 */
final class Run {
  static final int MOST_STEPS = 2_000_000;
  private static final int CHARACTERS_A_STEP = 16;
  final JsonNode root;
  private final Budget budget;
  private int left = MOST_STEPS;

  Run(JsonNode root, Budget budget) {
    this.root = root;
    this.budget = budget;
  }

  /** @param characters of the texts that the function is called with */
  void chargeCall(long characters) throws JmesPathFailure {
    charge(1 + (int) Math.min(characters / CHARACTERS_A_STEP, MOST_STEPS));
  }

  void charge(int steps) throws JmesPathFailure {
    if (steps > left) {
      left = 0;
      throw new JmesPathFailure("too-costly",
          "the expression takes more than " + MOST_STEPS + " steps on this message");
    }
    left -= steps;
    if (!budget.spend(steps)) {
      left = 0;
      throw new JmesPathFailure("too-costly",
          "the expressions take more than " + Budget.MOST_STEPS + " steps on this message");
    }
  }
}
