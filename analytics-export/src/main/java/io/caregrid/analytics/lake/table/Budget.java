package io.caregrid.analytics.lake.table;

import java.time.Duration;
import java.time.Instant;

/**
 * When a table may be merged again: so seldom that merging takes a twentieth of a processor and a quarter of a megabyte a second on average, but not more
 * often than every ten seconds, and not more seldom than the longest a foreign reader is to wait. Pure.
 *
 * @param next not before
 */
public record Budget(Instant next) {
  private static final int SHARE = 20;
  private static final long BYTES_A_SECOND = 250_000;
  public static final Duration LEAST = Duration.ofSeconds(10);

  /** @param most as in {@link #after}: what lies farther ahead was said before the clock was set back */
  public boolean allows(Instant now, Duration most) {
    return !now.isBefore(next) || next.isAfter(now.plus(most));
  }

  /**
   * After a merge.
   *
   * @param took  how long it worked
   * @param bytes written
   * @param most  longest a table may lie behind
   */
  public static Budget after(Instant end, Duration took, long bytes, Duration most) {
    Duration rest = longer(LEAST, longer(took.multipliedBy(SHARE - 1), Duration.ofSeconds(bytes / BYTES_A_SECOND)));
    return new Budget(end.plus(rest.compareTo(most) < 0 ? rest : most));
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
