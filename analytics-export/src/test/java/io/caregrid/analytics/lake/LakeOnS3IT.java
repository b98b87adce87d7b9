package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.store.Between;
import io.caregrid.analytics.lake.store.LocalS3;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.analytics.sql.SqlDoor;
import io.caregrid.cluster.SqlConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Sequencer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A whole lake on an object store: written, changed, merged, tidied and queried, row by row what the store has. */
@ExtendWith(Engines.class)
class LakeOnS3IT {
  private static final long ENOUGH = 100_000_000;
  private static LocalS3 s3;
  @TempDir
  private Path folder;
  private final String prefix = UUID.randomUUID().toString();
  private final Random random = new Random(4);
  private LocalPostgres postgres;
  private LakeHouse house;

  @BeforeAll
  static void start() throws Exception {
    s3 = new LocalS3();
  }

  @AfterAll
  static void stop() throws Exception {
    s3.close();
  }

  @BeforeEach
  void on(LocalPostgres postgres) {
    this.postgres = postgres;
  }

  @AfterEach
  void close() {
    house.close();
  }

  /** The writer's node. @param cache most bytes of local copies */
  private void open(int port, long cache) throws IOException {
    house = new LakeHouse(postgres, folder, s3.open(prefix, folder, port, cache));
  }

  /** Another node, with copies of its own. */
  private ObjectStore node(String name, long cache) throws IOException {
    return s3.open(prefix, folder.resolve(name), s3.port(), cache);
  }

  private Set<String> copied(String node) throws IOException {
    Path cache = folder.resolve(node).resolve("lake-cache");
    Set<String> tables = new TreeSet<>();
    try (Stream<Path> files = Files.walk(cache)) {
      files.filter(Files::isRegularFile)
          .forEach(file -> tables.add(cache.relativize(file).getParent().toString()));
    }
    return tables;
  }

  /** Some that are new, some that change, some that go. */
  private void change(int round) {
    house.patient("p", "Name" + round);
    house.patient("q" + round, "New");
    if (round > 0) house.delete("Patient", "q" + (round - 1));
    house.weight("w" + round % 2, "70." + round);
    house.device("d", "60 61 U " + (62 + round));
    house.clock.move(LakeHouse.OPEN_PERIOD);
  }

  private void merge(Follower follower, Upkeep upkeep) throws IOException {
    house.clock.move(Duration.ofMinutes(15));
    house.keep(follower, upkeep);
  }

  @Test
  @Tag("full")
  void writtenChangedMergedAndTidiedItIsWhatTheStoreHas() throws IOException {
    open(s3.port(), ENOUGH);
    StoreAndLake both = new StoreAndLake(house.database, node("reader", ENOUGH), folder);
    Follower follower = house.follower();
    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    for (int round = 0; round < 3; round++) {
      change(round);
      house.turn(follower);
      if (round == 1) merge(follower, upkeep);
    }
    both.compare();
    merge(follower, upkeep);
    both.compare();

    house.clock.move(Duration.ofHours(26));
    follower = house.follower();
    house.turn(follower);
    assertTrue(house.keep(follower, upkeep).contains("vacuum"));

    KeyedTable patients = follower.ledger().catalogue().resources().get("Patient");
    assertEquals(follower.ledger().newest(patients.state()).files().keySet(), parquet(patients.state().folder()));
    both.compare();
    change(3);
    house.turn(house.follower());
    both.compare();
  }

  private Set<String> parquet(String table) throws IOException {
    Set<String> files = new TreeSet<>();
    for (Entry each : house.objects.list(table + "/0", "", 1_000)) files.add(each.name().substring(table.length() + 1));
    return files;
  }

  @Test
  void aQueryFetchesTheFilesOfTheTablesThatItNamesAndNoOthers() throws IOException {
    open(s3.port(), ENOUGH);
    Follower follower = house.follower();
    house.turn(follower);
    change(0);
    change(1);
    house.turn(follower);
    try (ObjectStore objects = node("reader", ENOUGH); SqlDoor door = door(objects)) {
      assertEquals(200, door.send(door.request("/analytics/tables").build()).statusCode());
      assertEquals(Set.of(), copied("reader"));

      assertEquals("[[\"Name1\"]]", rows(door.ask("select name[1].family from Patient where id = 'p'")));
      assertEquals(Set.of("fhir/Patient_history"), copied("reader"));
      assertEquals("[[2]]", rows(door.ask("select count(*) from patients")));
      assertEquals(Set.of("fhir/Patient_history"), copied("reader"));

      assertEquals("[[3]]", rows(door.ask("select count(value) from vitals where device = 'd'")));
      assertEquals(Set.of("fhir/Patient_history", "_lake/log/vitals"), copied("reader"));
    }
  }

  @Test
  @Tag("full")
  void theNodesOwnVerticleKeepsItAndSqlAnswersFromIt() throws Exception {
    open(s3.port(), ENOUGH);
    Sequencer sequencer = Sequencer.start(house.database);
    house.patient("before", "One");
    String id = LakeHouse.get(AnalyticsVerticle.deploy(house.vertx, new AnalyticsVerticle(house.database,
        AnalyticsVerticleIT.QUICK, house.objects, folder.resolve("scratch"), new SimpleMeterRegistry())));
    try (ObjectStore objects = node("reader", ENOUGH); SqlDoor door = door(objects)) {
      house.patient("p", "One");
      house.device("d", "60 61");
      house.delete("Patient", "before");
      AnalyticsVerticleIT.until("it is in the lake", () -> rows(door.ask(
          "select (select string_agg(id) from Patient), (select sum(value) from vitals)")).equals("[[\"p\",121]]"));
      KeyedTable patients = Catalogue.of(house.objects).resources().get("Patient");
      AnalyticsVerticleIT.until("it is merged", () -> KeyedTable
          .merged(patients.state().versions().snapshot()) == patients.log().versions().snapshot().version());
      new StoreAndLake(house.database, objects, folder).compare();
    } finally {
      LakeHouse.get(house.vertx.undeploy(id));
      LakeHouse.get(sequencer.stop());
    }
  }

  private SqlDoor door(ObjectStore objects) {
    return new SqlDoor(new LakeTables(objects, Path.of("target", "empties")), SqlConfig.DEFAULT,
        folder.resolve("sql"));
  }

  private static String rows(HttpResponse<byte[]> answer) {
    assertEquals(200, answer.statusCode(), () -> SqlDoor.text(answer));
    return SqlDoor.json(answer).path("rows").toString();
  }

  /** A name that does not get smaller. */
  private String noise(int bytes) {
    byte[] noise = new byte[bytes];
    random.nextBytes(noise);
    return Base64.getEncoder().encodeToString(noise);
  }

  @Test
  @Tag("full")
  void aCacheSmallerThanTheLakeIsEnoughForItsWriterAndForQueriesOfSomeTables() throws IOException {
    long cache = 600_000;
    open(s3.port(), cache);
    Follower follower = house.follower();
    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    house.turn(follower);
    for (int round = 0; round < 6; round++) {
      for (String type : List.of("Patient", "Device", "Endpoint"))
        for (int i = 0; i < 10; i++)
          house.put(type, "x" + i, "{'resourceType':'" + type + "','language':'" + noise(10_000) + "'}");
      house.turn(follower);
      if (round % 2 == 1) merge(follower, upkeep);
      follower = house.follower();
      house.stamp();
      house.turn(follower);
    }
    assertTrue(bytes() > 2 * cache, "the lake is no larger than its cache: " + bytes());
    new StoreAndLake(house.database, node("enough", ENOUGH), folder).compare();
    try (ObjectStore objects = node("reader", cache); SqlDoor door = door(objects)) {
      for (String type : List.of("Patient", "Device", "Endpoint", "Patient"))
        assertEquals("[[10]]", rows(door.ask("select count(*) from " + type)));
      HttpResponse<byte[]> answer = door.ask("select count(*) from Patient_history, Device_history");
      assertEquals(422, answer.statusCode(), () -> SqlDoor.text(answer));
      assertTrue(SqlDoor.text(answer).contains("lake.s3.cacheMegabytes"), SqlDoor.text(answer));
    }
  }

  /** What waits holds back the place from which a writer who starts reads the feed again: he asks all files behind it what stands there. */
  @Test
  @Tag("full")
  void aWriterWhoStartsAndThenMergesTakesALogThatDoesNotFitPieceByPiece() throws IOException {
    long cache = 600_000;
    open(s3.port(), cache);
    Follower follower = house.follower();
    house.turn(follower);
    house.device("d", "60");
    house.turn(follower);
    house.device("d", "60 61");
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 10; i++)
        house.put("Patient", "x" + i, "{'resourceType':'Patient','language':'" + noise(10_000) + "'}");
      house.turn(follower);
    }
    assertTrue(bytes() > cache, "the log fits: " + bytes());

    follower = house.follower();
    assertEquals(new Follower.Turn(2, 1, 0), house.turn(follower));
    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    for (int piece = 0; piece < 10; piece++) merge(follower, upkeep);

    KeyedTable patients = follower.ledger().catalogue().resources().get("Patient");
    assertEquals(follower.ledger().newest(patients.log()).version(),
        KeyedTable.merged(follower.ledger().newest(patients.state())));
    new StoreAndLake(house.database, node("enough", ENOUGH), folder).compare();
  }

  private long bytes() throws IOException {
    return house.objects.list("fhir/", "", 100_000)
        .stream()
        .filter(each -> each.name().endsWith(".parquet"))
        .mapToLong(Entry::bytes)
        .sum();
  }

  /** Few that the client's own repeating hides, and so many that it gives up. */
  @Test
  @Tag("full")
  void answersThatAreLostLoseNothingAndRepeatNothing() throws IOException {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    random.setSeed(seed);
    try (Between line = new Between(s3.port())) {
      open(line.port(), ENOUGH);
      StoreAndLake both = new StoreAndLake(house.database, node("reader", ENOUGH), folder);
      Follower follower = house.follower();
      Upkeep upkeep = house.upkeep(Step.Watch.NONE);
      house.turn(follower);
      int failed = 0;
      for (int round = 0; round < 12; round++) {
        change(round);
        int lost = 1 + random.nextInt(8);
        failed += live(follower, upkeep, () -> line.loseAnswers(lost)) ? 0 : 1;
        line.loseAnswers(0);
        house.turn(follower);
        if (round % 4 == 3) both.compare();
      }
      merge(follower, upkeep);
      both.compare();
      assertTrue(failed > 0, "nothing ever failed");
    } catch (AssertionError wrong) {
      throw new AssertionError("seed " + seed, wrong);
    }
  }

  /** False: it failed on the way. */
  private boolean live(Follower follower, Upkeep upkeep, Runnable trouble) {
    try {
      if (random.nextBoolean()) trouble.run();
      house.turn(follower);
      if (random.nextBoolean()) trouble.run();
      merge(follower, upkeep);
      return true;
    } catch (IOException | UncheckedIOException failed) {
      follower.forget();
      return false;
    }
  }
}
