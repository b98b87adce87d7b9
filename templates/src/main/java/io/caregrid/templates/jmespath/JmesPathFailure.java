package io.caregrid.templates.jmespath;

/** An evaluation that has no result. The message names function and argument, never a value. */
public final class JmesPathFailure extends Exception {
  private static final long serialVersionUID = 1;
  /** A constant: {@code invalid-type}, {@code invalid-value}, {@code several-tokens} or {@code too-costly}. */
  public final String reason;

  JmesPathFailure(String reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  static JmesPathFailure value(String function, String what) {
    return new JmesPathFailure("invalid-value", "Error: invalid-value, function " + function + " " + what);
  }
}
