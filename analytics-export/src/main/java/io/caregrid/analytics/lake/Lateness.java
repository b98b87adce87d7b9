package io.caregrid.analytics.lake;

import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the lake is later than {@code lake.maxLag} allows, told once when it begins and once when it ends. Any thread.
 *
 * <p>Two things can be late: what our own SQL sees, which is behind the change feed; and what foreign readers see, which waits for a merge, up to
 * {@code maxLag} on purpose and then as long again before it counts as late.
 */
final class Lateness {
  private static final Logger log = LoggerFactory.getLogger(Lateness.class);
  private final Duration maxLag;
  private boolean late;

  Lateness(Duration maxLag) {
    this.maxLag = maxLag;
  }

  /**
   * @param asOf     what changed before that is in the lake; null: this node does not keep it, and says nothing
   * @param unmerged the oldest commit that is in no state yet; null: there is none
   * @return whether it is late
   */
  synchronized boolean look(Instant now, Instant asOf, Instant unmerged) {
    Duration feed = asOf == null ? Duration.ZERO : Duration.between(asOf, now);
    Duration merge = asOf == null || unmerged == null ? Duration.ZERO : Duration.between(unmerged, now);
    boolean is = feed.compareTo(maxLag) > 0 || merge.compareTo(maxLag.multipliedBy(2)) > 0;
    if (is && !late)
      log.warn("the lake is later than lake.maxLag allows behindFeedSeconds={} unmergedSeconds={} maxLagSeconds={}",
          feed.toSeconds(), merge.toSeconds(), maxLag.toSeconds());
    if (!is && late) log.info("the lake is no longer late");
    return late = is;
  }

  synchronized boolean isLate() {
    return late;
  }
}
