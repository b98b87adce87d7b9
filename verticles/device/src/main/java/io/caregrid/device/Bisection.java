package io.caregrid.device;

import java.time.Duration;

/**
 * What a shard remembers of its crashes from one life to the next, so that one event that cannot be stored is found: three crashes at the same
 * position halve the batch, and within the stretch that crashed every further one halves it again, down to one event. Handed from a dead shard to its
 * successor, never shared.
 */
final class Bisection {
  private static final int PATIENCE = 3;
  private static final Duration LONGEST = Duration.ofSeconds(30);
  /** Tries of one event alone, about a second apart: nothing that passes by itself is likely to last as long. */
  private static final int HOPELESS = 300;

  private final Duration first;
  private long position = -1;
  private int crashes;
  private int inARow;
  private int alone;
  private int limit = Integer.MAX_VALUE;
  private long suspectTo = -1;

  /** @param first the pause after the first failure; a second in a real house */
  Bisection(Duration first) {
    this.first = first;
  }

  /** Most events the next batch may hold. */
  int limit() {
    return limit;
  }

  /** True when the batch is down to the one event that will not go in. */
  boolean cornered() {
    return limit == 1;
  }

  /** True when that one event has been tried alone for some minutes. */
  boolean hopeless() {
    return alone >= HOPELESS;
  }

  /** A batch of {@code events} between these positions could not be written. */
  void crashed(long from, long to, int events) {
    inARow++;
    alone = limit == 1 && events == 1 && from == position ? alone + 1 : 0;
    boolean narrowing = limit < Integer.MAX_VALUE && from < suspectTo;
    crashes = from == position ? crashes + 1 : 1;
    position = from;
    if (!narrowing) suspectTo = to;
    if (events > 0 && (narrowing || crashes >= PATIENCE)) limit = Math.max(1, events / 2);
  }

  /** The shard failed before it had a batch. */
  void failed() {
    inARow++;
  }

  /** Everything before {@code applied} is in effect. */
  void persisted(long applied) {
    inARow = 0;
    alone = 0;
    if (applied >= suspectTo) forget();
  }

  /** The culprit has been set aside: the rest is above suspicion again. */
  void forget() {
    position = -1;
    crashes = 0;
    inARow = 0;
    alone = 0;
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
