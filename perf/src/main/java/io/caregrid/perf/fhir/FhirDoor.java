package io.caregrid.perf.fhir;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.api.ApiDoors;
import io.caregrid.api.HttpVerticle;
import io.caregrid.cluster.AuditConfig;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.FhirConfig;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.contract.Doorman;
import io.caregrid.platform.Await;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Reindex;
import io.caregrid.store.Sequencer;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The process of our FHIR door: what a node with role {@code api} opens, on its store, with the sequencer and the audit trail as they are shipped. Left out is what
 * answers no FHIR request, the cluster and Kafka; nobody is asked for a token, as the peer asks for none.
 *
 * <p>Its database comes by system properties, the password as the environment's {@code FHIR_PASSWORD}.
 */
final class FhirDoor {
  private static final ObjectMapper JSON = new ObjectMapper();

  private FhirDoor() {}

  /** @param args a folder for the trail */
  public static void main(String[] args) throws IOException {
    Vertx vertx = Vertx.vertx();
    Database database = Await.ready(Database.open(vertx, config()));
    Sequencer sequencer = Sequencer.start(database);
    Reindex reindex = Reindex.start(database);
    SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    try (Trail trail = Trail.open(Path.of(args[0], "audit"), AuditConfig.DEFAULT, "perf", metrics)) {
      AuditEvents events = new AuditEvents(database);
      trail.ship(vertx, events);
      HttpVerticle http = new HttpVerticle(new HttpConfig("127.0.0.1", 0, List.of()), Doorman.OPEN, trail,
          ApiDoors.all(vertx, new FhirStore(database, trail, FhirConfig.DEFAULT), new DeadLetters(database), events,
              trail, 1, List.of(), () -> backlog(metrics), "perf"));
      Await.ready(vertx.deployVerticle(http));
      String address = "http://127.0.0.1:" + http.port();
      System.out.println("READY " + JSON.createObjectNode()
          .put("fhir", address + "/fhir")
          .put("backlog", address + "/metrics"));
      System.in.transferTo(OutputStream.nullOutputStream());
      Await.ready(trail.drain(Duration.ofSeconds(10)));
    }
    Await.ready(reindex.stop());
    Await.ready(sequencer.stop());
    Await.ready(vertx.close());
  }

  private static DatabaseConfig config() {
    return new DatabaseConfig(System.getProperty("fhir.host"), Integer.getInteger("fhir.port"),
        System.getProperty("fhir.database"), System.getProperty("fhir.user"), System.getenv("FHIR_PASSWORD"),
        DatabaseConfig.DEFAULT.poolSize());
  }

  /** Entries that are recorded and not yet in the database. */
  private static String backlog(SimpleMeterRegistry metrics) {
    Gauge gauge = metrics.find("audit.backlog").gauge();
    return gauge == null ? "0" : String.valueOf((long) gauge.value());
  }
}
