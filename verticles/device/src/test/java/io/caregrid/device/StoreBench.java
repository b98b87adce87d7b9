package io.caregrid.device;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Progress;
import io.caregrid.store.Schema;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A fresh database with a shard in it, a writer on it, and the fold it is to be compared with. */
final class StoreBench implements AutoCloseable {
  static final Caller CALLER = Caller.system("test");
  static final FhirMapping VITALS = FhirMapping.vitals();
  static final ShardKey SHARD = new ShardKey(ShardKey.STORE, Readings.TOPIC, 0, 3);
  private static final ObjectMapper JSON = new ObjectMapper();

  final Vertx vertx = Vertx.vertx();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final DatabaseConfig config;
  final Database database;
  final ShardStore shards;
  final FhirStore fhir;
  final DeadLetters deadLetters;

  /** Every device belongs to the patient of its name, except those that begin with {@code unknown}. */
  static final Owners OWNERS = new Owners() {
    @Override
    public Future<Map<Owner.Claim, Owner>> owners(Collection<Owner.Claim> claims) {
      Map<Owner.Claim, Owner> owners = new HashMap<>();
      for (Owner.Claim claim : claims)
        owners.put(claim, claim.device().startsWith("unknown")
            ? new Owner.Unknown("unknown-device", "Nobody knows it.")
            : new Owner.Known(identity(claim.device())));
      return Future.succeededFuture(owners);
    }

    @Override
    public Owner.Claim claim(String device, String patient, String encounter) {
      return new Owner.Claim(device, patient);
    }

    @Override
    public String patientOf(String device) {
      return "p-" + device;
    }
  };

  StoreBench(LocalPostgres postgres) {
    config = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), 8);
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, config)));
    shards = new ShardStore(database);
    fhir = new FhirStore(database, Audit.log());
    deadLetters = new DeadLetters(database);
    get(shards.seed(CALLER, new ShardKey(ShardKey.STORE, Readings.TOPIC, 0, 0), 12, 0));
  }

  BatchWriter writer() {
    return writer(VITALS);
  }

  BatchWriter writer(FhirMapping mapping) {
    return new BatchWriter(vertx, shards, OWNERS, FhirMappings.one(() -> mapping), 2, new ShardMetrics(meters));
  }

  static Identity identity(String device) {
    return new Identity("d-" + device, "p-" + device, null);
  }

  Progress progress() {
    return get(shards.progress(CALLER, SHARD));
  }

  List<DeadLetter> letters() {
    return get(deadLetters.newest(CALLER, 1000));
  }

  /** Every Observation in the store by id, as text, without meta. */
  Map<String, String> observations(Collection<String> ids) {
    Map<String, String> found = new TreeMap<>();
    for (String id : ids) found.put(id, withoutMeta(get(fhir.read(CALLER, "Observation", id)).body().getBytes()));
    return found;
  }

  int version(String id) {
    return get(fhir.read(CALLER, "Observation", id)).version();
  }

  /** What these events come to when each is folded in on its own, in this order. */
  static Map<String, String> reference(List<Batch.Event> events) {
    return reference(events, event -> VITALS);
  }

  /** @param mappings by which each is folded */
  static Map<String, String> reference(List<Batch.Event> events, Function<Batch.Event, FhirMapping> mappings) {
    Map<String, byte[]> folded = new TreeMap<>();
    for (Batch.Event event : events) {
      FhirMapping mapping = mappings.apply(event);
      try {
        var key = mapping.key(event.measurement(), identity(event.measurement().device()));
        ObservationFold fold = mapping.open(key, folded.get(key.observationId()));
        fold.add(event.measurement());
        if (fold.changed()) folded.put(key.observationId(), fold.json());
      } catch (UnusableEvent unusable) {
        // set aside: not part of the fold
      }
    }
    Map<String, String> texts = new TreeMap<>();
    folded.forEach((id, json) -> texts.put(id, withoutMeta(json)));
    return texts;
  }

  private static String withoutMeta(byte[] json) {
    try {
      ObjectNode resource = (ObjectNode) JSON.readTree(json);
      resource.remove("meta");
      return JSON.writeValueAsString(resource);
    } catch (JsonProcessingException wrong) {
      throw new AssertionError(wrong);
    } catch (IOException wrong) {
      throw new AssertionError(wrong);
    }
  }

  long count(String sql) {
    try (Connection connection = connect(); ResultSet rows = connection.createStatement().executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://" + config.host() + ":" + config.port() + "/" + config.database(), config.user(),
        config.password());
  }

  static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw new AssertionError(failed.getCause());
    } catch (InterruptedException | java.util.concurrent.TimeoutException late) {
      throw new AssertionError(late);
    }
  }

  @Override
  public void close() {
    get(database.close());
    get(vertx.close());
  }
}
