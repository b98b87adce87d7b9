package io.caregrid.device;

import java.time.Duration;
import java.time.Instant;

/**
 * How long ago it was last known what devices had sent, for who watches over the house: as long as that is not known, nobody is called silent. Safe from any
 * thread.
 */
final class Hearing {
  /** Readings of a busy house come into effect within half a minute. */
  static final Duration LATE = Duration.ofMinutes(3);
  private volatile Instant upTo;

  /** @param began before that nobody asked */
  Hearing(Instant began) {
    upTo = began;
  }

  /** @param known null: it is not known yet */
  void upTo(Instant known) {
    if (known != null && known.isAfter(upTo)) upTo = known;
  }

  Duration age(Instant now) {
    return Duration.between(upTo, now);
  }

  boolean isLate(Instant now) {
    return age(now).compareTo(LATE) > 0;
  }
}
