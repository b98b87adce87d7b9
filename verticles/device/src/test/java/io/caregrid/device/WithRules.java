package io.caregrid.device;

import static io.caregrid.device.Readings.source;
import static io.caregrid.device.StoreBench.CALLER;
import static io.caregrid.device.StoreBench.SHARD;
import static io.caregrid.device.StoreBench.get;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Caller;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Findings;
import io.caregrid.store.Lease;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test of rules over measurements, against a real PostgreSQL. */
@ExtendWith(Engines.class)
@Tag("full")
abstract class WithRules {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Caller WRITER = Caller.system("rules");
  StoreBench bench;

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

  static TellConfig tell(String... settings) {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < settings.length; i += 2) all.put("tell." + settings[i], settings[i + 1]);
    return Configuration.defaults().with("test", all).node().tell();
  }

  static TellConfig fast() {
    return tell("thresholds.fast.types", "HeartRate", "thresholds.fast.value", "hr", "thresholds.fast.above", "120",
        "thresholds.fast.clear", "110", "thresholds.fast.lasts", "60s", "thresholds.fast.unit", "/min",
        "thresholds.fast.text", "Heart rate above 120");
  }

  MeasurementRules rules(TellConfig tell) {
    return MeasurementRules.of(tell, bench.meters);
  }

  BatchWriter writer(MeasurementRules rules) {
    return new BatchWriter(bench.vertx, bench.shards, StoreBench.OWNERS, FhirMappings.one(() -> StoreBench.VITALS),
        rules, 2, new ShardMetrics(bench.meters));
  }

  String watch(MeasurementRules rules) {
    return watch(rules, bench.fhir, new House(() -> true, () -> true), Duration.ofMinutes(10));
  }

  String watch(MeasurementRules rules, FhirStore store, House house, Duration unheard) {
    Findings findings = new Findings(bench.database);
    DeviceIdentity identity = new DeviceIdentity(bench.fhir, IdentityConfig.DEFAULT);
    return get(bench.vertx.deployVerticle(new FindingsVerticle(
        new FindingsVerticle.Means(findings, store, rules, identity::patientsOf, CAUGHT_UP,
            () -> findings.applied(CALLER, ShardKey.STORE, Readings.TOPIC), house, Duration.ofDays(3), WRITER),
        new Lease(bench.database, "findings"), new Leftovers.Pace(Duration.ofMillis(500), unheard),
        Clock.systemUTC())));
  }

  void awaitWritten(String what, String finding) {
    Await.until(what, () -> bench.count("select count(*) from rule_finding where not due and " + finding) == 1);
  }

  /** Past the limit from second 10 to 100. */
  static List<Batch.Event> log(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Batch.Event(i, source(0, i), Readings.heartRate("a", i, i >= 10 && i <= 100 ? "130" : "80"),
            null, 100))
        .toList();
  }

  static Batch batch(List<Batch.Event> log, int from, int to) {
    return new Batch(from, to, log.subList(from, to));
  }

  void sql(String sql) {
    try (Connection connection = bench.connect()) {
      connection.createStatement().execute(sql);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  String text(String sql) {
    try (Connection connection = bench.connect(); ResultSet rows = connection.createStatement().executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : null;
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  JsonNode flag(String id) {
    try {
      Stored stored = get(bench.fhir.read(CALLER, "Flag", id));
      return JSON.readTree(stored.body().getBytes());
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  void put(String type, String id, String json) {
    try {
      ObjectNode resource = (ObjectNode) JSON.readTree(json.replace('\'', '"'));
      get(bench.fhir.update(CALLER, type, id, resource.put("resourceType", type).put("id", id), OptionalInt.empty()));
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  void knows(String device, String patient, String state) {
    sql("""
        insert into threshold_state (target, topic_id, epoch, shard, device, patient, state, lasts)
        values ('store', '11111111-1111-4111-8111-111111111111', 0, 3, '%s', '%s', '%s', %s)""".formatted(device,
        patient, state, state.contains("began")));
  }

  /** What a batch writes back, which knew this of a Device of two Patients. */
  static ShardStore.Judged judged(String device, String patient, String state, ShardStore.Finding... begun) {
    ShardStore.Known known = new ShardStore.Known(device, patient, state, state.contains("began"), true);
    return new ShardStore.Judged(List.of(known), List.of(), List.of(begun), List.of());
  }

  void awaitWaiting() {
    Await.until("it waits for the batch", () -> bench.count(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = '" + bench.config.database()
            + "'") > 0);
  }
}
