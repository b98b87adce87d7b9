package io.caregrid.device;

import static io.caregrid.device.Readings.NOON;
import static io.caregrid.device.Readings.source;
import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.SHARD;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.FhirConfig;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Findings;
import io.caregrid.store.Lease;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import io.caregrid.store.Stored;
import io.caregrid.templates.device.Measurement;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rules over measurements against a real PostgreSQL: whatever is tried, what the readings show is found once, and is over once. */
@ExtendWith(Engines.class)
@Tag("full")
class FindingsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Caller WRITER = Caller.system("rules");
  private StoreBench bench;

  /** All of the log is normalised, and the shards are up to there. */
  private static final LogEnds CAUGHT_UP = new LogEnds() {
    @Override
    public Future<String> refusal() {
      return Future.succeededFuture();
    }

    @Override
    public Future<Map<TopicPartition, Long>> sources() {
      return Future.succeededFuture(Map.of());
    }

    @Override
    public Future<Map<TopicPartition, Long>> normalised() {
      return Future.succeededFuture(Map.of());
    }

    @Override
    public Future<Map<Integer, Long>> shards() {
      return Future.succeededFuture(Map.of(SHARD.shard(), 0L));
    }

    @Override
    public Future<Void> close() {
      return Future.succeededFuture();
    }
  };

  @BeforeEach
  void open(LocalPostgres postgres) {
    bench = new StoreBench(postgres);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private static TellConfig tell(String... settings) {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < settings.length; i += 2) all.put("tell." + settings[i], settings[i + 1]);
    return Configuration.defaults().with("test", all).node().tell();
  }

  private static TellConfig fast() {
    return tell("thresholds.fast.types", "HeartRate", "thresholds.fast.value", "hr", "thresholds.fast.above", "120",
        "thresholds.fast.clear", "110", "thresholds.fast.lasts", "60s", "thresholds.fast.unit", "/min",
        "thresholds.fast.text", "Heart rate above 120");
  }

  private static TellConfig quiet(String... more) {
    List<String> all = new ArrayList<>(
        List.of("silences.quiet.after", "1m", "silences.quiet.text", "Nothing comes"));
    all.addAll(List.of(more));
    return tell(all.toArray(String[]::new));
  }

  private MeasurementRules rules(TellConfig tell) {
    return MeasurementRules.of(tell, bench.meters);
  }

  private BatchWriter writer(MeasurementRules rules) {
    return new BatchWriter(bench.vertx, bench.shards, StoreBench.OWNERS, FhirMappings.one(() -> StoreBench.VITALS),
        rules, 2, new ShardMetrics(bench.meters));
  }

  private String watch(MeasurementRules rules) {
    return watch(rules, bench.fhir, new House(() -> true, () -> true), Duration.ofMinutes(10));
  }

  private String watch(MeasurementRules rules, FhirStore store, House house, Duration unheard) {
    Findings findings = new Findings(bench.database);
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, IdentityConfig.DEFAULT);
    return get(bench.vertx.deployVerticle(new FindingsVerticle(
        new FindingsVerticle.Means(findings, store, rules, identity::patientsOf, CAUGHT_UP,
            () -> findings.applied(CALLER, ShardKey.STORE, Readings.TOPIC), house, Duration.ofDays(3), WRITER),
        new Lease(bench.database, "findings"), new Leftovers.Pace(Duration.ofMillis(500), unheard),
        Clock.systemUTC())));
  }

  /** What the node before did is done, and the next one knows nothing that is not in the database. */
  private void handOver(String node) {
    get(bench.vertx.undeploy(node));
  }

  private void awaitWritten(String what, String finding) {
    Await.until(what, () -> bench.count("select count(*) from rule_finding where not due and " + finding) == 1);
  }

  /** Past the limit from second 10 to 100. */
  private static List<Batch.Event> log(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Batch.Event(i, source(0, i), Readings.heartRate("a", i, i >= 10 && i <= 100 ? "130" : "80"),
            null, 100))
        .toList();
  }

  private static Batch batch(List<Batch.Event> log, int from, int to) {
    return new Batch(from, to, log.subList(from, to));
  }

  private void sql(String sql) {
    try (Connection connection = bench.connect()) {
      connection.createStatement().execute(sql);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  private String text(String sql) {
    try (Connection connection = bench.connect(); ResultSet rows = connection.createStatement().executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : null;
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  /** Has been, for long. */
  private void listening(String... types) {
    for (String type : types) sql("insert into silence_watch values ('" + type + "', now())");
  }

  private JsonNode flag(String id) {
    try {
      Stored stored = get(bench.fhir.read(CALLER, "Flag", id));
      return JSON.readTree(stored.body().getBytes());
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  private void put(String type, String id, String json) {
    try {
      ObjectNode resource = (ObjectNode) JSON.readTree(json.replace('\'', '"'));
      get(bench.fhir.update(CALLER, type, id, resource.put("resourceType", type).put("id", id), OptionalInt.empty()));
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  @Test
  void crashesRepetitionsAndHandOversFindItOnceAndEndItOnce() throws Exception {
    List<Batch.Event> log = log(150);
    MeasurementRules one = rules(fast());
    BatchWriter first = writer(one);
    Future.all(first.write(SHARD, batch(log, 0, 50)), first.write(SHARD, batch(log, 0, 50))).await();
    Future<?> killed;
    try (Connection other = bench.connect()) {
      other.setAutoCommit(false);
      other.createStatement().executeQuery("select id from r_observation for update");
      killed = first.write(SHARD, batch(log, 50, 90));
      Await.until("the batch waits for a row", () -> bench.count(
          "select count(pg_terminate_backend(pid)) from pg_stat_activity where wait_event_type = 'Lock' and datname = '"
              + bench.config.database() + "'") > 0);
    }
    assertThrows(RuntimeException.class, () -> get(killed));
    assertEquals(0, bench.count("select count(*) from rule_finding"), "it is found with the readings that show it");

    MeasurementRules two = rules(fast());
    BatchWriter second = writer(two);
    Await.until("written by another node",
        () -> second.write(SHARD, batch(log, 31, 64)).map(true).otherwise(false).await());
    for (int from = 64; from < 96; from += 8) get(second.write(SHARD, batch(log, from, from + 8)));
    get(first.write(SHARD, batch(log, 50, 90)));
    watch(one);
    watch(two);
    Await.until("the Flag is there", () -> bench.count("select count(*) from r_flag") == 1);
    String id = text("select id from r_flag");
    Await.until("and noted", () -> bench.count("select count(*) from rule_finding where not due and made") == 1);
    JsonNode active = flag(id);
    assertTrue(id.startsWith("rule-"));
    assertEquals("active", active.path("status").asText());
    assertEquals("Patient/p-a", active.at("/subject/reference").asText());
    assertEquals("Device/d-a", active.at("/extension/0/valueReference/reference").asText());
    assertEquals(NOON.plusSeconds(10).toString(), active.at("/period/start").asText());

    get(second.write(SHARD, batch(log, 96, 150)));
    get(first.write(SHARD, batch(log, 90, 150)));

    Await.until("it is over", () -> bench.count("select count(*) from rule_finding") == 0);
    JsonNode ended = flag(id);
    assertEquals("inactive", ended.path("status").asText());
    assertEquals(NOON.plusSeconds(101).toString(), ended.at("/period/end").asText());
    assertEquals("2", ended.at("/meta/versionId").asText());
    assertEquals(1, bench.count("select count(*) from r_flag"));
    Await.until("counted", () -> bench.count("select coalesce(sum(found), 0) from tell_rule where name = 'fast'") == 1);
  }

  @Test
  void aLogThatBeginsAnewGoesOnWithWhatWasFound() {
    BatchWriter writer = writer(rules(fast()));
    List<Batch.Event> log = log(150);
    get(writer.write(SHARD, batch(log, 0, 80)));
    assertEquals(1, bench.count("select count(*) from rule_finding where ended is null"));
    ShardKey anew = new ShardKey(SHARD.target(), SHARD.topicId(), SHARD.epoch() + 1, SHARD.shard());
    get(bench.shards.seed(CALLER, new ShardKey(anew.target(), anew.topicId(), anew.epoch(), 0), 12, 0));
    List<Batch.Event> rest = IntStream.range(0, 70)
        .mapToObj(i -> new Batch.Event(i, source(0, 80 + i), log.get(80 + i).measurement(), null, 100))
        .toList();

    get(writer.write(anew, new Batch(0, 70, rest)));

    assertEquals(1, bench.count("select count(*) from rule_finding where ended is not null"));
    assertEquals(1, bench.count("select count(*) from rule_finding"), "that it is passed still is nothing new");
    assertEquals(1, bench.count("select count(*) from threshold_state"));
  }

  @Test
  void anotherUnitIsAnErrorOfTheRuleAndRulesThatAreGoneEndWhatTheyFound() {
    TellConfig wrong = tell("thresholds.fast.types", "heartrate", "thresholds.fast.value", "hr",
        "thresholds.fast.above", "120", "thresholds.fast.unit", "Hz", "thresholds.fast.text", "x");
    MeasurementRules rules = rules(wrong);
    get(writer(rules).write(SHARD, batch(log(30), 0, 30)));
    watch(rules);
    Await.until("said", () -> bench.count("select coalesce(sum(errors), 0) from tell_rule where name = 'fast'") == 30);
    assertEquals(0, bench.count("select count(*) from rule_finding"));
    sql("""
        insert into rule_finding (id, rule, makes, text, severity, device, patient, began)
        values ('rule-1', 'gone', 'Flag', 'Old', '', 'd-a', 'p-a', '2026-11-20T12:00:00Z');
        insert into tell_rule (name, seen) values ('gone', now());
        insert into threshold_state (target, topic_id, epoch, shard, device, patient, state, lasts)
        values ('store', '11111111-1111-4111-8111-111111111111', 0, 3, 'd-a', 'p-a',
          '{"fast":{"patient":"p-a","at":7},"gone":{"patient":"p-a","at":7,"began":5}}', true)""");
    Await.until("its Flag is there", () -> bench.count("select count(*) from r_flag") == 1);
    get(new Findings(bench.database).endGone(CALLER, List.of("fast"), Duration.ofDays(3)));
    assertEquals(0, bench.count("select count(*) from rule_finding where ended is not null"));

    sql("update tell_rule set seen = now() - interval '4 days' where name = 'gone'");
    get(new Findings(bench.database).endGone(CALLER, List.of("fast"), Duration.ofDays(3)));

    Await.until("and over", () -> bench.count("select count(*) from rule_finding") == 0);
    assertEquals("inactive", flag("rule-1").path("status").asText());
    assertEquals("{\"fast\": {\"at\": 7, \"patient\": \"p-a\"}}",
        text("select state from threshold_state where not lasts"), "when it comes back, it begins anew");
  }

  @Test
  void whoSaysNothingIsFoundOnceUnlessNotInUseAndIsOverWhenHeardOf() {
    for (String device : List.of("a", "b", "c", "never", "shelf"))
      put("Device", "d-" + device, switch (device) {
        case "b" -> "{'status':'inactive','patient':{'reference':'Patient/p-b'}}";
        case "c", "shelf" -> "{}";
        default -> "{'patient':{'reference':'Patient/p-" + device + "'}}";
      });
    sql("update r_device set upd = now() - interval '9 days'");
    List<Batch.Event> log = new ArrayList<>();
    for (String device : List.of("a", "b", "c"))
      log.add(new Batch.Event(log.size(), source(0, log.size()), Readings.heartRate(device, 0, "70"), null, 100));
    MeasurementRules rules = rules(quiet("silences.quiet.neverHeard", "true", "silences.beat.after", "1m",
        "silences.beat.types", "HeartRate", "silences.beat.devices", "d-a", "silences.beat.makes", "DetectedIssue",
        "silences.beat.text", "No heart rate"));
    BatchWriter writer = writer(rules);
    get(writer.write(SHARD, new Batch(0, 3, log)));

    listening("", "heartrate");

    watch(rules);
    watch(rules);

    Await.until("found", () -> bench.count("select count(*) from r_flag") == 2
        && bench.count("select count(*) from r_detectedissue") == 1
        && bench.count("select count(*) from rule_finding where due") == 0);
    assertEquals(3, bench.count("select count(*) from rule_finding"));
    assertEquals("d-a d-never", text(
        "select string_agg(device, ' ' order by device) from rule_finding where rule = 'quiet'"));
    String id = text("select id from rule_finding where rule = 'quiet' and device = 'd-a'");
    assertEquals(NOON.plusMillis(5).toString(), flag(id).at("/period/start").asText());
    Instant now = Instant.now();
    Measurement spoken = new Measurement("heartrate", now, now, "a", null, null, null,
        List.of(new Measurement.Property("hr", "70")));

    get(writer.write(SHARD, new Batch(3, 4, List.of(new Batch.Event(3, source(0, 3), spoken, null, 100)))));

    Await.until("over", () -> bench.count("select count(*) from rule_finding where device = 'd-a'") == 0);
    assertEquals("inactive", flag(id).path("status").asText());
    assertEquals(1, bench.count("select count(*) from rule_finding"));
  }

  @Test
  void nobodyIsSilentOfWhatNobodyCouldHear() {
    put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'}}");
    put("Device", "d-never", "{'patient':{'reference':'Patient/p-b'}}");
    sql("update r_device set upd = now() - interval '5 hours'");
    MeasurementRules rules = rules(quiet("silences.first.after", "1m", "silences.first.types", "HeartRate",
        "silences.first.neverHeard", "true", "silences.first.text", "Never spoke"));
    sql("insert into device_heard values ('d-a', '', 3, now() - interval '2 hours')");
    sql("insert into silence_watch values ('', now() - interval '119 minutes 30 seconds')");

    watch(rules);
    Await.until("the gap is noted, and that nobody has listened for heart rates before",
        () -> bench.count("select count(*) from silence_gap") >= 2);
    Await.until("and looked at", () -> bench.count("select count(*) from silence_watch"
        + " where seen > (select max(ended) from silence_gap) + interval '5 seconds'") == 2);
    assertEquals(0, bench.count("select count(*) from rule_finding"));

    sql("update device_heard set heard = now() - interval '3 hours'");
    gapsAreLongAgo();

    Await.until("found", () -> bench.count("select count(*) from rule_finding") == 3);
    assertEquals("d-a d-never",
        text("select string_agg(device, ' ' order by device) from rule_finding where rule = 'first'"));
  }

  @Test
  void aDeviceThatIsSilentStillIsToldAgainWhenItIsInUseAgain() {
    put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'}}");
    sql("update r_device set upd = now() - interval '3 hours'");
    sql("insert into device_heard values ('d-a', '', 3, now() - interval '2 hours')");
    listening("");
    MeasurementRules rules = rules(quiet("silences.quiet.devices", "d-a"));
    String node = watch(rules);
    awaitWritten("found", "device = 'd-a'");
    String first = text("select id from rule_finding");
    assertEquals("active", flag(first).path("status").asText());

    put("Device", "d-a", "{'status':'inactive','patient':{'reference':'Patient/p-a'}}");
    Await.until("over", () -> bench.count("select count(*) from rule_finding") == 0);
    assertEquals("inactive", flag(first).path("status").asText());
    handOver(node);
    put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'}}");
    sql("update r_device set upd = now() - interval '10 minutes'");
    node = watch(rules);
    awaitWritten("found again", "device = 'd-a'");
    String second = text("select id from rule_finding");
    assertNotEquals(first, second);
    assertEquals(2, bench.count("select count(*) from r_flag"));
    handOver(node);

    node = watch(rules(quiet("silences.quiet.devices", "d-b")));
    Await.until("nobody waits for it", () -> bench.count("select count(*) from rule_finding") == 0);
    assertEquals("inactive", flag(second).path("status").asText());
    handOver(node);
    watch(rules);

    awaitWritten("since the same time", "id = '" + second + "'");
    assertEquals("active", flag(second).path("status").asText());
    assertTrue(flag(second).at("/period/end").isMissingNode());
    assertEquals("inactive", flag(first).path("status").asText());
  }

  @Test
  void theNextPatientOfAMonitorIsNotBlamedForItsSilenceBefore() {
    for (String device : List.of("soon", "long"))
      put("Device", "d-" + device, "{'patient':{'reference':'Patient/p-b'}}");
    sql("update r_device set upd = now() - interval '10 minutes' where id = 'd-long'");
    for (String device : List.of("soon", "long"))
      sql("insert into device_heard values ('d-" + device + "', '', 3, now() - interval '2 hours')");
    listening("");
    watch(rules(quiet()));

    awaitWritten("found", "device = 'd-long'");

    Instant linked = get(bench.fhir.read(CALLER, "Device", "d-long")).updated();
    assertEquals(linked, Instant.parse(
        flag(text("select id from rule_finding where device = 'd-long'")).at("/period/start").asText()));
    assertEquals(0, bench.count("select count(*) from rule_finding f join r_device r on r.id = f.device"
        + " where f.device = 'd-soon' and (f.began < r.upd or now() < r.upd + interval '1 minute')"));
  }

  @Test
  void whoWritesHisDeviceAgainAndAgainDoesNotHideItsSilence() {
    sql("insert into device_heard values ('d-a', '', 3, now() - interval '2 hours')");
    listening("");
    watch(rules(quiet("silences.quiet.after", "5s")));
    AtomicInteger charge = new AtomicInteger();

    Await.until("found", () -> {
      put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'},'modelNumber':'" + charge.incrementAndGet() + "'}");
      return bench.count("select count(*) from rule_finding") == 1;
    });
  }

  @Test
  void neverHeardAsksForTheTypesOfItsRule() {
    put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'}}");
    sql("update r_device set upd = now() - interval '5 hours'");
    sql("insert into device_heard values ('d-a', '', 3, now() + interval '10 minutes')");
    listening("", "heartrate");

    watch(rules(quiet("silences.beat.after", "1m", "silences.beat.types", "HeartRate", "silences.beat.neverHeard",
        "true", "silences.beat.text", "No heart rate")));

    awaitWritten("found", "rule = 'beat'");
    assertEquals(1, bench.count("select count(*) from rule_finding"));
  }

  @Test
  void nobodyListensWhileNodesHaveDifferentRulesOrNothingCanBeSent() {
    put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'}}");
    sql("update r_device set upd = now() - interval '5 hours'");
    sql("insert into device_heard values ('d-a', '', 3, now() - interval '2 hours')");
    sql("insert into silence_watch values ('', now() - interval '15 seconds')");
    String last = text("select seen::text from silence_watch");
    AtomicBoolean agreed = new AtomicBoolean();
    AtomicInteger asked = new AtomicInteger();
    MeasurementRules rules = rules(quiet());
    watch(rules, bench.fhir, new House(() -> true, () -> {
      asked.incrementAndGet();
      return agreed.get();
    }), Duration.ofMinutes(10));
    Await.until("it is at work", () -> bench.count("select count(*) from tell_rule") == 1);
    Await.until("and has looked for a while", () -> asked.get() > 0 && bench.count(
        "select count(*) from tell_rule where seen < now() - interval '3 seconds'") == 1);

    agreed.set(true);

    Await.until("a gap, however short", () -> bench.count("select count(*) from silence_gap") == 1);
    assertEquals(last, text("select began::text from silence_gap"));
    assertEquals(0, bench.count("select count(*) from rule_finding"));
    gapsAreLongAgo();
    Await.until("found", () -> bench.count("select count(*) from rule_finding") == 1);
  }

  /** Those there are, once: one that a stall of this machine makes later costs a minute, and gaps without end are an error. */
  private void gapsAreLongAgo() {
    sql("update silence_gap set began = began - interval '5 minutes', ended = ended - interval '5 minutes'");
  }

  @Test
  void whatALimitFoundIsOverWhenItsDeviceIsNotHisAnyMoreAndSendsNothing() {
    put("Device", "d-a", "{'patient':{'reference':'Patient/p-a'}}");
    put("Device", "d-b", "{'patient':{'reference':'Patient/p-b'}}");
    MeasurementRules rules = rules(fast());
    List<Batch.Event> log = new ArrayList<>();
    for (int i = 0; i < 61; i++)
      for (String device : List.of("a", "b"))
        log.add(new Batch.Event(log.size(), source(0, log.size()), Readings.heartRate(device, i, "130"), null, 100));
    get(writer(rules).write(SHARD, batch(log, 0, log.size())));
    watch(rules, bench.fhir, new House(() -> true, () -> true), Duration.ofSeconds(1));
    Await.until("both are found", () -> bench.count("select count(*) from rule_finding where not due and made") == 2);
    String id = text("select id from rule_finding where device = 'd-a'");

    put("Device", "d-a", "{}");

    Await.until("over", () -> bench.count("select count(*) from rule_finding") == 1);
    assertEquals("d-b", text("select device from rule_finding"));
    assertEquals("inactive", flag(id).path("status").asText());
    assertEquals("d-b", text("select string_agg(device, ' ') from threshold_state where lasts"));
    assertEquals("{}", text("select state from threshold_state where device = 'd-a'"));
  }

  @Test
  void aReadingThatWasJudgedMeanwhileKeepsWhatItsLimitFound() {
    MeasurementRules rules = rules(fast());
    List<Batch.Event> log = log(80);
    get(writer(rules).write(SHARD, batch(log, 0, 75)));
    Findings findings = new Findings(bench.database);
    Findings.Lasting before = get(findings.lasting(CALLER, List.of("fast"), "", 9)).get(0);
    get(writer(rules).write(SHARD, batch(log, 75, 80)));

    get(findings.unheard(CALLER, before));

    assertEquals(1, bench.count("select count(*) from rule_finding where ended is null"));
    assertEquals(1, bench.count("select count(*) from threshold_state where lasts"));
  }

  @Test
  void whatWasFoundOfAnErasedDeviceIsOver() {
    put("Device", "d-a", "{}");
    MeasurementRules rules = rules(fast());
    get(writer(rules).write(SHARD, batch(log(80), 0, 80)));

    get(bench.fhir.erase(CALLER, "Device", "d-a", OptionalInt.empty()));
    watch(rules);

    Await.until("written, and over", () -> bench.count("select count(*) from rule_finding") == 0);
    assertEquals("inactive", flag(text("select id from r_flag")).path("status").asText());
  }

  @Test
  void ofAnErasedPatientNothingStaysAndOfTheOtherOnesEverything() {
    for (String patient : List.of("ada", "bob")) put("Patient", patient, "{}");
    for (String device : List.of("d-1", "d-2", "d-3"))
      sql("""
          insert into threshold_state (target, topic_id, epoch, shard, device, patient, state, lasts)
          values ('store', '11111111-1111-4111-8111-111111111111', 0, 3, '%s', '%s', '%s', true)""".formatted(device,
          device.equals("d-3") ? "ada" : "bob", device.equals("d-3")
              ? "{\"fast\":{\"patient\":\"ada\",\"at\":7,\"began\":5}}"
              : "{\"fast\":{\"patient\":\"ada\",\"at\":7,\"began\":5},\"low\":{\"patient\":\"bob\",\"at\":9}}"));

    get(bench.fhir.erase(CALLER, "Patient", "bob", OptionalInt.empty()));
    assertEquals(3, bench.count("select count(*) from threshold_state where lasts and patient = 'ada'"));
    assertEquals(0, bench.count("select count(*) from threshold_state where state like '%bob%'"));
    get(bench.fhir.erase(CALLER, "Patient", "ada", OptionalInt.empty()));

    assertEquals(0, bench.count("select count(*) from threshold_state"));
  }

  private static final String OF_BOTH = "{\"fast\":{\"patient\":\"ada\",\"at\":7},\"low\":{\"patient\":\"bob\",\"at\":9}}";

  private void knows(String device, String patient, String state) {
    sql("""
        insert into threshold_state (target, topic_id, epoch, shard, device, patient, state, lasts)
        values ('store', '11111111-1111-4111-8111-111111111111', 0, 3, '%s', '%s', '%s', %s)""".formatted(device,
        patient, state, state.contains("began")));
  }

  /** What a batch writes back, which knew this of a Device of two Patients. */
  private static ShardStore.Judged judged(String device, String patient, String state, ShardStore.Finding... begun) {
    ShardStore.Known known = new ShardStore.Known(device, patient, state, state.contains("began"), true);
    return new ShardStore.Judged(List.of(known), List.of(), List.of(begun), List.of());
  }

  private void awaitWaiting() {
    Await.until("it waits for the batch", () -> bench.count(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = '" + bench.config.database()
            + "'") > 0);
  }

  @Test
  void aBatchThatHasReadOfAPatientBeforeHeWasErasedWritesNothingOfHim() {
    for (String patient : List.of("ada", "bob")) put("Patient", patient, "{}");
    knows("d-1", "bob", OF_BOTH);

    get(bench.shards.inShard(CALLER, SHARD, batch -> batch.judged(List.of("d-1"))
        .compose(read -> bench.fhir.erase(CALLER, "Patient", "ada", OptionalInt.empty()))
        .compose(erased -> batch.keepJudged(judged("d-1", "bob", OF_BOTH)))));

    assertEquals("{\"low\": {\"at\": 9, \"patient\": \"bob\"}}", text("select state from threshold_state"));
  }

  @Test
  void erasingAPatientLeavesWhatABatchBesideFoundOfTheOther() {
    for (String patient : List.of("ada", "bob")) put("Patient", patient, "{}");
    knows("d-1", "bob", OF_BOTH);
    Promise<Void> committing = Promise.promise();
    Promise<Void> written = Promise.promise();
    ShardStore.Finding low = new ShardStore.Finding("rule-1", "low", "Flag", "x", "", "d-1", "bob", NOON);
    Future<Void> batch = bench.shards.inShard(CALLER, SHARD,
        one -> one.keepJudged(judged("d-1", "bob", OF_BOTH.replace("\"at\":9", "\"at\":9,\"began\":5"), low))
            .onSuccess(done -> written.complete())
            .compose(done -> committing.future()));
    get(written.future());
    Future<?> erased = bench.fhir.erase(CALLER, "Patient", "ada", OptionalInt.empty());
    awaitWaiting();

    committing.complete();

    get(batch);
    get(erased);
    assertEquals("{\"low\": {\"at\": 9, \"began\": 5, \"patient\": \"bob\"}}",
        text("select state from threshold_state where lasts and patient = 'bob'"));
    assertEquals(1, bench.count("select count(*) from rule_finding where ended is null"));
  }

  @Test
  void whatABatchMadeOfAnErasedPatientWithoutBeingSeenIsForgotten() {
    for (String patient : List.of("ada", "bob")) put("Patient", patient, "{}");
    get(bench.fhir.erase(CALLER, "Patient", "ada", OptionalInt.empty()));
    knows("d-1", "ada", OF_BOTH.replace("\"at\":7", "\"at\":11,\"began\":5"));
    knows("d-2", "ada", "{\"fast\":{\"patient\":\"ada\",\"at\":7,\"began\":5}}");
    sql("""
        insert into rule_finding (id, rule, makes, text, severity, device, patient, began)
        values ('rule-1', 'fast', 'Flag', 'x', '', 'd-1', 'ada', '2026-11-20T12:00:00Z')""");

    get(new Findings(bench.database).forget(CALLER));

    assertEquals("bob {\"low\": {\"at\": 9, \"patient\": \"bob\"}}",
        text("select patient || ' ' || state from threshold_state where not lasts"));
    assertEquals(1, bench.count("select count(*) from threshold_state"));
    assertEquals(1, bench.count("select count(*) from rule_finding where ended is not null"));
  }

  /** The Devices lie in the table the other way round than batches take them. */
  @Test
  void whatIsTakenFromRulesThatAreGoneWaitsForTheBatchAndNotTheBatchForIt() {
    String gone = "{\"gone\":{\"patient\":\"p-a\",\"at\":7,\"began\":5},\"idle\":{\"patient\":\"p-a\",\"at\":7}}";
    for (String device : List.of("d-2", "d-1")) {
      knows(device, "p-a", gone);
      sql("""
          insert into rule_finding (id, rule, makes, text, severity, device, patient, began)
          values ('rule-%s', 'gone', 'Flag', 'Old', '', '%s', 'p-a', '2026-11-20T12:00:00Z')""".formatted(device,
          device));
    }
    Findings findings = new Findings(bench.database);
    for (boolean idle : List.of(false, true)) {
      Promise<Void> waited = Promise.promise();
      Promise<Void> written = Promise.promise();
      Future<Void> batch = bench.shards.inShard(CALLER, SHARD,
          one -> one.keepJudged(judged("d-1", "p-a", gone.replace('7', '8')))
              .onSuccess(done -> written.complete())
              .compose(done -> waited.future())
              .compose(done -> one.keepJudged(judged("d-2", "p-a", gone.replace('7', '8')))));
      get(written.future());
      Duration keep = Duration.ofDays(3);
      Future<?> ending = idle
          ? findings.forgetGone(CALLER, List.of("fast"), keep)
          : findings.endGone(CALLER, List.of("fast"), keep);
      awaitWaiting();

      waited.complete();

      get(batch);
      get(ending);
      assertEquals(idle ? "{}" : "{\"idle\": {\"at\": 8, \"patient\": \"p-a\"}}",
          text("select min(state) from threshold_state where not lasts having count(distinct state) = 1"));
      assertEquals(0, bench.count("select count(*) from threshold_state where lasts"));
      assertEquals(2, bench.count("select count(*) from rule_finding where ended is not null"));
    }
  }

  @Test
  void othersTellUpToWhenItWasKnownWhatCameAndNotWhenSomebodyLookedLast() {
    Findings findings = new Findings(bench.database);
    Instant known = Instant.now().minusSeconds(600).truncatedTo(ChronoUnit.MILLIS);
    List<String> types = List.of("", "heartrate");

    get(findings.listened(CALLER, types, SilenceWatch.GAP, null, known));
    get(findings.listened(CALLER, types, SilenceWatch.GAP, null, null));

    assertEquals(known, get(findings.knownLast(CALLER, types)));
    assertNull(get(findings.knownLast(CALLER, List.of("", "heartrate", "spo2"))), "of one nobody has said it");
  }

  @Test
  void itEndsWhereNobodyMayChangeWhatHeHasNotSeen() {
    FhirStore careful = new FhirStore(bench.database, Audit.log(),
        new FhirConfig(Map.of("versioned-update", List.of("*"))));
    sql("""
        insert into rule_finding (id, rule, makes, text, severity, device, patient, began)
        values ('rule-1', 'fast', 'Flag', 'x', '', 'd-a', 'p-a', '2026-11-20T12:00:00Z')""");
    watch(rules(fast()), careful, new House(() -> true, () -> true), Duration.ofMinutes(10));
    awaitWritten("made", "made");

    sql("update rule_finding set ended = now(), due = true");

    Await.until("over", () -> bench.count("select count(*) from rule_finding") == 0);
    assertEquals("inactive", flag("rule-1").path("status").asText());
  }

  @Test
  void whatOnlyWaitedOfARuleThatIsGoneIsForgotten() {
    sql("""
        insert into tell_rule (name, seen) values ('kept', now());
        insert into threshold_state (target, topic_id, epoch, shard, device, patient, state, lasts)
        values ('store', '11111111-1111-4111-8111-111111111111', 0, 3, 'd-a', 'p-a',
          '{"fast":{"patient":"p-a","at":7},"gone":{"patient":"p-a","at":7,"since":5},"kept":{"patient":"p-a","at":7}}', false)""");

    get(new Findings(bench.database).forgetGone(CALLER, List.of("fast"), Duration.ofDays(3)));

    assertEquals("{\"fast\": {\"at\": 7, \"patient\": \"p-a\"}, \"kept\": {\"at\": 7, \"patient\": \"p-a\"}}",
        text("select state from threshold_state"));
  }

  @Test
  void whatIsFoundGoesWithItsPatientAndDevice() {
    put("Patient", "p-a", "{}");
    put("Device", "d-a", "{}");
    TellConfig both = tell("thresholds.fast.types", "heartrate", "thresholds.fast.value", "hr",
        "thresholds.fast.above", "120", "thresholds.fast.text", "x", "silences.quiet.after", "1m",
        "silences.quiet.text", "y");
    BatchWriter writer = writer(rules(both));
    List<Batch.Event> log = log(40);
    get(writer.write(SHARD, batch(log, 0, 20)));
    assertEquals(1, bench.count("select count(*) from rule_finding"));
    assertEquals(1, bench.count("select count(*) from threshold_state where lasts"));
    sql("update threshold_state set day = current_date - 99");
    get(writer.write(SHARD, batch(log, 20, 21)));
    assertEquals(1, bench.count("select count(*) from threshold_state"), "what lasts is not forgotten");

    get(bench.fhir.erase(CALLER, "Patient", "p-a", OptionalInt.empty()));
    assertEquals(0, bench.count("select count(*) from rule_finding"));
    assertEquals(0, bench.count("select count(*) from threshold_state"));
    get(bench.fhir.erase(CALLER, "Device", "d-a", OptionalInt.empty()));
    assertEquals(0, bench.count("select count(*) from device_heard"));
    get(writer.write(SHARD, batch(log, 21, 40)));

    assertEquals(0, bench.count("select (select count(*) from rule_finding) + (select count(*) from threshold_state)"
        + " + (select count(*) from device_heard)"), "nothing of whom was erased comes back");
    assertFalse(assertThrows(Failure.class, () -> get(bench.fhir.read(CALLER, "Device", "d-a"))).getMessage()
        .isEmpty());
  }
}
