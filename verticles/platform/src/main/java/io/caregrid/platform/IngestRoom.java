package io.caregrid.platform;

import io.caregrid.cluster.NodeConfig;
import io.caregrid.ingest.DeadLetterReader;
import io.caregrid.ingest.IngestVerticle;
import io.caregrid.ingest.NormaliseVerticle;
import io.vertx.core.Future;

/** Where what devices send comes in by HTTP, is normalised, and what cannot be read is laid aside. */
final class IngestRoom {
  private IngestRoom() {}

  static void open(Ground ground, StoreRoom store) {
    NodeConfig config = ground.config();
    LiveMappings mappings = store.mappings();
    NormaliseVerticle normalise = new NormaliseVerticle(config.kafka(), config.cluster().shards(), config.ingest(),
        mappings::current, ground.metrics());
    DeadLetterReader reader = new DeadLetterReader(config.kafka(), store.letters());
    IngestVerticle ingest = new IngestVerticle(ground.vertx(), config.kafka(), config.ingest(), mappings::current,
        ground.metrics());
    ground.deploy(normalise);
    ground.deploy(reader);
    ground.deploy(ingest);
    ground.show(ingest);
    ground.show(ingest.replaying(store.letters(), ground.trail()));
    ground.show(ingest.showing(ground.trail()));
    ground.check("ingest", () -> Future.succeededFuture(ingest.ready()));
    ground.check("normalise", () -> Future.succeededFuture(normalise.ready()));
    ground.check("dead letters", () -> Future.succeededFuture(reader.ready()));
  }
}
