package io.caregrid.device;

import static io.caregrid.device.Readings.event;
import static io.caregrid.device.Readings.heartRate;
import static io.caregrid.device.Readings.source;
import static io.caregrid.device.StoreBench.SHARD;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.DeadLetter;
import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.capture.CaptureState;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingMark;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The heart, against a real PostgreSQL: whatever is tried, the store is the fold of the log. */
@ExtendWith(Engines.class)
class BatchWriterIT {
  private StoreBench bench;

  @BeforeEach
  void open(LocalPostgres postgres) {
    bench = new StoreBench(postgres);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void twoWritersOfOneBatchApplyItOnce() {
    List<Batch.Event> events = events(500);
    Batch batch = new Batch(0, 500, events);

    Future.all(bench.writer().write(SHARD, batch), bench.writer().write(SHARD, batch)).await();

    assertStored(events);
    assertEquals(500, bench.progress().applied());
    assertEquals(500, bench.meters.get(ShardMetrics.EVENTS).counter().count());
  }

  @Test
  void aZombieBatchThatOverlapsIsCutToItsNewPart() {
    List<Batch.Event> events = events(60);

    get(bench.writer().write(SHARD, new Batch(0, 40, events.subList(0, 40))));
    get(bench.writer().write(SHARD, new Batch(20, 60, events.subList(20, 60))));

    assertStored(events);
    assertEquals(60, bench.progress().applied());
  }

  @Test
  void aConnectionKilledInTheTransactionLosesAndDoublesNothing() throws Exception {
    List<Batch.Event> events = events(120);
    BatchWriter writer = bench.writer();
    get(writer.write(SHARD, new Batch(0, 60, events.subList(0, 60))));

    Future<?> killed;
    try (Connection other = bench.connect()) {
      other.setAutoCommit(false);
      other.createStatement().executeQuery("select id from r_observation for update");
      killed = writer.write(SHARD, new Batch(60, 120, events.subList(60, 120)));
      Await.until("the batch waits for a row", () -> kill() > 0);
    }
    assertThrows(RuntimeException.class, () -> get(killed));
    assertEquals(60, bench.count("select applied from shard_progress where shard = " + SHARD.shard()));
    Await.until("written on another connection", () -> writer.write(SHARD, new Batch(60, 120, events.subList(60, 120)))
        .map(true)
        .otherwise(false)
        .await());

    assertStored(events);
  }

  @Test
  void restartAfterCommitAppliesNothingTwice() {
    List<Batch.Event> events = events(50);
    get(bench.writer().write(SHARD, new Batch(0, 50, events)));
    String id = StoreBench.reference(events).keySet().iterator().next();
    int version = bench.version(id);

    get(bench.writer().write(SHARD, new Batch(0, 50, events)));

    assertEquals(version, bench.version(id));
    assertStored(events);
  }

  @Test
  void aBatchThatWouldLeaveAGapIsRefused() {
    assertThrows(Target.Gap.class, () -> get(bench.writer().write(SHARD, new Batch(1, 2, List.of(event(1, "a"))))));
    assertThrows(Target.Gap.class, () -> get(bench.writer().write(SHARD, new Batch(7, 7, List.of()))));

    assertEquals(0, bench.progress().applied());
  }

  @Test
  void aRepeatingNormaliserIsSeenByItsSources() {
    List<Batch.Event> once = events(30);
    List<Batch.Event> log = new ArrayList<>(once.subList(0, 20));
    for (int i = 10; i < 30; i++) log.add(at(20 + i - 10, once.get(i)));

    get(bench.writer().write(SHARD, new Batch(0, 25, log.subList(0, 25))));
    get(bench.writer().write(SHARD, new Batch(25, 40, log.subList(25, 40))));

    assertStored(once);
    assertEquals(10, bench.meters.get(ShardMetrics.REPEATED).counter().count());
  }

  @Test
  void whatACaptureRuleKnowsIsInEffectAsFarAsTheReadingsAre() throws Exception {
    FhirMapping rule = FhirMapping.parse(Shipped.text("/observation/vitals.json")
        .replaceFirst("\"typeName\": \"heartrate\",",
            "\"typeName\": \"heartrate\", \"capture\": {\"every\": 7000, \"keep\": \"mean\"},"));
    List<Batch.Event> events = events(120);
    BatchWriter first = bench.writer(rule);
    get(first.write(SHARD, new Batch(0, 50, events.subList(0, 50))));
    Future<?> killed;
    try (Connection other = bench.connect()) {
      other.setAutoCommit(false);
      other.createStatement().executeQuery("select id from r_observation for update");
      killed = first.write(SHARD, new Batch(50, 120, events.subList(50, 120)));
      Await.until("the batch waits for a row", () -> kill() > 0);
    }
    assertThrows(RuntimeException.class, () -> get(killed));

    BatchWriter second = bench.writer(rule);
    Await.until("written by another node, in other stretches, begun before what is in effect",
        () -> second.write(SHARD, new Batch(31, 64, events.subList(31, 64))).map(true).otherwise(false).await());
    for (int from = 64; from < 120; from += 8)
      get(second.write(SHARD, new Batch(from, Math.min(from + 8, 120), events.subList(from, Math.min(from + 8, 120)))));

    Map<String, String> expected = StoreBench.reference(thinned(rule, events));
    assertEquals(expected, bench.observations(expected.keySet()));
    assertNotEquals(StoreBench.reference(events), expected);
    assertEquals(2, bench.count("select count(*) from capture_state"));
  }

  @Test
  void aReadingThatCannotBeUsedMovesNoCaptureRuleAndIsSetAsideAsItCame() {
    FhirMapping rule = FhirMapping.parse(
        """
        {"templateType": "CollectionFhir", "template": [{"templateType": "CodeValueFhir", "template": {"typeName": "heartrate", "codes": [],
          "capture": {"value": "hr", "every": 3600000, "keep": "last"}, "components": [
            {"codes": [], "value": {"valueType": "Quantity", "valueName": "hr"}}, {"codes": [], "value": {"valueType": "Integer", "valueName": "beats"}}]}}]}""");
    List<Measurement> readings = new ArrayList<>();
    for (String beats : List.of("many", "7", "none"))
      readings.add(kind(heartRate("a", readings.size(), "7" + readings.size()), "heartrate",
          new Measurement.Property("hr", "7" + readings.size()), new Measurement.Property("beats", beats)));

    get(bench.writer(rule).write(SHARD, new Batch(0, 3, log(readings))));

    assertEquals(1, bench.count("select count(*) from r_observation"));
    assertEquals(
        Set.of(Buffer.buffer(MeasurementJson.write(readings.get(0))),
            Buffer.buffer(MeasurementJson.write(readings.get(2)))),
        bench.letters().stream().map(DeadLetter::payload).collect(Collectors.toSet()));
  }

  /** One by one, in log order, from the first. */
  private static List<Batch.Event> thinned(FhirMapping rule, List<Batch.Event> events) {
    Map<String, CaptureState> states = new HashMap<>();
    List<Batch.Event> thinned = new ArrayList<>();
    for (Batch.Event event : events) {
      Capture.Step step = rule.capture("heartrate")
          .next(states.get(event.measurement().device()), event.measurement());
      states.put(event.measurement().device(), step.state());
      if (step.kept() != null)
        thinned.add(
            new Batch.Event(event.position(), event.source(), step.kept(), null, event.bytes(), event.mapping()));
    }
    return thinned;
  }

  @Test
  void readingsOfTwoMappingsInOneObservationAreFoldedInLogOrderAndOfNoneAreSetAside() {
    List<Batch.Event> events = events(60);
    List<Batch.Event> log = new ArrayList<>();
    for (Batch.Event event : events)
      log.add(new Batch.Event(event.position(), event.source(), event.measurement(), null, event.bytes(),
          new MappingMark(event.position() % 4 < 2 ? "a" : "b", 1)));
    Batch.Event stray = event(60, "a");
    log.add(new Batch.Event(60, stray.source(), stray.measurement(), null, 1, new MappingMark("gone", 1)));
    FhirMapping one = latestIn("/min");
    FhirMapping other = latestIn("bpm");
    Map<MappingMark, FhirMapping> two = Map.of(new MappingMark("a", 1), one, new MappingMark("b", 1), other);
    BatchWriter writer = new BatchWriter(bench.vertx, bench.shards, StoreBench.OWNERS,
        marks -> Future.succeededFuture(two), 2, new ShardMetrics(bench.meters));

    get(writer.write(SHARD, new Batch(0, 61, log)));

    Map<String, String> expected = StoreBench.reference(log.subList(0, 60), event -> two.get(event.mapping()));
    assertEquals(expected, bench.observations(expected.keySet()));
    assertNotEquals(StoreBench.reference(events, event -> one), expected, "were all folded by the one");
    assertNotEquals(StoreBench.reference(events, event -> other), expected, "or by the other");
    List<Batch.Event> sorted = new ArrayList<>(log.subList(0, 60));
    sorted.sort(Comparator.comparing(event -> event.mapping().name()));
    assertNotEquals(StoreBench.reference(sorted, event -> two.get(event.mapping())), expected, "or in another order");
    assertEquals(List.of("unknown-mapping"), bench.letters().stream().map(DeadLetter::reason).toList());
  }

  /** The last reading of each minute, so that who folded last, and what, can be seen. */
  private static FhirMapping latestIn(String unit) {
    return FhirMapping.parse("""
        {"templateType": "CollectionFhir", "template": [{"templateType": "CodeValueFhir", "template": {
          "typeName": "heartrate", "periodInterval": 60, "codes": [{"system": "http://loinc.org", "code": "8867-4"}],
          "value": {"valueType": "Quantity", "valueName": "hr", "unit": "%s"}}}]}""".formatted(unit));
  }

  @Test
  void whatIsSentAgainAndFailsAgainHasALetterEachTimeAlthoughItsDeviceSendsMuch() {
    List<Batch.Event> log = new ArrayList<>();
    for (int n = 0; n < 5; n++) log.add(event(n, "unknown"));
    for (int n = 5; n < 8; n++) {
      Batch.Event one = event(n, "unknown");
      log.add(new Batch.Event(n, one.source(), one.measurement(), null, one.bytes(), one.mapping(), true));
    }

    get(bench.writer().write(SHARD, new Batch(0, 8, log)));

    assertEquals(List.of(0L, 5L, 6L, 7L),
        bench.letters().stream().map(letter -> letter.source().offset()).sorted().toList());
  }

  @Test
  void aLogThatWasWrittenOverIsRefused() {
    get(bench.writer().write(SHARD, new Batch(0, 10, events(10))));
    Batch.Event other = new Batch.Event(8, source(0, 99), heartRate("a", 8, "99"), null, 100);

    assertThrows(Target.Rewritten.class, () -> get(bench.writer().write(SHARD, new Batch(8, 12, List.of(other)))));
  }

  @Test
  void oneUnusableEventAmongManyIsSetAsideAndTheRestApplied() {
    List<Batch.Event> events = new ArrayList<>(events(500));
    Measurement bad = heartRate("a", 250, "high");
    events.set(250, new Batch.Event(250, source(0, 250), bad, null, 100));
    events.set(251,
        new Batch.Event(251, source(0, 251),
            new Measurement("smell", bad.occurredAt(), bad.ingestedAt(), "a", null, null, null, List.of()),
            null, 100));

    get(bench.writer().write(SHARD, new Batch(0, 500, events)));

    assertStored(events);
    List<DeadLetter> letters = bench.letters();
    assertEquals(List.of("no-fhir-template", "not-a-number"),
        letters.stream().map(DeadLetter::reason).sorted().toList());
    assertTrue(letters.stream().allMatch(letter -> letter.payload().toString().contains("\"DeviceId\":\"a\"")));
    assertEquals(500, bench.progress().applied());
  }

  @Test
  void anEventTheDatabaseRefusesIsADataErrorAndCanBeBuried() {
    FhirMapping correlated = FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"heartrate","codes":[],
        "periodInterval":-1,"value":{"valueType":"SampledData","valueName":"hr","defaultPeriod":1000}}}]}""");
    BatchWriter writer = bench.writer(correlated);
    Measurement m = heartRate("a", 0, "70");
    Measurement odd = new Measurement(m.type(), m.occurredAt(), m.ingestedAt(), "a", null, null, "run\u0000one",
        m.properties());
    Batch poison = new Batch(0, 1, List.of(new Batch.Event(0, source(0, 0), odd, null, 100)));

    RuntimeException refused = assertThrows(RuntimeException.class, () -> get(writer.write(SHARD, poison)));
    assertTrue(writer.isDataError(refused), refused.toString());
    get(writer.bury(SHARD, poison, refused));

    assertEquals(1, bench.progress().applied());
    assertEquals(List.of("cannot-be-stored"), bench.letters().stream().map(DeadLetter::reason).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"substring(body for 40)", "'\\x007b226d657461223a7b7d2c787d'::bytea"})
  void readingsOfAnObservationThatCannotBeReadAreSetAsideAndTheOthersApplied(String damaged) throws Exception {
    List<Batch.Event> events = events(60);
    BatchWriter writer = bench.writer();
    get(writer.write(SHARD, new Batch(0, 30, events.subList(0, 30))));
    Map<String, String> before = StoreBench.reference(events.subList(0, 30));
    List<String> ids = List.copyOf(before.keySet());
    assertEquals(2, ids.size());
    try (Connection other = bench.connect()) {
      other.createStatement()
          .executeUpdate("update r_observation set body = " + damaged + " where id = '" + ids.get(0) + "'");
    }

    get(writer.write(SHARD, new Batch(30, 60, events.subList(30, 60))));

    assertEquals(60, bench.progress().applied());
    List<String> one = List.of(ids.get(1));
    assertEquals(StoreBench.reference(events).get(ids.get(1)), bench.observations(one).get(ids.get(1)));
    long theirs = events.subList(30, 60).stream().filter(event -> isOf(event, ids.get(0))).count();
    assertEquals(Collections.nCopies((int) theirs, "unreadable-observation"),
        bench.letters().stream().map(DeadLetter::reason).toList());
    assertEquals(60 - theirs, bench.meters.get(ShardMetrics.EVENTS).counter().count());
  }

  private static boolean isOf(Batch.Event event, String id) {
    return StoreBench.reference(List.of(event)).containsKey(id);
  }

  @Test
  void anOutageIsNoDataError() {
    BatchWriter writer = bench.writer();
    get(bench.database.close());

    RuntimeException away = assertThrows(RuntimeException.class,
        () -> get(writer.write(SHARD, new Batch(0, 1, List.of(event(0, "a"))))));

    assertTrue(!writer.isDataError(away), away.toString());
    assertTrue(!writer.isRefusal(away), away.toString());
    assertTrue(writer.isRefusal(new Failure.TooCostly("a search that is refused every time")));
  }

  @Test
  void ofAnUnknownDeviceOneLetterAMinuteIsKept() {
    List<Batch.Event> events = IntStream.range(0, 150).mapToObj(i -> event(i, "unknown-1")).toList();
    BatchWriter writer = bench.writer();

    for (int from = 0; from < 150; from += 50)
      get(writer.write(SHARD, new Batch(from, from + 50, events.subList(from, from + 50))));

    assertEquals(3, bench.letters().size());
    assertEquals(147, bench.meters.get(ShardMetrics.DEADLETTER_LIMITED).counter().count());
    assertEquals(150, bench.progress().applied());
  }

  @Test
  @Tag("full")
  void howTheLogIsCutMakesNoDifference(LocalPostgres postgres) {
    long seed = Long.getLong("caregrid.test.seed", 7);
    List<Batch.Event> events = mixed(500, new Random(seed));
    Map<String, String> expected = StoreBench.reference(events);
    for (int size : new int[] {1, 7, 500}) {
      try (StoreBench own = new StoreBench(postgres)) {
        BatchWriter writer = own.writer();
        for (int from = 0; from < events.size(); from += size) {
          int to = Math.min(events.size(), from + size);
          get(writer.write(SHARD, new Batch(from, to, events.subList(from, to))));
        }

        assertEquals(expected, own.observations(expected.keySet()),
            "batches of " + size + ", caregrid.test.seed " + seed);
        assertEquals(expected.size(), own.count("select count(*) from r_observation"));
      }
    }
  }

  @Test
  void theOrderOfSamplesInTheLogMakesNoDifference(LocalPostgres postgres) {
    for (long seed = 1; seed <= 3; seed++) {
      List<Measurement> readings = new ArrayList<>();
      for (int second = 0; second < 200; second++)
        readings.add(sameIngestion(heartRate("a", second * 40, String.valueOf(50 + second))));
      Map<String, String> expected = StoreBench.reference(log(readings));
      Collections.shuffle(readings, new Random(seed));
      List<Batch.Event> events = log(readings);
      try (StoreBench own = new StoreBench(postgres)) {
        get(own.writer().write(SHARD, new Batch(0, 120, events.subList(0, 120))));
        get(own.writer().write(SHARD, new Batch(120, 200, events.subList(120, 200))));

        assertEquals(expected, own.observations(expected.keySet()), "seed " + seed);
      }
    }
  }

  @Test
  void manyObservationsGoInOneTransactionChunkByChunk() {
    List<Batch.Event> events = IntStream.range(0, 1200).mapToObj(i -> event(i, "device-" + i % 600)).toList();

    get(bench.writer().write(SHARD, new Batch(0, 1200, events)));

    assertStored(events);
    assertEquals(600, bench.count("select count(*) from r_observation"));
    assertEquals(600, bench.meters.get(ShardMetrics.OBSERVATIONS).counter().count());
  }

  // ----

  private long kill() {
    return bench.count(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where wait_event_type = 'Lock' and datname = '"
            + bench.config.database() + "'");
  }

  private void assertStored(List<Batch.Event> events) {
    Map<String, String> expected = StoreBench.reference(events);
    assertEquals(expected, bench.observations(expected.keySet()));
  }

  private static List<Batch.Event> events(int count) {
    return IntStream.range(0, count).mapToObj(i -> event(i, i % 3 == 0 ? "b" : "a")).toList();
  }

  private static Batch.Event at(long position, Batch.Event event) {
    return new Batch.Event(position, event.source(), event.measurement(), null, event.bytes());
  }

  private static List<Batch.Event> log(List<Measurement> readings) {
    return IntStream.range(0, readings.size())
        .mapToObj(i -> new Batch.Event(i, source(0, i), readings.get(i), null, 100))
        .toList();
  }

  private static Measurement sameIngestion(Measurement m) {
    return new Measurement(m.type(), m.occurredAt(), Readings.NOON, m.device(), m.patient(), null, null,
        m.properties());
  }

  /** Several devices and kinds, late and repeated times, some values that are none. */
  private static List<Batch.Event> mixed(int count, Random random) {
    List<Measurement> readings = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Measurement hr = heartRate("device-" + random.nextInt(4), i * 20 - random.nextInt(3000),
          random.nextInt(50) == 0 ? "?" : String.valueOf(random.nextInt(200)));
      readings.add(switch (random.nextInt(3)) {
        case 0 -> hr;
        case 1 -> kind(hr, "temperature", new Measurement.Property("temp", "36." + random.nextInt(10)));
        default -> kind(hr, "bloodpressure", new Measurement.Property("sys", String.valueOf(100 + random.nextInt(60))),
            new Measurement.Property("dia", String.valueOf(60 + random.nextInt(30))));
      });
    }
    return log(readings);
  }

  private static Measurement kind(Measurement m, String type, Measurement.Property... properties) {
    return new Measurement(type, m.occurredAt(), m.ingestedAt(), m.device(), m.patient(), null, null,
        List.of(properties));
  }
}
