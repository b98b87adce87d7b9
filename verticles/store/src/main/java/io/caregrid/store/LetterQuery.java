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
 * @param keptBefore by the database's clock
 * @param without  a reason that is left out
 */
public record LetterQuery(String reason, String device, Instant from, Instant until, Boolean replayed,
    Instant keptBefore, String without) {

  public LetterQuery(String reason, String device, Instant from, Instant until, Boolean replayed) {
    this(reason, device, from, until, replayed, null, null);
  }

  public static final LetterQuery ALL = new LetterQuery(null, null, null, null, null);

  /** Those of them that were kept before this moment of the database's clock, and not for that reason. */
  public LetterQuery keptBefore(Instant moment, String notFor) {
    return new LetterQuery(reason, device, from, until, replayed, moment, notFor);
  }

  /**
   * One page.
   *
   * @param most  letters
   * @param after the one the page before ended with; null for the first page
   */
  public record Page(int most, Source after) {}
}
