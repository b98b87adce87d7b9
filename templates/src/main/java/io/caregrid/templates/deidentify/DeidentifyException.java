package io.caregrid.templates.deidentify;

/** A resource that was not de-identified. Names the rule, or the place in the resource; never a value of it. */
public final class DeidentifyException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What was wrong. */
  public enum Kind {
    /** This is no resource of R4. */
    INPUT,
    /** A rule's expression failed on this resource; {@code "processingErrors": "skip"} empties the resource instead. */
    RULE,
    /** A rule was told to do what cannot be done to such an element. Skipping does not hide it: the rule is wrong, not the resource. */
    NOT_APPLICABLE,
    /** It takes longer than it may. */
    TOO_LONG
  }

  private final Kind kind;

  DeidentifyException(Kind kind, String message) {
    super(message, null, false, false);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
