package io.caregrid.device;

import static io.caregrid.device.Readings.NOON;
import static io.caregrid.device.Readings.source;
import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.SHARD;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.cluster.FhirConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Audit;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Findings;
import io.caregrid.store.ShardKey;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Whatever is tried, what the readings show is found once, and is over once. */
class FindingsIT extends WithRules {
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
}
