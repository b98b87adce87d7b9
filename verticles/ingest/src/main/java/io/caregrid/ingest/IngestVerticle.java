package io.caregrid.ingest;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Routes;
import io.caregrid.store.DeadLetters;
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
  private final KafkaConfig kafka;
  private final Supplier<MappingSets> mappings;
  private final IngestMetrics metrics;

  /** @param mappings in force; asked once a request that names one */
  public IngestVerticle(Vertx vertx, KafkaConfig kafka, IngestConfig ingest, Supplier<MappingSets> mappings,
      MeterRegistry meters) {
    producer = new IngestProducer(vertx, kafka, kafka.deviceData(), ingest);
    metrics = new IngestMetrics(meters);
    routes = new IngestRoutes(vertx, ingest, kafka, producer, mappings, metrics);
    this.kafka = kafka;
    this.mappings = mappings;
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

  /** The door through which dead letters go into the log again, by the same producer. */
  public Routes replaying(DeadLetters letters, Audit audit) {
    return new ReplayRoutes(new Replay(kafka, producer, letters, mappings, metrics), audit);
  }

  /** The door through which whoever works on a mapping sees what comes in. */
  public Routes showing(Audit audit) {
    return new TailRoutes(new LogTail(kafka), audit);
  }

  @Override
  public void mount(Router router) {
    routes.mount(router);
  }
}
