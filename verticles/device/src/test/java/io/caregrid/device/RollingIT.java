package io.caregrid.device;

import static io.caregrid.device.Readings.heartRate;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.HazelcastCluster;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.ShardStore;
import io.caregrid.templates.device.Measurement;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two nodes, restarted in turn while ten thousand readings come in. */
@Tag("full")
@ExtendWith(Engines.class)
class RollingIT {
  private static final int READINGS = 10_000;
  private static final int ROLLS = 10;
  private static final ShardConfig CONFIG = new ShardConfig(1000, 1 << 20, Duration.ofSeconds(1), 2000, 0.5,
      Duration.ofMinutes(1),
      Duration.ofSeconds(1), Duration.ofSeconds(60));

  @Test
  void rollingTwoNodesTenTimesLosesAndDoublesNothing(LocalKafka kafka, LocalPostgres postgres) throws Exception {
    try (StoreBench bench = new StoreBench(postgres); Log log = new Log(kafka)) {
      List<Measurement> readings = IntStream.range(0, READINGS)
          .mapToObj(i -> heartRate("device-" + i % 40, i % 3000, String.valueOf(40 + i % 120)))
          .toList();
      Node a = new Node(bench, log, List.of());
      Node b = new Node(bench, log, List.of(a.cluster.address()));
      CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendSlowly(log, readings));

      for (int roll = 0; roll < ROLLS; roll++) {
        a.close();
        a = new Node(bench, log, List.of(b.cluster.address()));
        b.close();
        b = new Node(bench, log, List.of(a.cluster.address()));
      }
      sending.get();

      Await.until("all in", () -> applied(bench) == end(log));
      a.close();
      b.close();
      assertStored(bench, readings);
    }
  }

  private static void sendSlowly(Log log, List<Measurement> readings) {
    for (int from = 0; from < READINGS; from += 50) {
      log.send(readings.subList(from, from + 50));
      java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
    }
  }

  private static long applied(StoreBench bench) {
    return bench.count("select sum(applied) from shard_progress where topic_id <> '" + Readings.TOPIC + "'");
  }

  /** Every record sent and one probe per partition. */
  private static long end(Log log) {
    return READINGS + Log.SHARDS;
  }

  private static void assertStored(StoreBench bench, List<Measurement> readings) {
    List<Batch.Event> events = IntStream.range(0, READINGS)
        .mapToObj(i -> new Batch.Event(i, Readings.source(0, i), readings.get(i), null, 1))
        .toList();
    Map<String, String> expected = StoreBench.reference(events);
    assertEquals(expected, bench.observations(expected.keySet()));
  }

  private static final class Node {
    final HazelcastCluster cluster;
    private final Vertx vertx;
    private final Database database;
    private final ShardPump pump;

    Node(StoreBench bench, Log log, List<String> members) {
      ClusterConfig config = log.cluster;
      cluster = HazelcastCluster
          .join(new ClusterConfig("cluster", config.name(), "127.0.0.1", 0, 0, members, config.shards(),
              ClusterConfig.SINGLE_MACHINE), true);
      vertx = get(cluster.vertx(new VertxOptions(), UnaryOperator.identity()));
      database = AskAgain.whileBusy(() -> get(Database.open(vertx, bench.config)));
      ShardMetrics metrics = new ShardMetrics(new SimpleMeterRegistry());
      BatchWriter writer = new BatchWriter(vertx, new ShardStore(database), StoreBench.OWNERS,
          FhirMappings.one(() -> StoreBench.VITALS),
          2, metrics);
      pump = new ShardPump(vertx, cluster, writer, log.topics.measurements().id(), log.kafka, CONFIG, metrics,
          () -> ShardPump.consumer(log.kafka));
      get(pump.start());
    }

    void close() {
      get(pump.stop());
      get(database.close());
      get(vertx.close());
      cluster.close();
    }
  }
}
