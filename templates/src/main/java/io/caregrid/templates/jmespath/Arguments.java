package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Size;

/** What a function is called with; kinds have been checked. */
record Arguments(String function, Run run, Expr[] written, JsonNode[] values) {

  /** More characters than this no function makes. */
  static final int LONGEST_TEXT = 1_000_000;

  private static final int DEEPEST = 1_000;

  JsonNode at(int index) {
    return values[index];
  }

  int size() {
    return values.length;
  }

  String text(int index) {
    return values[index].textValue();
  }

  /** Evaluates the {@code &expression} at {@code index} on {@code item}. */
  JsonNode apply(int index, JsonNode item) throws JmesPathFailure {
    run.charge(1);
    return ((Expr.Reference) written[index]).to().eval(run, item);
  }

  JsonNode made(CharSequence text) throws JmesPathFailure {
    if (text.length() > LONGEST_TEXT) {
      throw new JmesPathFailure("too-costly",
          "function " + function + " makes more than " + LONGEST_TEXT + " characters");
    }
    run.charge(text.length() / 16);
    return Values.of(text.toString());
  }

  /** Refuses a tree that is too long or too deep to be written. */
  void fits(JsonNode tree) throws JmesPathFailure {
    Size size = new Size(LONGEST_TEXT, DEEPEST);
    boolean fits = size.fits(tree);
    run.charge(size.nodes());
    if (!fits) {
      throw new JmesPathFailure("too-costly", "function " + function + " would write more than " + LONGEST_TEXT
          + " characters, or what is nested more than " + DEEPEST + " deep");
    }
  }

  /** Refuses an array that holds anything but {@code kind}: {@code number} or {@code string}. */
  void allAre(int index, String kind) throws JmesPathFailure {
    run.charge(values[index].size());
    for (JsonNode item : values[index]) {
      if (!Values.type(item).equals(kind))
        throw wrongType("expects argument " + index + " to be an array of " + kind + "s");
    }
  }

  JmesPathFailure wrongType(String what) {
    return new JmesPathFailure("invalid-type", "Error: invalid-type, function " + function + " " + what);
  }

  JmesPathFailure wrongValue(String what) {
    return JmesPathFailure.value(function, what);
  }
}
