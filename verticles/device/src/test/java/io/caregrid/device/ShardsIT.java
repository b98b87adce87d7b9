package io.caregrid.device;

import static io.caregrid.device.Readings.heartRate;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.cluster.Shards;
import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Pump, shards and writer between a real broker and a real database. */
@ExtendWith(Engines.class)
@Tag("full")
class ShardsIT {
  private static final Set<Integer> ALL = Set.of(0, 1, 2, 3);
  private static final ShardConfig CONFIG = new ShardConfig(1000, 1 << 20, Duration.ofSeconds(2), 1000, 0.5,
      Duration.ofMinutes(1),
      Duration.ofSeconds(1), Duration.ofSeconds(60));

  private StoreBench bench;
  private Log log;
  private ShardPump pump;
  private SimpleMeterRegistry meters;

  @BeforeEach
  void open(LocalKafka kafka, LocalPostgres postgres) {
    bench = new StoreBench(postgres);
    log = new Log(kafka);
    for (Class<? extends Record> type : List.of(Live.Watch.class, Live.Vitals.class, Live.Latest.class))
      travel(bench.vertx, type);
  }

  @AfterEach
  void close() {
    stop();
    log.close();
    bench.close();
  }

  @Test
  void whatIsInTheLogIsInTheStoreOnceAlsoAfterRestarts() {
    List<Measurement> first = readings(0, 300);
    List<Measurement> second = readings(300, 600);
    log.send(first);
    start(CONFIG);
    awaitEvents(300);
    stop();
    log.send(second);

    start(CONFIG);
    awaitEvents(300);

    List<Measurement> all = new ArrayList<>(first);
    all.addAll(second);
    assertStored(all);
  }

  @Test
  void watchersSeeAReadingAtOnceAndQuestionsAreAnswered() throws Exception {
    start(CONFIG);
    BlockingQueue<Live.Vitals> seen = new LinkedBlockingQueue<>();
    bench.vertx.eventBus().<Live.Vitals>consumer("watcher", vitals -> seen.add(vitals.body()));
    Await.until("open", () -> meters.get(ShardMetrics.OWNED).gauge().value() == 4);
    log.send(List.of(heartRate("device-1", 0, "61")));
    awaitEvents(1);

    bench.vertx.eventBus().publish(Addresses.LIVE_WATCH, new Live.Watch("watcher", "device-1"));
    Live.Vitals snapshot = seen.poll(120, TimeUnit.SECONDS);
    assertEquals("61", snapshot.readings().get("heartrate/hr").value());
    assertEquals("p-device-1", snapshot.patient());
    long sent = System.nanoTime();
    log.send(List.of(heartRate("device-2", 1, "99"), heartRate("device-1", 1, "62")));
    Live.Vitals next = seen.poll(120, TimeUnit.SECONDS);
    System.out.println(
        "from the producer to the live feed: " + Duration.ofNanos(System.nanoTime() - sent).toMillis() + " ms");

    assertEquals("62", next.readings().get("heartrate/hr").value());
    int shard = Shards.of("device-1", Log.SHARDS);
    Live.Vitals answer = get(
        bench.vertx.eventBus().<Live.Vitals>request(Addresses.shard(shard), new Live.Latest("device-1"))).body();
    assertEquals("62", answer.readings().get("heartrate/hr").value());
  }

  @Test
  void aShardWhoseLogRetentionAteStopsAndTheOthersGoOn() {
    List<Measurement> readings = readings(0, 200);
    log.send(readings);
    int lost = Shards.of("device-0", Log.SHARDS);
    log.forget(lost, 5);

    start(CONFIG);

    Await.until("stopped", () -> stopped(Stop.LOG_BEGINS_AFTER_APPLIED) == 1);
    List<Measurement> others = readings.stream()
        .filter(reading -> Shards.of(reading.device(), Log.SHARDS) != lost)
        .toList();
    awaitEvents(others.size());
    assertStored(others);
  }

  @Test
  void aDatabaseRestoredWhileTheShardsAreIdleIsFilledAgain() throws SQLException {
    List<Measurement> readings = readings(0, 200);
    log.send(readings);
    start(CONFIG);
    awaitEvents(200);

    try (Connection restore = bench.connect(); Statement sql = restore.createStatement()) {
      sql.execute(
          "begin; truncate r_observation, h_observation; update shard_progress set applied = 0, sources = '{}'; commit");
    }

    awaitEvents(400);
    assertStored(readings);
  }

  @Test
  void anEventTheStoreRefusesIsFoundAmongManyAndSetAside() {
    List<Measurement> readings = new ArrayList<>();
    for (int i = 0; i < 300; i++)
      readings.add(correlated(heartRate("device-1", i, "70"), i == 200 ? "run\u0000" : "run"));
    log.send(readings);

    start(CONFIG, FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"heartrate","codes":[],
        "periodInterval":-1,"value":{"valueType":"SampledData","valueName":"hr","defaultPeriod":1000}}}]}"""));

    awaitEvents(299);
    Await.until("set aside", () -> bench.letters().size() == 1);
    assertEquals("cannot-be-stored", bench.letters().get(0).reason());
  }

  @Test
  void aRecreatedTopicStartsANewHistory() {
    log.send(readings(0, 100));
    start(CONFIG);
    awaitEvents(100);
    stop();
    var before = log.topics.measurements().id();

    log.recreate();
    log.send(readings(100, 120));
    start(CONFIG);

    awaitEvents(20);
    assertNotEquals(before, log.topics.measurements().id());
    assertEquals(12 + 2 * Log.SHARDS, bench.count("select count(*) from shard_progress"));
  }

  @Test
  void aDatabaseThatIsAwayLosesNothing(LocalKafka kafka, @TempDir(factory = Memory.class) Path folder) {
    ShardConfig small = new ShardConfig(100, 1 << 20, Duration.ofSeconds(1), 200, 0.5, Duration.ofMinutes(1),
        Duration.ofSeconds(1),
        Duration.ofSeconds(60));
    OwnPort port = OwnPort.take();
    LocalPostgres postgres = LocalPostgres.start(folder, port.number());
    StoreBench shared = bench;
    try (StoreBench own = new StoreBench(postgres)) {
      bench = own;
      start(small);
      log.send(readings(0, 100));
      awaitEvents(100);

      postgres.close();
      log.send(readings(100, 3100));
      Await.until("noticed", () -> meters.get(ShardMetrics.CRASHES).counter().count() > 0);
      postgres = LocalPostgres.start(folder, port.number());

      Await.until("all in", () -> events() == 3100);
      assertStored(readings(0, 3100));
      stop();
    } finally {
      bench = shared;
      postgres.close();
      port.close();
    }
  }

  // ----

  private static Measurement correlated(Measurement m, String correlation) {
    return new Measurement(m.type(), m.occurredAt(), m.ingestedAt(), m.device(), null, null, correlation,
        m.properties());
  }

  private void start(ShardConfig config) {
    start(config, StoreBench.VITALS);
  }

  private void start(ShardConfig config, FhirMapping mapping) {
    meters = new SimpleMeterRegistry();
    ShardMetrics metrics = new ShardMetrics(meters);
    BatchWriter writer = new BatchWriter(bench.vertx, bench.shards, StoreBench.OWNERS, FhirMappings.one(() -> mapping),
        2,
        metrics);
    pump = new ShardPump(bench.vertx, new ChosenShards(Log.SHARDS, ALL), writer, log.topics.measurements().id(),
        log.kafka, config, metrics,
        () -> ShardPump.consumer(log.kafka));
    pump.firstPause = Duration.ofMillis(50);
    get(pump.start());
  }

  private void stop() {
    if (pump != null) get(pump.stop());
    pump = null;
  }

  private double events() {
    return meters.get(ShardMetrics.EVENTS).counter().count();
  }

  private double stopped(Stop reason) {
    return meters.get(ShardMetrics.STOPPED).tag("reason", reason.tag()).gauge().value();
  }

  private void awaitEvents(int count) {
    Await.until(count + " events", () -> events() >= count);
    assertEquals(count, events());
  }

  private void assertStored(List<Measurement> readings) {
    List<Batch.Event> events = IntStream.range(0, readings.size())
        .mapToObj(i -> new Batch.Event(i, Readings.source(0, i), readings.get(i), null, 1))
        .toList();
    Map<String, String> expected = StoreBench.reference(events);
    assertEquals(expected, bench.observations(expected.keySet()));
  }

  private static List<Measurement> readings(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> heartRate("device-" + i % 7, i, String.valueOf(50 + i % 100)))
        .toList();
  }

  private static <R extends Record> void travel(Vertx vertx, Class<R> type) {
    vertx.eventBus().registerDefaultCodec(type, new RecordCodec<>(type));
  }
}
