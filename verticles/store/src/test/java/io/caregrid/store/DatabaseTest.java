package io.caregrid.store;

import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(Room.Key.class)
class DatabaseTest {
  private final Vertx vertx = Vertx.vertx();
  private DatabaseConfig config;

  @BeforeEach
  void emptyDatabase(Postgres postgres) {
    config = postgres.createDatabase();
  }

  @AfterEach
  void close() {
    get(vertx.close());
  }

  private Future<Database> open(Migrations migrations) {
    return Database.open(vertx, config, migrations);
  }

  private void refuses(String why) {
    String message = fails(ConfigException.class, Database.open(vertx, config)).getMessage();
    assertTrue(message.contains(why), message);
  }

  @Test
  void fourNodesMayStartAtOnce() {
    List<Future<Database>> opening = Stream.generate(() -> Database.open(vertx, config)).limit(4).toList();
    get(Future.all(opening));

    Database one = opening.get(0).result();
    long steps = get(one.pool().query("select count(*) from schema_version").execute()).iterator().next().getLong(0);
    assertEquals(Migrations.shipped().steps().size(), steps);
    assertTrue(get(one.answers()));
  }

  /** As shipped, PostgreSQL compiles what looks dear, and so does any statement that has to read a table whole where it should not: for milliseconds, each time. */
  @Test
  void whereTheServerCompilesStatementsOursAreNot() {
    Room.sql(config, "alter database " + config.database() + " set jit = on");
    Database database = get(Database.open(vertx, config));

    assertEquals("off", get(database.ask("show jit", Tuple.tuple())).iterator().next().getString(0));
    assertEquals("off", get(database.askAdding("show jit", Tuple.tuple())).iterator().next().getString(0));
    assertEquals("off", get(database.search("show jit", Tuple.tuple())).iterator().next().getString(0));
  }

  @Test
  void aSecondStartGivesTheDatabaseNothingToRemark() {
    PgConnection connection = get(PgConnection.connect(vertx, new PgConnectOptions().setHost(config.host())
        .setPort(config.port())
        .setDatabase(config.database())
        .setUser(config.user())
        .setPassword(config.password())));
    List<String> notices = new CopyOnWriteArrayList<>();
    connection.noticeHandler(notice -> notices.add(notice.getMessage()));

    get(Migrations.shipped().run(connection));
    get(Migrations.shipped().run(connection));

    assertEquals(List.of(), notices);
    get(connection.close());
  }

  @Test
  void onlyTheStepsThatAreMissingAreApplied() {
    Migrations.Step first = new Migrations.Step(1, "V001__a.sql", "create table a (x int); create table b (x int)");
    Migrations.Step second = new Migrations.Step(2, "V002__b.sql", "alter table a add column y int");

    get(open(new Migrations(List.of(first))));
    Database now = get(open(new Migrations(List.of(first, second))));

    assertEquals(2, get(now.pool().query("select * from a").execute()).columnsNames().size());
  }

  @Test
  void aStepThatMeetsALockedTableGivesWayAndIsTriedAgain() {
    Migrations.Step first = new Migrations.Step(1, "V001__a.sql", "create table a (x int)");
    Migrations.Step second = new Migrations.Step(2, "V002__b.sql",
        "create table b (x int); set local lock_timeout = '50ms'; alter table a add column y int");
    get(open(new Migrations(List.of(first))));
    PgConnection reader = get(Room.connect(vertx, config));
    get(reader.query("begin").execute());
    get(reader.query("select * from a").execute());
    Future<Database> opening = open(new Migrations(List.of(first, second)));
    vertx.setTimer(500, later -> reader.query("commit").execute());

    Database now = get(opening);
    assertEquals(2, get(now.pool().query("select * from a").execute()).columnsNames().size());
    get(reader.close());
  }

  @Test
  void aStepThatFailsLeavesNothing() {
    Migrations.Step broken = new Migrations.Step(1, "V001__a.sql", "create table a (x int); create nonsense");
    fails(RuntimeException.class, open(new Migrations(List.of(broken))));

    get(open(new Migrations(List.of(new Migrations.Step(1, "V001__a.sql", "create table a (x int)")))));
  }

  @Test
  void aDatabaseNewerThanTheProgramIsRefused() {
    List<Migrations.Step> newer = new ArrayList<>(Migrations.shipped().steps());
    newer.add(new Migrations.Step(newer.size() + 1, "V099__later.sql", "create table later (x int)"));
    get(open(new Migrations(newer)));

    refuses("opened by a newer Caregrid");
  }

  @Test
  void anEditedStepIsNoticed() {
    get(Database.open(vertx, config));
    Room.sql(config, "update schema_version set checksum = 'other' where version = 1");

    refuses("V001__schema.sql differs");
  }

  @Test
  void aServerThatAnswersBeforeACommitIsSafeIsRefused() {
    Room.sql(config, "alter database " + config.database() + " set synchronous_commit = off");
    refuses("synchronous_commit is off");

    Room.sql(config, "alter database " + config.database() + " set synchronous_commit = remote_apply");
    get(Database.open(vertx, config));
  }

  /** The embedded server gets both on its command line, where nothing can change them. */
  @ParameterizedTest
  @ValueSource(strings = {"fsync", "full_page_writes"})
  void aServerThatMayLoseWhatItCommittedIsRefused(String setting) {
    assumeTrue(Postgres.CHOICE.equals("debian"));
    Room.sql(config, "alter system set " + setting + " = off");
    Room.sql(config, "select pg_reload_conf()");
    try {
      Room.until("the setting is in force", () -> get(Database.open(vertx, config)
          .<Boolean>transform(
              opened -> Future.succeededFuture(opened.failed()))));
      refuses(setting + " is off");
    } finally {
      Room.sql(config, "alter system reset " + setting);
      Room.sql(config, "select pg_reload_conf()");
    }
    Room.until("it is on again", () -> get(Database.open(vertx, config)
        .<Boolean>transform(
            opened -> Future.succeededFuture(opened.succeeded()))));
  }

  @Test
  void debiansServerIsTheOldestWeTake() {
    assumeTrue(Postgres.CHOICE.equals("debian"));
    Database database = get(Database.open(vertx, config));

    assertTrue(
        get(database.ask("show server_version", Tuple.tuple())).iterator().next().getString(0).startsWith("15."));
    assertEquals("scram-sha-256",
        get(database.ask("show password_encryption", Tuple.tuple())).iterator().next().getString(0));
  }

  @Test
  void aWrongPasswordIsSaidSo() {
    DatabaseConfig wrong = new DatabaseConfig(config.host(), config.port(), config.database(), config.user(), "wrong",
        2);

    ConfigException refused = fails(ConfigException.class, Database.open(vertx, wrong));

    assertTrue(refused.getMessage().contains("database.user"), refused.getMessage());
  }

  @Test
  void nobodyListeningIsBusyAtOnce() {
    DatabaseConfig nobody = new DatabaseConfig("127.0.0.1", 1, config.database(), config.user(), config.password(), 2);

    String said = fails(Failure.Busy.class, Database.open(vertx, nobody)).getMessage();

    assertTrue(said.startsWith("no database answers at 127.0.0.1:1 ("), said);
    assertTrue(said.contains("database.host"), said);
  }
}
