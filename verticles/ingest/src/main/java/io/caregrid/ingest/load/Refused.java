package io.caregrid.ingest.load;

/** A file, or the rest of it, cannot be loaded, and never will be: the message says why. */
public final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  Refused(String why) {
    super(why, null, false, false);
  }
}
