package io.caregrid.platform;

import io.caregrid.cluster.HazelcastCluster;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Caller;
import io.caregrid.contract.NodeReport;
import io.caregrid.device.BatchWriter;
import io.caregrid.device.DeviceIdentity;
import io.caregrid.device.FindingsVerticle;
import io.caregrid.device.House;
import io.caregrid.device.IdentityWatch;
import io.caregrid.device.MeasurementRules;
import io.caregrid.device.ShardMetrics;
import io.caregrid.device.ShardPump;
import io.caregrid.events.TellSettings;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.ShardStore;
import io.vertx.core.Future;
import java.util.List;

/** Where measurements are gathered and kept, device by device, and rules look at them. */
final class DeviceRoom {
  private final ShardPump pump;

  private DeviceRoom(ShardPump pump) {
    this.pump = pump;
  }

  static DeviceRoom open(Ground ground, StoreRoom store, HazelcastCluster cluster, Topics topics) {
    NodeConfig config = ground.config();
    ShardMetrics shardMetrics = new ShardMetrics(ground.metrics());
    DeviceIdentity identity = new DeviceIdentity(store.fhir(), config.identity());
    ground.deploy(new IdentityWatch(new ChangeFeed(store.database()), identity));
    MeasurementRules rules = MeasurementRules.of(config.tell(), ground.metrics());
    openFindings(ground, store, cluster, topics, identity, rules);
    int atOnce = Math.max(1, config.database().poolSize() / 4);
    BatchWriter writer = new BatchWriter(ground.vertx(), new ShardStore(store.database()), identity, store.mappings(),
        rules, atOnce, shardMetrics);
    ShardPump pump = new ShardPump(ground.vertx(), cluster, writer, topics.measurements().id(), config.kafka(),
        config.shard(), shardMetrics, () -> ShardPump.consumer(config.kafka()));
    return new DeviceRoom(pump);
  }

  /** Begins to read this node's shards. How they are doing can be asked meanwhile. */
  void read(Ground ground) {
    Await.ready(pump.start());
    ground.keep(() -> Await.closed(pump.stop()));
    ground.check("shards", () -> Future.succeededFuture(pump.ready()));
  }

  private static void openFindings(Ground ground, StoreRoom store, HazelcastCluster cluster, Topics topics,
      DeviceIdentity identity, MeasurementRules rules) {
    NodeConfig config = ground.config();
    Caller ruling = config.tell().watchesDevices() ? TellSettings.writer(config.tell(), ground.roles()) : null;
    String mark = MeasurementRules.mark(config.tell());
    House house = new House(() -> cluster.nodes().stream().anyMatch(node -> node.roles().contains("ingest")),
        () -> cluster.nodes()
            .stream()
            .filter(node -> node.roles().contains("device"))
            .allMatch(node -> node.rules().equals(mark)));
    FindingsVerticle findings = FindingsVerticle.of(ground.vertx(), store.database(), store.fhir(), rules, identity,
        config.kafka(), topics.measurements().id(), house, config.tell().giveUpAfter(), ruling);
    ground.deploy(findings);
    if (!config.tell().silences().isEmpty())
      ground.warn("silence", () -> Future.succeededFuture(findings.isOnTime()));
  }

  List<NodeReport.Shard> shards() {
    return pump.shards();
  }
}
