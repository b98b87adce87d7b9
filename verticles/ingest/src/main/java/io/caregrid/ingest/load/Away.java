package io.caregrid.ingest.load;

/** The target takes nothing more: it does not answer, or does not let us. Nothing is wrong with the file, and it goes on from where it was. */
public final class Away extends Exception {
  private static final long serialVersionUID = 1;

  /** What was under way may have arrived, and may not be sent twice. */
  final boolean doubtful;
  /** There was no token to ask the target with. */
  final boolean tokenless;
  /** Milliseconds that whoever does not let us asks us to wait; 0: none. */
  final long pause;

  Away(String why) {
    this(why, false, false, 0);
  }

  Away(String why, boolean doubtful) {
    this(why, doubtful, false, 0);
  }

  Away(String why, boolean doubtful, boolean tokenless, long pause) {
    super(why, null, false, false);
    this.doubtful = doubtful;
    this.tokenless = tokenless;
    this.pause = pause;
  }

  static Away tokenless(String why, long pause) {
    return new Away(why, false, true, pause);
  }
}
