package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One evaluation, counted: so that an expression made to be slow, or a message made for one, ends. A step is one element looked at or one character made;
 * {@link #MOST_STEPS} of them take some tens of milliseconds.
 */
final class Run {
  static final int MOST_STEPS = 2_000_000;
  final JsonNode root;
  private int left = MOST_STEPS;

  Run(JsonNode root) {
    this.root = root;
  }

  void charge(int steps) throws JmesPathFailure {
    if (steps > left) {
      left = 0;
      throw new JmesPathFailure("too-costly",
          "the expression takes more than " + MOST_STEPS + " steps on this message");
    }
    left -= steps;
  }

  /** For whatever is going to walk the whole of {@code tree}. */
  void chargeAll(JsonNode tree) throws JmesPathFailure {
    charge(tree.isTextual() ? 1 + tree.textValue().length() / 16 : 1);
    if (!tree.isContainerNode()) return;
    for (JsonNode child : tree) chargeAll(child);
  }
}
