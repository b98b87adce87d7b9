package io.caregrid.templates.jmespath;

/** An expression that is no JMESPath, or that calls a function which does not exist or with the wrong arguments. */
public final class JmesPathSyntaxException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private final int position;

  JmesPathSyntaxException(String expression, int position, String cause) {
    super("The following JmesPath expression could not be parsed: " + expression + ". Cause: position " + (position + 1)
        + ": " + cause);
    this.position = position;
  }

  /** 0-based index into the expression. */
  public int position() {
    return position;
  }
}
