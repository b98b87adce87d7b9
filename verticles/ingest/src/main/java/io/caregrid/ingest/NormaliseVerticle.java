package io.caregrid.ingest;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.templates.sets.MappingSets;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The normalisers of this node: starts their threads, watches that none waits for ever, and ends them within seconds. */
public final class NormaliseVerticle extends VerticleBase {
  /** Longest a batch may wait for its acknowledgements before it is done anew. */
  private static final Duration STALLED = Duration.ofSeconds(30);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<Normaliser> normalisers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  /**
   * @param shards  {@code cluster.shards}
   * @param mappings asked once a batch, on a thread of this room: they may be swapped at any time
   */
  public NormaliseVerticle(KafkaConfig kafka, int shards, IngestConfig ingest, Supplier<MappingSets> mappings,
      MeterRegistry meters) {
    IngestMetrics metrics = new IngestMetrics(meters);
    for (int n = 0; n < ingest.normalisers(); n++)
      normalisers.add(new Normaliser("normaliser-" + n, kafka, shards, mappings, metrics));
    Gauge.builder(IngestMetrics.LAG, normalisers, all -> all.stream().mapToLong(Normaliser::lag).sum())
        .register(meters);
  }

  @Override
  public Future<?> start() {
    for (int n = 0; n < normalisers.size(); n++) {
      Thread thread = new Thread(normalisers.get(n), "normaliser-" + n);
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    vertx.setPeriodic(LOOK_EVERY.toMillis(), look -> vertx.executeBlocking(this::abandonStalled, false));
    return Future.succeededFuture();
  }

  private Void abandonStalled() {
    normalisers.forEach(normaliser -> normaliser.abandonIfStalled(STALLED));
    return null;
  }

  /** Completes when every thread has finished its batch and committed; a thread that does not is left behind, which is always safe. */
  @Override
  public Future<?> stop() {
    normalisers.forEach(Normaliser::stop);
    return vertx.executeBlocking(this::join, false);
  }

  private Void join() throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (Thread thread : threads) thread.join(Math.max(1, Duration.ofNanos(deadline - System.nanoTime()).toMillis()));
    return null;
  }

  /** For {@code /health/ready}: every normaliser reads. */
  public boolean ready() {
    return normalisers.stream().allMatch(Normaliser::isReading);
  }
}
