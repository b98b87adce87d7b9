package io.caregrid.device;

import static io.caregrid.device.Readings.NOON;
import static io.caregrid.device.Readings.source;
import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.SHARD;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.TellConfig;
import io.caregrid.store.Findings;
import io.caregrid.templates.device.Measurement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who says nothing is found, unless nobody could have heard him. */
class SilencesIT extends WithRules {
  private static TellConfig quiet(String... more) {
    List<String> all = new ArrayList<>(
        List.of("silences.quiet.after", "1m", "silences.quiet.text", "Nothing comes"));
    all.addAll(List.of(more));
    return tell(all.toArray(String[]::new));
  }

  /** What the node before did is done, and the next one knows nothing that is not in the database. */
  private void handOver(String node) {
    get(bench.vertx.undeploy(node));
  }

  /** Has been, for long. */
  private void listening(String... types) {
    for (String type : types) sql("insert into silence_watch values ('" + type + "', now())");
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
  void othersTellUpToWhenItWasKnownWhatCameAndNotWhenSomebodyLookedLast() {
    Findings findings = new Findings(bench.database);
    Instant known = Instant.now().minusSeconds(600).truncatedTo(ChronoUnit.MILLIS);
    List<String> types = List.of("", "heartrate");

    get(findings.listened(CALLER, types, SilenceWatch.GAP, null, known));
    get(findings.listened(CALLER, types, SilenceWatch.GAP, null, null));

    assertEquals(known, get(findings.knownLast(CALLER, types)));
    assertNull(get(findings.knownLast(CALLER, List.of("", "heartrate", "spo2"))), "of one nobody has said it");
  }
}
