package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.engines.AskAgain;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.pgclient.PgException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What callers see when the database, or the way to it, fails. */
@ExtendWith(Room.Key.class)
class OutageTest {
  private static final String SLEEPING = "from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and wait_event = 'PgSleep'";
  private static final String IN_TRANSACTION = "from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
  private final List<NetSocket> tapped = new ArrayList<>();
  private Room direct;
  private NetServer wire;
  private NetClient toPostgres;
  private Database database;
  private FhirStore store;
  private volatile boolean down;

  /** Everything goes through a wire that the test can cut. */
  @BeforeEach
  void open(Room room) {
    direct = room;
    toPostgres = room.vertx().createNetClient();
    wire = room.vertx().createNetServer().connectHandler(this::connect);
    int port = get(wire.listen(0, "127.0.0.1")).actualPort();
    DatabaseConfig there = room.config();
    DatabaseConfig wired = new DatabaseConfig("127.0.0.1", port, there.database(), there.user(), there.password(), 3);
    database = AskAgain.whileBusy(() -> get(Database.open(room.vertx(), wired)));
    store = new FhirStore(database, Audit.log());
  }

  private void connect(NetSocket near) {
    if (down) {
      near.close();
      return;
    }
    near.pause();
    toPostgres.connect(direct.config().port(), direct.config().host()).onSuccess(far -> {
      near.handler(far::write).closeHandler(closed -> far.close());
      far.handler(near::write).closeHandler(closed -> near.close());
      synchronized (tapped) {
        if (down) near.close();
        tapped.add(near);
      }
      near.resume();
    });
  }

  private void cut() {
    synchronized (tapped) {
      down = true;
      tapped.forEach(NetSocket::close);
      tapped.clear();
    }
  }

  @AfterEach
  void close() {
    get(database.close());
    get(wire.close());
  }

  private Future<Stored> create() {
    return store.create(CALLER, "Device", json("{'resourceType':'Device'}"));
  }

  @Test
  void aConnectionKilledInATransactionLeavesNothing() {
    ShardStore shards = new ShardStore(database);
    ShardKey key = new ShardKey(ShardKey.STORE, UUID.randomUUID(), 0, 0);
    get(shards.seed(CALLER, key, 1, 0));
    Promise<Void> written = Promise.promise();
    Promise<Void> hold = Promise.promise();
    Future<Void> batch = shards.inShard(CALLER, key, tx -> tx.lockObservations(List.of("killed"))
        .compose(none -> tx.writeObservations(
            List.of(new ShardStore.DeviceWrite("killed", "{\"resourceType\":\"Observation\"}".getBytes(), null))))
        .compose(done -> {
          written.complete();
          return hold.future();
        })
        .compose(go -> tx.advance(tx.progress().after(1, Map.of()))));
    get(written.future());
    Room.until("it waits", () -> direct.count(IN_TRANSACTION) == 1);

    direct.sql(
        "select pg_terminate_backend(pid) " + IN_TRANSACTION);
    hold.complete();

    fails(Failure.Busy.class, 503, batch);
    assertEquals(0, direct.count("from r_observation where id = 'killed'"));
    assertEquals(0, get(shards.progress(CALLER, key)).applied());
  }

  @Test
  void whileTheDatabaseIsAwayEverybodyHearsBusySoonAndAfterwardsAllIsWell() {
    get(create());
    cut();

    long least = Long.MAX_VALUE;
    for (int tries = 0; tries < 3 && least >= Database.PATIENCE_SECONDS; tries++) { // a machine may stall, not each time
      long began = System.nanoTime();
      List<Future<Stored>> asking = new ArrayList<>();
      for (int i = 0; i < 20; i++) asking.add(create());
      get(Future.join(asking).otherwiseEmpty());
      assertTrue(asking.stream().allMatch(asked -> asked.cause() instanceof Failure.Busy));
      least = Math.min(least, Duration.ofNanos(System.nanoTime() - began).toSeconds());
    }

    assertTrue(least < Database.PATIENCE_SECONDS, "soon: " + least);
    assertEquals(false, get(database.answers()));
    down = false;
    Room.until("the pool has recovered", () -> get(create().map(made -> true).otherwise(false)));
    assertTrue(get(database.answers()));
  }

  @Test
  @Tag("full")
  void aDatabaseThatTakesConnectionsButNeverAnswersIsBusyToo() {
    List<NetSocket> swallowed = new ArrayList<>();
    NetServer silent = direct.vertx().createNetServer().connectHandler(swallowed::add);
    int port = get(silent.listen(0, "127.0.0.1")).actualPort();

    fails(Failure.Busy.class, 503,
        Database.open(direct.vertx(), new DatabaseConfig("127.0.0.1", port, "x", "x", "x", 2)));
    get(silent.close());
  }

  @Test
  @Tag("full")
  void aPoolWhoseConnectionsAreAllTakenAnswersBusy() {
    List<io.vertx.sqlclient.SqlConnection> taken = new ArrayList<>();
    for (int i = 0; i < 3; i++) taken.add(get(database.pool().getConnection()));

    fails(Failure.Busy.class, 503, create());

    taken.forEach(connection -> get(connection.close()));
    get(create());
  }

  @Test
  void aConnectionKilledInTheMiddleOfAStatementIsBusy() {
    Future<?> asleep = database.ask("select pg_sleep(30)", io.vertx.sqlclient.Tuple.tuple()).recover(Failures::recover);
    Room.until("it runs", () -> direct.count(SLEEPING) == 1);

    direct.sql("select pg_terminate_backend(pid) " + SLEEPING);

    fails(Failure.Busy.class, 503, asleep);
  }

  @Test
  void statesOfTheDatabaseBecomeFailuresThatSayWhatToDo() {
    Map<String, Class<? extends Failure>> expected = Map.of("23505", Failure.Conflict.class, "40001",
        Failure.Conflict.class, "40P01", Failure.Conflict.class,
        "22021", Failure.Invalid.class, "57014", Failure.Busy.class, "57P01", Failure.Busy.class, "53100",
        Failure.Busy.class, "08006", Failure.Busy.class,
        "25006", Failure.Busy.class, "55P03", Failure.Busy.class);
    expected.forEach((state, type) -> {
      Throwable cause = Failures.of(new PgException("value of patient Ada", "ERROR", state, "Ada"));
      assertInstanceOf(type, cause, state);
      assertTrue(!cause.getMessage().contains("Ada"), state);
    });
  }

  @Test
  void aDeadlockIsAConflictForOneAndSuccessForTheOther() {
    for (String id : List.of("dead-a", "dead-b"))
      get(store.createIfAbsent(CALLER, "Device", id, json("{'resourceType':'Device'}")));
    Promise<Void> both = Promise.promise();
    List<Integer> holding = java.util.Collections.synchronizedList(new ArrayList<>());
    List<Future<Void>> circle = List.of(lockBoth("dead-a", "dead-b", holding, both),
        lockBoth("dead-b", "dead-a", holding, both));

    List<Throwable> failed = get(Future.join(circle)
        .transform(done -> Future.succeededFuture(circle.stream().filter(Future::failed).map(Future::cause).toList())));

    assertEquals(1, failed.size());
    assertInstanceOf(Failure.Conflict.class, failed.get(0));
  }

  private Future<Void> lockBoth(String first, String second, List<Integer> holding, Promise<Void> both) {
    String lock = "select 1 from r_device where id = '%s' for update";
    return database.pool().withTransaction(tx -> tx.query(lock.formatted(first)).execute().compose(locked -> {
      holding.add(1);
      if (holding.size() == 2) both.complete();
      return both.future();
    }).compose(go -> tx.query(lock.formatted(second)).execute()).<Void>mapEmpty()).recover(Failures::recover);
  }
}
