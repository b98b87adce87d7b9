package io.caregrid.api.live;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.caregrid.contract.Failure;

/** What is said of a body that cannot be read as JSON. */
final class Unreadable {
  private Unreadable() {}

  /** With the place; Jackson has none for what nests too deep, or for a number that is too long. */
  static Failure body(JsonProcessingException broken) {
    JsonLocation at = broken.getLocation();
    return new Failure.Invalid(at == null
        ? "the body nests deeper than 1000, or has a number of more than 1000 digits, or a name too long"
        : "the body is not JSON: line " + at.getLineNr() + ", column " + at.getColumnNr());
  }
}
