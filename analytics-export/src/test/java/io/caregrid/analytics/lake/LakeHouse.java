package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Schema;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import io.caregrid.store.Stored;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A store on a database of its own and a lake in a folder of its own, with a clock that stands until it is moved. Close it. */
final class LakeHouse implements AutoCloseable {
  static final Caller CALLER = Caller.system("test");
  static final Duration OPEN_PERIOD = Duration.ofMinutes(5);
  private static final int DEADLINE_SECONDS = 60;

  final Path folder;
  final Database database;
  final FhirStore store;
  final ObjectStore objects;
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final Standstill clock = new Standstill();
  final Vertx vertx = Vertx.vertx();
  private static final Caller ERASER = new Caller("eraser", null, null, Set.of(),
      Grants.of(Access.FHIR_WRITE, Access.FHIR_HARD_DELETE),
      null, null, null);
  final DatabaseConfig config;
  private final ShardStore shards;
  private final ShardKey key = new ShardKey(ShardKey.STORE, UUID.randomUUID(), 0, 0);

  /** Moved by hand. */
  static final class Standstill extends Clock {
    private volatile Instant now = Instant.parse("2026-11-21T10:00:00Z");

    void move(Duration by) {
      now = now.plus(by);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  LakeHouse(LocalPostgres postgres, Path folder) throws IOException {
    this(postgres, folder, Place.open(LakeConfig.DEFAULT, folder));
  }

  /** @param objects the lake's; closed with this */
  LakeHouse(LocalPostgres postgres, Path folder, ObjectStore objects) throws IOException {
    this(new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), 8), folder, objects);
  }

  LakeHouse(DatabaseConfig config, Path folder) throws IOException {
    this(config, folder, Place.open(LakeConfig.DEFAULT, folder));
  }

  private LakeHouse(DatabaseConfig config, Path folder, ObjectStore objects) throws IOException {
    this.config = config;
    this.objects = objects;
    this.folder = folder;
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, config)));
    store = new FhirStore(database, Audit.log());
    shards = new ShardStore(database);
    get(shards.seed(CALLER, key, 1, 0));
  }

  /** A writer that knows nothing yet. */
  Follower follower() throws IOException {
    return follower(objects, Step.Watch.NONE);
  }

  Follower follower(ObjectStore objects, Step.Watch watch) throws IOException {
    Path scratch = Files.createDirectories(folder.resolve("scratch"));
    return new Follower(new Source(database), Catalogue.of(objects), objects, scratch, OPEN_PERIOD,
        new Unreadable(registry), clock, watch);
  }

  Upkeep upkeep(Step.Watch watch) {
    return new Upkeep(objects, folder.resolve("scratch"), LakeConfig.DEFAULT, clock, watch);
  }

  /** What was prepared becomes a version; what was vacuumed is read anew. */
  void finish(Follower follower, Upkeep.Done done) throws IOException {
    if (done.prepared() != null) {
      assertTrue(follower.take(done));
    } else {
      follower.reread();
      turn(follower);
    }
  }

  /** Does whatever is due, until nothing is. @return what that was, in order */
  List<String> keep(Follower follower, Upkeep upkeep) throws IOException {
    List<String> kept = new ArrayList<>();
    for (Upkeep.Task task = upkeep.due(follower.ledger()); task != null; task = upkeep.due(follower.ledger())) {
      Upkeep.Done done = Upkeep.run(task);
      finish(follower, done);
      upkeep.done(done);
      kept.add(task.what());
    }
    return kept;
  }

  /** Gives changes their places, and lets the follower take them in. */
  Follower.Turn turn(Follower follower) {
    stamp();
    try {
      return follower.turn(() -> {});
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  Heads heads() {
    return new Heads(objects);
  }

  Stored put(String type, String id, String json) {
    return get(store.update(CALLER, type, id, json(json), OptionalInt.empty()));
  }

  void delete(String type, String id) {
    get(store.delete(CALLER, type, id, OptionalInt.empty()));
  }

  /** With its history. */
  void erase(String type, String id) {
    get(store.erase(ERASER, type, id, OptionalInt.empty()));
  }

  Stored patient(String id, String family) {
    return put("Patient", id, "{'resourceType':'Patient','active':true,'name':[{'family':'" + family
        + "','given':['A','B']}],'birthDate':'1970-01'}");
  }

  Stored weight(String id, String kilograms) {
    return put("Observation", id, "{'resourceType':'Observation','status':'final','code':{'coding':[{'system':"
        + "'http://loinc.org','code':'29463-7'}]},'subject':{'reference':'Patient/p'},'effectiveDateTime':"
        + "'2026-11-21T09:00:00Z','valueQuantity':{'value':" + kilograms + ",'unit':'kg'}}");
  }

  /** An hour that is open still, as a shard writes it: heart rate, a sample each minute. */
  void device(String id, String data) {
    devices(List.of(id), data);
  }

  void devices(List<String> ids, String data) {
    get(shards.inShard(CALLER, key, tx -> tx.lockObservations(ids)
        .compose(before -> tx.writeObservations(ids.stream()
            .map(id -> new ShardStore.DeviceWrite(id, hour(id, data), before.get(id)))
            .toList()))));
  }

  private static byte[] hour(String id, String data) {
    return ("{'resourceType':'Observation','id':'" + id + "','status':'preliminary','code':{'coding':[{'system':"
        + "'http://loinc.org','code':'8867-4'}]},'subject':{'reference':'Patient/p'},'device':{'reference':'Device/d'},"
        + "'effectivePeriod':{'start':'2036-11-20T10:00:00Z','end':'2036-11-20T10:59:59.9999999Z'},"
        + "'valueSampledData':{'origin':{'value':0,'unit':'/min'},'period':60000,'dimensions':1,'data':'" + data
        + "'}}").replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  static ObjectNode json(String text) {
    try {
      return Json.object(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    } catch (IOException wrong) {
      throw new UncheckedIOException(wrong);
    }
  }

  void stamp() {
    sql("select stamp_changes(100000)");
  }

  void sql(String sql) {
    String url = "jdbc:postgresql://" + config.host() + ":" + config.port() + "/" + config.database();
    try (Connection connection = DriverManager.getConnection(url, config.user(), config.password());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  static <T> T get(Future<T> future) {
    try {
      return future.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new AssertionError("no answer within " + DEADLINE_SECONDS + " s", late);
    }
  }

  @Override
  public void close() {
    objects.close();
    get(database.close());
    get(vertx.close());
  }
}
