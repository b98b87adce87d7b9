package io.caregrid.platform;

import io.caregrid.cluster.HazelcastCluster;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Live;
import io.caregrid.contract.NodeReport;
import io.caregrid.contract.RecordCodec;
import io.caregrid.device.MeasurementRules;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.util.List;
import java.util.Map;

/**
 * Where a node meets the others, and its Vert.x.
 *
 * @param cluster who is there, and who reads which shard
 */
record ClusterRoom(HazelcastCluster cluster, Vertx vertx) {
  static ClusterRoom join(NodeConfig config, MeterRegistry metrics, Opened opened, Progress progress) {
    HazelcastCluster cluster = opened
        .keep(HazelcastCluster.join(config.cluster(), config.roles().contains("device"), self(config)));
    progress.waiting(cluster::awaitOwner);
    Vertx vertx = Await
        .ready(cluster.vertx(options(), builder -> builder.withMetrics(new MicrometerMetricsFactory(metrics))));
    opened.keep(() -> Await.closed(vertx.close()));
    return new ClusterRoom(cluster, vertx);
  }

  /** What the others shall know of this node as soon as it is there. */
  private static Map<String, String> self(NodeConfig config) {
    return Map.of(HazelcastCluster.NAME, config.name(), HazelcastCluster.ROLES, String.join(",", config.roles()),
        HazelcastCluster.HTTP, config.http().host() + ":" + config.http().port(), HazelcastCluster.RULES,
        MeasurementRules.mark(config.tell()));
  }

  /** Without the network clients' metrics: all of them share one gauge, which counts only the first's connections and warns of the others. */
  private static VertxOptions options() {
    return new VertxOptions().setMetricsOptions(new MicrometerMetricsOptions().setEnabled(true)
        .setJvmMetricsEnabled(true)
        .addDisabledMetricsCategory(MetricsDomain.EVENT_BUS)
        .addDisabledMetricsCategory(MetricsDomain.NET_CLIENT));
  }

  /** Lets the records that nodes send each other travel. */
  void openBus() {
    List.of(Live.Watch.class, Live.Vitals.class, Live.Latest.class, NodeReport.class, NodeReport.Question.class)
        .forEach(this::travel);
  }

  private <R extends Record> void travel(Class<R> type) {
    vertx.eventBus().registerDefaultCodec(type, new RecordCodec<>(type));
  }
}
