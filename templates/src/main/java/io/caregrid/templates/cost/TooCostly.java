package io.caregrid.templates.cost;

/** An evaluation that was given up because it took too long. The message names the expression's part, never a value. */
public final class TooCostly extends RuntimeException {
  private static final long serialVersionUID = 1;

  public TooCostly(String message) {
    super(message, null, false, false);
  }
}
