package io.caregrid.store.audit;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Ids of version 7 (RFC 9562 section 5.7, with the counter of section 6.2), from which an entry has its time: each greater than the one before, unless the clock goes
 * back by more than a second. Then time is right and order is not: nothing needs the order.
 */
final class EventIds {
  private static final int COUNTS = 1 << 12;
  private static final long TOLERANCE_MILLIS = 1000;
  private final Clock clock;
  private final SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
  private long millis;
  private int count;

  EventIds(Clock clock) {
    this.clock = clock;
  }

  synchronized UUID next() {
    long now = clock.millis();
    if (now > millis || now < millis - TOLERANCE_MILLIS) {
      millis = now;
      count = 0;
    } else if (++count == COUNTS) {
      millis++;
      count = 0;
    }
    return new UUID(millis << 16 | 0x7000 | count, random.nextLong() >>> 2 | 0x8000000000000000L);
  }

  /** Milliseconds since 1970 in an id. */
  static long millis(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }
}
