package io.caregrid.device;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * What a shard remembers of its crashes from one life to the next, so that one event that cannot be stored is found: three crashes at the same
 * position halve the batch, and within the stretch that crashed every further one halves it again, down to one event. Handed from a dead shard to its
 * successor, never shared.
 */
final class Bisection {
  private static final int PATIENCE = 3;
  private static final Duration LONGEST = Duration.ofSeconds(30);
  /** So long one event alone has been refused: an overload seldom lasts as long. */
  private static final Duration HOPELESS = Duration.ofMinutes(5);
  /** And at least so often. */
  private static final int REFUSALS = 10;
  /** Between two tries no more than this counts: nobody asked in a longer pause. */
  private static final Duration BETWEEN = Duration.ofMinutes(1);

  private final Duration first;
  private final LongSupplier nanos;
  private long position = -1;
  private int crashes;
  private int inARow;
  private int refusals;
  /** Time between refusals that came one after the other. */
  private long refusedNanos;
  private long lastRefusal;
  private boolean refusing;
  private int limit = Integer.MAX_VALUE;
  private long suspectTo = -1;

  /** @param first the pause after the first failure; a second in a real house */
  Bisection(Duration first) {
    this(first, System::nanoTime);
  }

  /** @param nanos what time it is */
  Bisection(Duration first, LongSupplier nanos) {
    this.first = first;
    this.nanos = nanos;
  }

  /** Most events the next batch may hold. */
  int limit() {
    return limit;
  }

  /** True when the batch is down to the one event that will not go in. */
  boolean cornered() {
    return limit == 1;
  }

  /** True when that one event has been refused alone for five minutes, ten times at least. Outages are no refusals, and their time does not count. */
  boolean hopeless() {
    return refusals >= REFUSALS && refusedNanos >= HOPELESS.toNanos();
  }

  /**
   * A batch of {@code events} between these positions could not be written.
   *
   * @param refused the target was there and would not; false when it was away, busy or failed for any other reason
   */
  void crashed(long from, long to, int events, boolean refused) {
    inARow++;
    if (from != position) forgetRefusals();
    count(refused && limit == 1 && events == 1);
    boolean narrowing = limit < Integer.MAX_VALUE && from < suspectTo;
    crashes = from == position ? crashes + 1 : 1;
    position = from;
    if (!narrowing) suspectTo = to;
    if (events > 0 && (narrowing || crashes >= PATIENCE)) limit = Math.max(1, events / 2);
  }

  /** The shard failed before it had a batch. */
  void failed() {
    inARow++;
    refusing = false;
  }

  private void count(boolean refused) {
    long now = nanos.getAsLong();
    if (refused) {
      refusals++;
      if (refusing) refusedNanos += Math.min(now - lastRefusal, BETWEEN.toNanos());
      lastRefusal = now;
    }
    refusing = refused;
  }

  private void forgetRefusals() {
    refusals = 0;
    refusedNanos = 0;
    refusing = false;
  }

  /** Everything before {@code applied} is in effect. */
  void persisted(long applied) {
    inARow = 0;
    forgetRefusals();
    if (applied >= suspectTo) forget();
  }

  /** The culprit is set aside for good: the rest is above suspicion again. */
  void forget() {
    position = -1;
    crashes = 0;
    inARow = 0;
    forgetRefusals();
    limit = Integer.MAX_VALUE;
    suspectTo = -1;
  }

  /** How long to wait before the next life: 1, 2, 4 … 30 s; a second while an event is being cornered. */
  Duration pause() {
    if (limit < Integer.MAX_VALUE) return first;
    Duration pause = first.multipliedBy(1L << Math.min(5, Math.max(0, inARow - 1)));
    return pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
  }
}
