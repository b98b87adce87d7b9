package io.caregrid.templates.device;

import java.util.List;

/** What normalising one payload gave. Sealed, so a new case cannot be forgotten; read it with {@code instanceof}. */
public sealed interface Outcome {
  /** At least one measurement, and nothing went wrong. */
  record Measured(List<Measurement> measurements) implements Outcome {}

  /** Readable, but no template matched. */
  record Unmatched(String reason) implements Outcome {}

  /**
   * Something went wrong; what was read before it, and from other templates, is still good.
   *
   * @param reason       {@code malformed-json}, {@code missing-value}, {@code wrong-type}, {@code bad-timestamp}, … : a constant, safe as a metric tag
   * @param detail       a sentence that names template and expression, without the payload's values
   * @param measurements what could be read; may be empty
   * @param errors       the first of them is {@code reason} and {@code detail}; at most {@link #MOST_ERRORS}
   */
  record Failed(String reason, String detail, List<Measurement> measurements, List<Error> errors) implements Outcome {

    /** More than this of one payload nobody reads. */
    public static final int MOST_ERRORS = 100;

    /** With one error, of which no line of the mapping is known. */
    public Failed(String reason, String detail, List<Measurement> measurements) {
      this(reason, detail, measurements, List.of(new Error(reason, detail, 0)));
    }
  }

  /** @param line of the mapping, 1-based; 0 when unknown */
  record Error(String reason, String detail, int line) {}
}
