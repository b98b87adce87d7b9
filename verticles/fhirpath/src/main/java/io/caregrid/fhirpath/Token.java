package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Place;

/**
 * One word of an expression.
 *
 * @param text without quotes, marks and escapes
 */
record Token(Kind kind, String text, Place place) {
  /** VARIABLE is {@code %name}, DOLLAR {@code $this}, QUOTED a name in backticks. */
  enum Kind {
    NAME, QUOTED, STRING, NUMBER, CALENDAR, CLOCK, VARIABLE, DOLLAR, SYMBOL, END
  }

  boolean is(String symbol) {
    return (kind == Kind.SYMBOL || kind == Kind.NAME) && text.equals(symbol);
  }

  boolean isName() {
    return kind == Kind.NAME || kind == Kind.QUOTED;
  }

  /** As an error names it. */
  String shown() {
    return kind == Kind.END ? "the end of the expression" : "'" + text + "'";
  }
}
