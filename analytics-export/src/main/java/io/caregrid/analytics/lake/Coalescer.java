package io.caregrid.analytics.lake;

import io.caregrid.contract.Change;
import io.caregrid.store.ChangeFeed.Cursor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Which changes go into the lake now, and which wait. Pure: the time is an argument.
 *
 * <p>What a person or a program wrote goes at once, and with it whatever waits of the same resource. What a shard wrote goes at once too, but for those that
 * come within one period after the last one that got in: they wait until it ends, and then mostly only the last of them is still in the store. Everything
 * that waits is here and nowhere else: it lies behind {@link #safe}, so whoever starts anew finds it in the feed. Belongs to one thread.
 */
final class Coalescer {
  private final Duration period;
  private final NavigableMap<Long, Waiting> waiting = new TreeMap<>();
  private final Map<Key, Instant> closed = new HashMap<>();
  private Cursor read;

  private record Key(String type, String id) {
    static Key of(Change change) {
      return new Key(change.type(), change.id());
    }
  }

  /** @param before the cursor that leads to it */
  private record Waiting(Change change, Cursor before, Instant due) {}

  /** @param from where the feed is read from */
  Coalescer(Duration period, Cursor from) {
    this.period = period;
    this.read = from;
  }

  /** True: who wrote it decides whether it waits. */
  boolean mayWait(Change change, Instant now) {
    Instant end = closed.get(Key.of(change));
    return end != null && isAhead(end, now);
  }

  /** Farther ahead than a period nothing was ever put: then the clock went back, and nobody waits for it to come there again. */
  private boolean isAhead(Instant end, Instant now) {
    return end.isAfter(now) && !end.isAfter(now.plus(period));
  }

  /**
   * The feed's next change.
   *
   * @param device a shard wrote it; asked only when it {@link #mayWait}
   */
  void offer(Change change, boolean device, Instant now) {
    boolean waits = device && mayWait(change, now);
    waiting.put(change.position(), new Waiting(change, read, waits ? closed.get(Key.of(change)) : now));
    if (!waits && closed.containsKey(Key.of(change))) release(Key.of(change), now);
    read = new Cursor(read.incarnation(), change.position(), change.mark());
  }

  private void release(Key key, Instant now) {
    waiting.replaceAll((position, each) -> Key.of(each.change()).equals(key)
        ? new Waiting(each.change(), each.before(), now)
        : each);
  }

  /** Those that need not wait any longer, in the feed's order. */
  List<Change> due(Instant now, int most) {
    List<Change> due = new ArrayList<>();
    for (Waiting each : waiting.values()) {
      if (due.size() == most) break;
      if (!isAhead(each.due(), now)) due.add(each.change());
    }
    return due;
  }

  /** They are in the lake, or no longer in the store. */
  void done(Collection<Change> changes) {
    changes.forEach(change -> waiting.remove(change.position()));
  }

  /** A shard's version got in: the next ones of this resource wait until a period from now has passed. */
  void begin(Change change, Instant now) {
    closed.put(Key.of(change), now.plus(period));
  }

  /** Forgets periods that have ended. */
  void tidy(Instant now) {
    closed.values().removeIf(end -> !isAhead(end, now));
  }

  /** Everything until there was offered. */
  Cursor read() {
    return read;
  }

  /** Everything until there is done. */
  Cursor safe() {
    return waiting.isEmpty() ? read : waiting.firstEntry().getValue().before();
  }

  int waiting() {
    return waiting.size();
  }
}
