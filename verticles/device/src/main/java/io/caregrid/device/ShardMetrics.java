package io.caregrid.device;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What an operator sees of the shards of this node. */
public final class ShardMetrics {
  /** Gauge: events read and not yet in the store. */
  public static final String BACKLOG = "shard.backlog";
  /** Timer: one batch's transaction, without waiting for a turn. */
  public static final String PERSIST = "shard.persist";
  /** Counter: events in effect. */
  public static final String EVENTS = "shard.events";
  /** Counter: events dropped because they were in effect already. */
  public static final String REPEATED = "shard.repeated";
  /** Counter: events that a capture rule does not keep. */
  public static final String THINNED = "shard.thinned";
  /** Counter: Observations written. */
  public static final String OBSERVATIONS = "shard.observations";
  /** Counter, tag {@code reason}: events set aside as dead letters. */
  public static final String DEADLETTER = "shard.deadletter";
  /** Counter, tag {@code reason}: dead letters not kept, because one of the same device was kept within the minute. */
  public static final String DEADLETTER_LIMITED = "shard.deadletter.limited";
  /** Gauge: shards this node reads. */
  public static final String OWNED = "shard.owned";
  /** Gauge, tag {@code reason}: shards that will not run until an operator has looked. */
  public static final String STOPPED = "shard.stopped";
  /** Counter: lives of shards that ended with a failed write. */
  public static final String CRASHES = "shard.crashes";

  final AtomicLong backlog = new AtomicLong();
  final AtomicInteger owned = new AtomicInteger();
  final Map<Stop, AtomicInteger> stopped = new EnumMap<>(Stop.class);
  final Timer persist;
  final Counter events;
  final Counter repeated;
  final Counter thinned;
  final Counter observations;
  final Counter crashes;
  private final MeterRegistry registry;

  public ShardMetrics(MeterRegistry registry) {
    this.registry = registry;
    persist = Timer.builder(PERSIST).publishPercentileHistogram().register(registry);
    events = registry.counter(EVENTS);
    repeated = registry.counter(REPEATED);
    thinned = registry.counter(THINNED);
    observations = registry.counter(OBSERVATIONS);
    crashes = registry.counter(CRASHES);
    Gauge.builder(BACKLOG, backlog, AtomicLong::get).register(registry);
    Gauge.builder(OWNED, owned, AtomicInteger::get).register(registry);
    for (Stop reason : Stop.values())
      stopped.put(reason,
          registry.gauge(STOPPED, io.micrometer.core.instrument.Tags.of("reason", reason.tag()), new AtomicInteger()));
  }

  void deadLetters(String reason, long count) {
    registry.counter(DEADLETTER, "reason", reason).increment(count);
  }

  void limited(String reason, long count) {
    registry.counter(DEADLETTER_LIMITED, "reason", reason).increment(count);
  }
}
