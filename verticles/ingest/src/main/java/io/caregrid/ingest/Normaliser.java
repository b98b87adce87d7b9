package io.caregrid.ingest;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.templates.sets.MappingSets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first hop, at least once: topic {@code devicedata} in, {@code measurements} and {@code deadletters} out. One thread; it lets itself crash.
 *
 * <p>Read a batch, normalise, produce, wait for every acknowledgement, commit the offsets. A crash anywhere repeats a batch, and repeats are dropped by
 * their source marks (SHARDING.md, "The first hop"). That is exact under one condition, which {@link NormaliserRun} keeps: <b>what reaches a partition
 * is a prefix of what was sent to it, in the order of the source</b>. So no batch is ever given up while a later one may still arrive; at the first
 * error the whole run ends, with its clients, and the next one begins at the last committed offset, after 1, 2, 4 … 30 s.
 */
class Normaliser implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Normaliser.class);
  private static final int LONGEST_PAUSE_SECONDS = 30;
  /** A run that lasted so long is a good one, also when nothing came. */
  private static final Duration SETTLED = Duration.ofSeconds(5);

  private final String name;
  private final KafkaConfig kafka;
  private final int shards;
  private final Supplier<MappingSets> mappings;
  private final IngestMetrics metrics;
  private final CountDownLatch stop = new CountDownLatch(1);
  private volatile NormaliserRun run;
  private volatile int crashes;

  /**
   * @param shards  {@code cluster.shards}: partition n of {@code measurements} is shard n
   * @param mappings asked once a batch
   */
  Normaliser(String name, KafkaConfig kafka, int shards, Supplier<MappingSets> mappings, IngestMetrics metrics) {
    this.name = name;
    this.kafka = kafka;
    this.shards = shards;
    this.mappings = mappings;
    this.metrics = metrics;
  }

  @Override
  public void run() {
    while (stop.getCount() > 0) {
      try (NormaliserRun open = open()) {
        run = open;
        while (stop.getCount() > 0) if (open.step() || open.age().compareTo(SETTLED) > 0) crashes = 0;
        open.commit();
      } catch (RuntimeException crashed) {
        run = null;
        if (stop.getCount() > 0) recover(crashed);
      }
    }
    run = null;
  }

  /** Tests stand between produce and commit here. */
  NormaliserRun open() {
    return new NormaliserRun(kafka, shards, mappings, metrics);
  }

  private void recover(RuntimeException crashed) {
    int seconds = Math.min(LONGEST_PAUSE_SECONDS, 1 << Math.min(crashes++, 5));
    metrics.restarts.increment();
    log.warn("normaliser starts again from its last commit name={} in={}s cause={}", name, seconds,
        root(crashed).toString());
    try {
      stop.await(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException asked) {
      stop.countDown();
    }
  }

  private static Throwable root(Throwable cause) {
    return cause.getCause() == null ? cause : root(cause.getCause());
  }

  /** Asks it to finish its batch and end. */
  void stop() {
    stop.countDown();
  }

  /** True while it reads, and not only until its next crash. */
  boolean isReading() {
    NormaliserRun open = run;
    return open != null && open.isReading() && crashes == 0;
  }

  /** Records waiting in the partitions it holds, as of its last batch. */
  long lag() {
    NormaliserRun open = run;
    return open == null ? 0 : open.lag();
  }

  /** Ends a run whose records have not been acknowledged for so long. May block for a moment. */
  void abandonIfStalled(Duration longest) {
    NormaliserRun open = run;
    if (open != null && open.waiting().compareTo(longest) > 0) open.abandon();
  }
}
