package io.caregrid.ingest.load;

/** The target takes nothing more: it does not answer, or does not let us. Nothing is wrong with the file, and it goes on from where it was. */
public final class Away extends Exception {
  private static final long serialVersionUID = 1;

  /** What was under way may have arrived, and may not be sent twice. */
  final boolean doubtful;

  Away(String why) {
    this(why, false);
  }

  Away(String why, boolean doubtful) {
    super(why, null, false, false);
    this.doubtful = doubtful;
  }
}
