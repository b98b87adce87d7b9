package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.Edit;

/** What a write brings. */
sealed interface Change {
  /** The whole resource, validated. */
  record Whole(ObjectNode resource) implements Change {}

  /** A patch, read. */
  record Part(Edit edit) implements Change {}

  /** Nothing: what comes with it is given to an operation. @param resource unchecked; null for none */
  record Given(ObjectNode resource) implements Change {}

  /** Nothing: a delete, or a question. */
  record Nothing() implements Change {}
}
