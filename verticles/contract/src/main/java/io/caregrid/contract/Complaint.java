package io.caregrid.contract;

import java.time.Duration;
import java.time.Instant;

/** What is looked at every few seconds and is wrong is said when it begins, when it changes, and every so often while it lasts. One thread at a time. */
final class Complaint {
  private final Duration again;
  private String said;
  private Instant when;

  /** @param again how long what lasts is not said again */
  Complaint(Duration again) {
    this.again = again;
  }

  /** True when it is to be said, and is taken as said then. */
  boolean isNews(String what, Instant now) {
    if (what.equals(said) && now.isBefore(when.plus(again))) return false;
    said = what;
    when = now;
    return true;
  }

  /** Nothing is wrong. @return true when something was */
  boolean isOver() {
    boolean was = said != null;
    said = null;
    return was;
  }
}
