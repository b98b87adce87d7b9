package io.caregrid.device;

import static io.caregrid.device.Readings.NOON;
import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.SHARD;
import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Failure;
import io.caregrid.store.Findings;
import io.caregrid.store.ShardStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Of whom was erased the rules know nothing any more, and of everybody else all that they knew. */
class ErasedFindingsIT extends WithRules {
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
