package io.caregrid.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Roles;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.Deliveries;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Schema;
import io.caregrid.store.Sequencer;
import io.caregrid.store.Stored;
import io.caregrid.store.Undelivered;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A store on a real PostgreSQL with its sequencer, tellers on it that try again sooner than in earnest, and the door that shows how they are doing. */
final class TellHouse implements AutoCloseable {
  static final String SOURCE = "https://caregrid.example.org/fhir";
  private static final int DEADLINE_SECONDS = 120;
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  /** No stall of a loaded machine takes the lease away, or an answer for none. */
  private static final TellerVerticle.Patience PATIENT = new TellerVerticle.Patience(Duration.ofMinutes(3),
      Duration.ofSeconds(60));
  final Vertx vertx = Vertx.vertx();
  final DatabaseConfig config;
  final Database database;
  final FhirStore store;
  final Deliveries deliveries;
  final List<Audit.Entry> audited = new CopyOnWriteArrayList<>();
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  /** Nothing that was sent can be recorded. */
  volatile boolean trailIsClosed;
  private TellerVerticle.Patience patience = PATIENT;
  private final Audit keeping = entry -> {
    if (trailIsClosed && entry.deed() == Audit.Deed.SENT) return Future.failedFuture(new Failure.Busy(Audit.CLOSED));
    audited.add(entry);
    return Future.succeededFuture();
  };
  private final Sequencer sequencer;
  private final HttpServer door;
  private final List<String> deployed = new ArrayList<>();
  private KafkaConfig kafka = KafkaConfig.DEFAULT;
  private volatile TellConfig shown = TellConfig.DEFAULT;

  TellHouse(LocalPostgres postgres) {
    String name = postgres
        .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
    config = new DatabaseConfig(postgres.host(), postgres.port(), name, postgres.user(), postgres.password(), 8);
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, config)));
    store = new FhirStore(database, keeping);
    deliveries = new Deliveries(database);
    sequencer = Sequencer.start(database);
    Router router = Router.router(vertx);
    mount(router);
    door = get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
  }

  /** Made anew for each question, since each test has a configuration of its own. */
  private void mount(Router router) {
    router.route("/tell*").handler(request -> {
      Router inner = Router.router(vertx);
      inner.route().handler(Gate.kept(asked -> Future.succeededFuture(Caller.LOCAL), Audit.log()));
      new TellRoutes(deliveries, new Undelivered(database), shown, keeping).mount(inner);
      inner.route()
          .last()
          .failureHandler(failed -> failed.response()
              .setStatusCode(failed.failure() instanceof Failure failure ? failure.status : 500)
              .end());
      inner.handle(request.request());
    });
  }

  void use(KafkaConfig kafka) {
    this.kafka = kafka;
  }

  /** @param settings under {@code tell.} */
  static TellConfig tell(Map<String, String> settings) {
    Map<String, String> all = new TreeMap<>();
    settings.forEach((key, text) -> all.put("tell." + key, text));
    return Configuration.defaults().with("test", all).node().tell();
  }

  static Map<String, String> webhook(String name, Receiver receiver) {
    String key = "targets." + name + ".";
    Map<String, String> settings = new TreeMap<>();
    settings.put(key + "kind", "webhook");
    settings.put(key + "url", receiver.url());
    settings.put(key + "secret", Receiver.SECRET);
    return settings;
  }

  /** Until all is quiet again, tellers that begin have this patience. A stall as long as that makes them send again: no test counts what comes meanwhile. */
  void patience(Duration lease, Duration answer) {
    patience = new TellerVerticle.Patience(lease, answer);
  }

  static Retries quick(int failingAfter) {
    Duration soon = Duration.ofMillis(20);
    return new Retries(soon, Duration.ofMillis(200), Duration.ofHours(1), List.of(soon, soon, soon, soon),
        Duration.ofDays(3), failingAfter, new SplittableRandom(7));
  }

  /** Deploys a teller and waits until it tells, unless another one does. */
  String teller(Map<String, String> settings, Retries retries) {
    return teller(vertx, database, settings, retries);
  }

  String teller(Vertx on, Database through, Map<String, String> settings, Retries retries) {
    shown = tell(settings);
    TellerVerticle teller = new TellerVerticle(through, store, keeping, shown, Roles.BUILT_IN, kafka, SOURCE, metrics,
        retries, patience);
    long before = number("select term from tell_teller");
    long holders = number("select count(*) from lease where name = 'tell' and held_until > now()");
    String id = get(on.deployVerticle(teller));
    if (on == vertx) deployed.add(id);
    if (holders == 0)
      until("it tells", () -> number("select term from tell_teller") > before
          && number("select count(*) from feed_listener where name = 'tell'") == 1);
    return id;
  }

  void undeploy(String id) {
    deployed.remove(id);
    get(vertx.undeploy(id));
  }

  /** Nobody tells any more, and nothing waits. */
  void quiet() {
    List.copyOf(deployed).forEach(this::undeploy);
    patience = PATIENT;
    sql("delete from tell_delivery; delete from tell_dead; delete from tell_target; delete from tell_rule; delete from tell_found");
  }

  Stored put(String json) {
    ObjectNode resource = json(json);
    return get(store.update(Caller.LOCAL, resource.path("resourceType").asText(), resource.path("id").asText(),
        resource, OptionalInt.empty()));
  }

  Stored patient(String id, int n) {
    return put("{'resourceType':'Patient','id':'" + id + "','multipleBirthInteger':" + n + "}");
  }

  void delete(String type, String id) {
    get(store.delete(Caller.LOCAL, type, id, OptionalInt.empty()));
  }

  static ObjectNode json(String json) {
    return (ObjectNode) Trees.read(Buffer.buffer(json.replace('\'', '"')));
  }

  void sql(String sql) {
    PgConnection connection = connection();
    get(connection.query(sql).execute());
    get(connection.close());
  }

  long number(String sql) {
    PgConnection connection = connection();
    Row row = get(connection.query(sql).execute()).iterator().next();
    get(connection.close());
    return ((Number) row.getValue(0)).longValue();
  }

  PgConnection connection() {
    return get(PgConnection.connect(vertx, new PgConnectOptions().setHost(config.host())
        .setPort(config.port())
        .setDatabase(config.database())
        .setUser(config.user())
        .setPassword(config.password())));
  }

  /** {@code GET} when {@code method} is that, without a body. */
  HttpResponse<String> ask(String method, String path) {
    try {
      return HTTP
          .send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + door.actualPort() + path))
              .method(method, HttpRequest.BodyPublishers.noBody())
              .timeout(Duration.ofSeconds(DEADLINE_SECONDS))
              .build(), HttpResponse.BodyHandlers.ofString());
    } catch (java.io.IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** What {@code GET /tell} says of a target. */
  JsonObject target(String name) {
    return new JsonObject(ask("GET", "/tell").body()).getJsonArray("targets")
        .stream()
        .map(JsonObject.class::cast)
        .filter(one -> one.getString("name").equals(name))
        .findFirst()
        .orElseThrow();
  }

  JsonObject rule(String name) {
    return new JsonObject(ask("GET", "/tell").body()).getJsonArray("rules")
        .stream()
        .map(JsonObject.class::cast)
        .filter(one -> one.getString("name").equals(name))
        .findFirst()
        .orElseThrow();
  }

  static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException(failed.getCause() == null ? failed : failed.getCause());
    }
  }

  static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new AssertionError("not within " + DEADLINE_SECONDS + " s: " + what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  @Override
  public void close() {
    List.copyOf(deployed).forEach(this::undeploy);
    get(sequencer.stop());
    get(door.close());
    get(database.close());
    get(vertx.close());
  }
}
