package io.caregrid.store;

import io.caregrid.cluster.Source;
import java.time.Instant;

/**
 * Which dead letters are meant; null is whatever.
 *
 * @param reason   exactly
 * @param device   exactly
 * @param from     not before, by the log's time
 * @param until    before
 * @param replayed true: those that were sent again; false: those that were not
 */
public record LetterQuery(String reason, String device, Instant from, Instant until, Boolean replayed) {

  public static final LetterQuery ALL = new LetterQuery(null, null, null, null, null);

  /** Those of them that are older, too. */
  public LetterQuery until(Instant end) {
    return new LetterQuery(reason, device, from, until == null || end.isBefore(until) ? end : until, replayed);
  }

  /**
   * One page.
   *
   * @param most  letters
   * @param after the one the page before ended with; null for the first page
   */
  public record Page(int most, Source after) {}
}
