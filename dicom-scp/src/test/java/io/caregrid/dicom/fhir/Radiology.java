package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.cluster.ImagingConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.HistoryQuery;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageStudies;
import io.caregrid.store.Page;
import io.caregrid.store.Schema;
import io.caregrid.store.Sequencer;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A database of its own with an index, a FHIR store and as many writers of ImagingStudies as a test asks for. */
final class Radiology implements AutoCloseable {
  static final Caller CALLER = Caller.system("test");
  static final String ADDRESS = "http://127.0.0.1:8080/dicom-web";
  private static final int SECONDS = 180;

  final Vertx vertx = Vertx.vertx();
  final Database database;
  final FhirStore store;
  final ImageIndex index;
  final ImageStudies studies;
  private final PgConnectOptions connecting;
  private final Sequencer sequencer;
  private final List<Vertx> nodes = new ArrayList<>();

  Radiology(LocalPostgres postgres) {
    String name = postgres
        .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
    connecting = new PgConnectOptions().setHost(postgres.host())
        .setPort(postgres.port())
        .setDatabase(name)
        .setUser(postgres.user())
        .setPassword(postgres.password());
    DatabaseConfig where = new DatabaseConfig(postgres.host(), postgres.port(), name, postgres.user(),
        postgres.password(), 16);
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, where)));
    store = new FhirStore(database, entry -> Future.succeededFuture());
    index = new ImageIndex(database);
    studies = new ImageStudies(database);
    sequencer = Sequencer.start(database);
  }

  /** A node's writer. */
  Vertx node(ImagingConfig imaging, String identity) {
    return node(imaging, identity, Duration.ofMillis(60));
  }

  Vertx node(ImagingConfig imaging, String identity, Duration quiet) {
    return node(imaging, identity, new Pace(quiet, Pace.USUAL.changes(), Pace.USUAL.notes()));
  }

  Vertx node(ImagingConfig imaging, String identity, Pace pace) {
    Vertx node = Vertx.vertx();
    nodes.add(node);
    FhirStore own = new FhirStore(database, Audit.log());
    get(ImagingStudyVerticle.deploy(node, database, own, imaging, new IdentityConfig(identity, ""), ADDRESS,
        pace));
    return node;
  }

  Vertx node() {
    return node(ImagingConfig.DEFAULT, "Lookup");
  }

  void stop(Vertx node) {
    nodes.remove(node);
    get(node.close());
  }

  StudyWriter writer() {
    return new StudyWriter(store, studies, new Subjects(store, CALLER, "", false),
        new StudyResource(null, "Endpoint/x"), CALLER);
  }

  void add(Entry... entries) {
    get(index.add(List.of(entries)));
  }

  /** Null when it is not there, or deleted. */
  ObjectNode read(String type, String id) {
    Future<Stored> there = store.read(CALLER, type, id);
    return get(there.transform(done -> {
      boolean absent = done.cause() instanceof Failure.NotFound || done.cause() instanceof Failure.Gone;
      return absent || done.succeeded()
          ? Future.succeededFuture(done.failed() ? null : Resources.read(done.result()))
          : Future.failedFuture(done.cause());
    }));
  }

  ObjectNode study(String uid) {
    return read("ImagingStudy", StudyResource.id(uid));
  }

  int instances(String uid) {
    ObjectNode study = study(uid);
    return study == null ? 0 : study.path("numberOfInstances").asInt();
  }

  String subject(String uid) {
    ObjectNode study = study(uid);
    return study == null ? "" : study.at("/subject/reference").asText("");
  }

  int version(String uid) {
    return study(uid).at("/meta/versionId").asInt();
  }

  /** Oldest first. */
  List<Stored> history(String uid) {
    Page page = get(store.history(CALLER, "ImagingStudy", StudyResource.id(uid), new HistoryQuery(1000, null, null)));
    List<Stored> versions = new ArrayList<>(page.entries());
    java.util.Collections.reverse(versions);
    return versions;
  }

  void put(String type, String id, String json) {
    get(store.update(CALLER, type, id, Pictures.json(json), OptionalInt.empty()));
  }

  void sql(String sql) {
    get(PgConnection.connect(vertx, connecting)
        .compose(connection -> connection.query(sql)
            .execute()
            .eventually(connection::close)));
  }

  boolean isSettled() {
    return get(studies.changedAfter(0, 1)).isEmpty();
  }

  static <T> T get(Future<T> future) {
    try {
      return future.await(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new AssertionError("no answer within " + SECONDS + " s", late);
    }
  }

  static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new AssertionError("not within " + SECONDS + " s: " + what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  @Override
  public void close() {
    List.copyOf(nodes).forEach(this::stop);
    get(sequencer.stop());
    get(database.close());
    get(vertx.close());
  }
}
