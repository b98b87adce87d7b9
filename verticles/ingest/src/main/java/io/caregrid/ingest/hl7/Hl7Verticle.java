package io.caregrid.ingest.hl7;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.Hl7Config;
import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.ingest.Budget;
import io.caregrid.ingest.IngestProducer;
import io.caregrid.store.Cause;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Hl7Messages;
import io.caregrid.templates.bundle.Outcome;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HL7 v2 on this node: the MLLP port where there is one, {@code /hl7}, and the way from the log into the store. Deploy it once, after its topic is there. Undeploying lets in nothing more,
 * answers what is being kept, and finishes the messages that are being stored.
 */
public final class Hl7Verticle extends VerticleBase implements Routes {
  private static final Logger log = LoggerFactory.getLogger(Hl7Verticle.class);
  private static final Duration PRUNE_EVERY = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Hl7Config config;
  private final KafkaConfig kafka;
  private final IngestProducer producer;
  private final Hl7Messages messages;
  private final MllpVerticle mllp;
  private final Hl7Routes routes;
  private final Hl7Metrics metrics;
  private final Translation translation;
  private final FhirStore store;
  private final Storing.Patience patience;
  private WorkerExecutor worker;
  private LogReader reader;
  private Thread thread;

  /** What a message becomes. */
  public interface Meaning {
    /** What templates make of a message's text. Any thread; may take long; throws nothing for bad input. */
    Outcome convert(String message);

    /** What FHIR's rules find in a resource of a transaction. Any thread. */
    List<Issue> check(ObjectNode resource);

    static Meaning of(Function<String, Outcome> templates, Function<ObjectNode, List<Issue>> rules) {
      return new Meaning() {
        @Override
        public Outcome convert(String message) {
          return templates.apply(message);
        }

        @Override
        public List<Issue> check(ObjectNode resource) {
          return rules.apply(resource);
        }
      };
    }
  }

  /** @param grants what {@code hl7.roles} allow: where there is a port, at least that resources are read and written */
  public Hl7Verticle(Vertx vertx, Hl7Config config, KafkaConfig kafka, IngestConfig ingest, Grants grants,
      Meaning meaning, FhirStore store, Hl7Messages messages, Audit audit, MeterRegistry meters) {
    this(vertx, config, kafka, ingest, grants, meaning, store, messages, audit, meters, Storing.Patience.DEFAULT);
  }

  Hl7Verticle(Vertx vertx, Hl7Config config, KafkaConfig kafka, IngestConfig ingest, Grants grants, Meaning meaning,
      FhirStore store, Hl7Messages messages, Audit audit, MeterRegistry meters, Storing.Patience patience) {
    if (config.hasPort() && (!grants.may(Access.FHIR_WRITE) || !grants.may(Access.FHIR_READ)))
      throw new IllegalArgumentException(
          "hl7.roles must let resources be read and written, as FHIR Data Writer does, not "
              + config.roles());
    this.config = config;
    this.kafka = kafka.carrying(config.maxMessage());
    this.store = store;
    this.messages = messages;
    this.patience = patience;
    metrics = new Hl7Metrics(meters);
    producer = new IngestProducer(vertx, this.kafka, kafka.hl7(), ingest);
    Budget budget = new Budget(config.bufferBytes());
    Intake intake = new Intake(vertx, config, producer, metrics);
    mllp = new MllpVerticle(config, grants, intake, budget);
    routes = new Hl7Routes(vertx, config, intake, budget, new Letters(messages, producer, audit));
    translation = new Translation(meaning::convert, meaning::check);
    Gauge.builder(Hl7Metrics.CONNECTIONS, mllp, MllpVerticle::connections).register(meters);
    Gauge.builder(Hl7Metrics.LAG, this, Hl7Verticle::lag).register(meters);
  }

  @Override
  public Future<?> start() {
    worker = vertx.createSharedWorkerExecutor("hl7", Math.max(1, Runtime.getRuntime().availableProcessors()), 10,
        TimeUnit.MINUTES);
    Storing storing = new Storing(vertx, worker, translation, store, messages, metrics, patience);
    reader = new LogReader(kafka, () -> new Lane(context, storing::store, () -> reader.wake()));
    thread = new Thread(reader, "hl7-reader");
    thread.setDaemon(true);
    producer.start();
    thread.start();
    prune();
    vertx.setPeriodic(PRUNE_EVERY.toMillis(), due -> prune());
    return config.hasPort() ? vertx.deployVerticle(mllp) : Future.succeededFuture();
  }

  private void prune() {
    messages.prune(Caller.system("hl7"), config.keep())
        .onSuccess(gone -> {
          if (gone > 0) log.info("dead letters of HL7 v2 were older than hl7.keep and are removed count={}", gone);
        })
        .onFailure(cause -> log.warn("old HL7 messages could not be removed, tried again in {} cause={}", PRUNE_EVERY,
            Cause.withoutValues(cause)));
  }

  @Override
  public Future<?> stop() {
    reader.stop();
    return vertx.executeBlocking(() -> {
      thread.join(PATIENCE.toMillis());
      return null;
    }, false).eventually(() -> producer.close()).eventually(() -> worker.close());
  }

  @Override
  public void mount(Router router) {
    routes.mount(router);
  }

  /** For {@code /health/ready}: Kafka takes messages, and they are read. */
  public boolean ready() {
    return producer.isConnected() && reader != null && reader.isReading();
  }

  private double lag() {
    return reader == null ? 0 : reader.lag();
  }

  /** What {@code /hl7} answers where HL7 v2 is off. @param why says what opens it */
  public static Routes closed(String why) {
    return Hl7Routes.closed(why);
  }

  /** The MLLP port it really got, where there is one. Only after {@link #start} has completed. */
  public int port() {
    return mllp.port();
  }
}
