package io.caregrid.ingest;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Routes;
import io.caregrid.templates.sets.MappingSets;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.function.Supplier;

/**
 * The HTTP way in. Deploy it once a node, after the topics are there ({@code Topics.ensure}), and mount it in the HTTP servers; undeploying lets in
 * nothing more and completes when everything accepted is in the log.
 */
public final class IngestVerticle extends VerticleBase implements Routes {
  private final IngestProducer producer;
  private final IngestRoutes routes;

  /** @param mappings in force; asked once a request that names one */
  public IngestVerticle(Vertx vertx, KafkaConfig kafka, IngestConfig ingest, Supplier<MappingSets> mappings,
      MeterRegistry meters) {
    producer = new IngestProducer(vertx, kafka, ingest);
    routes = new IngestRoutes(vertx, ingest, kafka, producer, mappings, new IngestMetrics(meters));
  }

  @Override
  public Future<?> start() {
    producer.start();
    return Future.succeededFuture();
  }

  @Override
  public Future<?> stop() {
    return producer.close();
  }

  /** For {@code /health/ready}: Kafka takes messages. */
  public boolean ready() {
    return producer.isConnected();
  }

  @Override
  public void mount(Router router) {
    routes.mount(router);
  }
}
