package io.caregrid.dicom.web;

/** Who waits for an answer, as far as work for it must know. Asked on any thread. */
interface Client {
  /** Nobody will read the answer. */
  boolean isGone();

  /** Part of the answer has gone out already: it can no longer be an error. */
  boolean hasBegun();
}
