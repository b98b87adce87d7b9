package io.caregrid.contract;

import java.time.Duration;
import java.time.Instant;

/** What is looked at every few seconds and is wrong is said when it begins, when it changes, and every ten minutes while it lasts. One thread at a time. */
final class Complaint {
  static final Duration AGAIN = Duration.ofMinutes(10);
  private String said;
  private Instant when;

  /** True when it is to be said, and is taken as said then. */
  boolean isNews(String what, Instant now) {
    if (what.equals(said) && now.isBefore(when.plus(AGAIN))) return false;
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
