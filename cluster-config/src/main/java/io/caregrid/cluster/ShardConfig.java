package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;

/**
 * How a shard batches. Batching is about cost only: any values here give the same resources in the store.
 *
 * @param batchEvents most events in one transaction, 1..200000
 * @param batchBytes  most bytes of events in one transaction, 64 kB..1 GB
 * @param batchAge    longest an event waits for company under load, 1 s..5 min; a quiet shard writes about every second
 * @param backlog     events waiting in memory before the partition is paused, at least {@code batchEvents}
 * @param writeShare  how many database connections' worth of time this node may spend writing, above 0, up to 16
 * @param idleAfter   a device silent this long is dropped from memory, 1 min..7 d
 * @param idleCheck   a shard without events writes an empty batch this often, so that a database that went back is noticed, 1 s..10 min
 * @param handoff     longest a closing shard may take to write its open batch, 1..60 s
 */
public record ShardConfig(int batchEvents, long batchBytes, Duration batchAge, int backlog, double writeShare,
    Duration idleAfter, Duration idleCheck,
    Duration handoff) {

  public static final ShardConfig DEFAULT = new ShardConfig(100_000, 64L << 20, Duration.ofSeconds(30), 200_000, 0.5,
      Duration.ofHours(2),
      Duration.ofSeconds(30), Duration.ofSeconds(10));

  public ShardConfig {
    require(batchEvents >= 1 && batchEvents <= 200_000, "shard.batchEvents must be 1..200000, not " + batchEvents);
    require(batchBytes >= 64 << 10 && batchBytes <= 1L << 30,
        "shard.batchBytes must be 65536..1073741824, not " + batchBytes);
    require(batchAge.toSeconds() >= 1 && batchAge.toMinutes() <= 5,
        "shard.batchAge must be PT1S..PT5M, not " + batchAge);
    require(backlog >= batchEvents,
        "shard.backlog must be at least shard.batchEvents (" + batchEvents + "), not " + backlog);
    require(writeShare > 0 && writeShare <= 16, "shard.writeShare must be above 0 and at most 16, not " + writeShare);
    require(idleAfter.toMinutes() >= 1 && idleAfter.toDays() <= 7,
        "shard.idleAfter must be PT1M..P7D, not " + idleAfter);
    require(idleCheck.toSeconds() >= 1 && idleCheck.toMinutes() <= 10,
        "shard.idleCheck must be PT1S..PT10M, not " + idleCheck);
    require(handoff.toSeconds() >= 1 && handoff.toSeconds() <= 60, "shard.handoff must be PT1S..PT60S, not " + handoff);
  }
}
