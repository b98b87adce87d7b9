package io.caregrid.templates.device;

/** One value could not be read out of a message. Says which expression and where it stands in the mapping, never the value. */
final class Unreadable extends Exception {
  private static final long serialVersionUID = 1;
  final String reason;

  /** Of the expression in the mapping, 0 when unknown. */
  final int line;

  Unreadable(String reason, String detail, int line) {
    super(detail, null, false, false);
    this.reason = reason;
    this.line = line;
  }
}
