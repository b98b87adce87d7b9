package io.caregrid.dicom.archive;

import java.io.IOException;

/** The index does not answer, or not for good. That says nothing about the file it was asked for, so it is no reason to think ill of that. */
final class IndexAway extends IOException {
  private static final long serialVersionUID = 1;

  IndexAway(String message, Throwable cause) {
    super(message, cause);
  }
}
