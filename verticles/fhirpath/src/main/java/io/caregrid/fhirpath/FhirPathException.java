package io.caregrid.fhirpath;

/** An expression that cannot be read, or that fails on what it was given. Names the place in the expression and the reason, never a value. */
public final class FhirPathException extends RuntimeException {
  private static final long serialVersionUID = 1;
  /** From 1; 0 when the place is not known. */
  public final int line;
  /** From 1, in characters; 0 when the place is not known. */
  public final int column;
  public final String reason;

  FhirPathException(Place place, String reason) {
    super("line " + place.line() + ", column " + place.column() + ": " + reason, null, false, false);
    this.line = place.line();
    this.column = place.column();
    this.reason = reason;
  }

  /** Where in the expression something stands, from 1. */
  record Place(int line, int column) {}

  /** What an operator or a function refuses, before its place is known: {@link Placed} knows it and says it. */
  static final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unfit(String reason) {
      super(reason, null, false, false);
    }
  }
}
