package io.caregrid.dicom.web;

/** The client has closed its connection: an answer that nobody waits for ends here. No fault of ours. */
final class Departed extends RuntimeException {
  private static final long serialVersionUID = 1;

  Departed() {
    super("the client has gone", null, false, false);
  }
}
