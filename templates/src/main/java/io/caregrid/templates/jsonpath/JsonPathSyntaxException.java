package io.caregrid.templates.jsonpath;

/** An expression that is no JSONPath. */
public final class JsonPathSyntaxException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private final int position;

  JsonPathSyntaxException(String expression, int position, String what) {
    super("JSONPath " + expression + ", position " + (position + 1) + ": " + what);
    this.position = position;
  }

  /** 0-based index into the expression. */
  public int position() {
    return position;
  }
}
