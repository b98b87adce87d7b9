package io.caregrid.device;

import io.vertx.core.Future;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;

/**
 * Up to which time it is known, shard by shard, what devices have sent: everything that was in the log by then is in effect. One look at a time goes along the
 * way of a reading: where the log of the devices ended at a moment; when that is normalised, where the shards ended; when a shard is in effect up to there, it is
 * known up to that moment. Whatever lags, on whichever node, holds this up: nobody is called silent because we are slow.
 *
 * <p>One context at a time.
 */
final class LogReach {
  private final LogEnds log;
  private final Supplier<Future<Map<Integer, Long>>> applied;
  private final Supplier<Future<Instant>> now;
  private final Map<Integer, Instant> known = new HashMap<>();
  /** By shard, where it has to be in effect next. */
  private final Map<Integer, Mark> marks = new HashMap<>();
  private Set<Integer> all = Set.of();
  private Look look;

  /** Where the log of the devices ended then. */
  private record Look(Instant at, Map<TopicPartition, Long> sources) {}

  /** A shard that is in effect up to {@code end} knows everything that was in the log {@code at} that time. */
  private record Mark(Instant at, long end) {}

  /**
   * @param applied up to where each shard is in effect, by the store
   * @param now     by the clock that tells when somebody listened, too
   */
  LogReach(LogEnds log, Supplier<Future<Map<Integer, Long>>> applied, Supplier<Future<Instant>> now) {
    this.log = log;
    this.applied = applied;
    this.now = now;
  }

  /** Goes on as far as it can without waiting. @return by shard; one of which nothing is known yet is absent */
  Future<Map<Integer, Instant>> further() {
    return begun().compose(this::normalised).compose(done -> inEffect()).map(done -> Map.copyOf(known));
  }

  /** Something is known of every shard there is. */
  boolean isWhole() {
    return !all.isEmpty() && known.keySet().containsAll(all);
  }

  /** Up to when it is known of all shards; null: not of all, yet. */
  Instant upTo() {
    return isWhole() ? Collections.min(known.values()) : null;
  }

  /** Another one has looked meanwhile: what was known is too old to be of use. */
  void forget() {
    look = null;
    marks.clear();
    known.clear();
  }

  private Future<Look> begun() {
    if (look != null) return Future.succeededFuture(look);
    return now.get().compose(at -> log.sources().map(ends -> look = new Look(at, ends)));
  }

  /** A shard that has not reached its mark yet keeps it, however long its batches take. */
  private Future<Void> normalised(Look begun) {
    return log.normalised().compose(committed -> {
      boolean through = begun.sources.entrySet()
          .stream()
          .allMatch(end -> committed.getOrDefault(end.getKey(), 0L) >= end.getValue());
      if (!through) return Future.succeededFuture();
      return log.shards().map(ends -> {
        all = Set.copyOf(ends.keySet());
        ends.forEach((shard, end) -> marks.putIfAbsent(shard, new Mark(begun.at, end)));
        look = null;
        return null;
      });
    });
  }

  private Future<Void> inEffect() {
    if (marks.isEmpty()) return Future.succeededFuture();
    return applied.get().map(positions -> {
      marks.entrySet().removeIf(one -> {
        boolean reached = positions.getOrDefault(one.getKey(), -1L) >= one.getValue().end;
        if (reached) known.merge(one.getKey(), one.getValue().at, LogReach::later);
        return reached;
      });
      return null;
    });
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }
}
