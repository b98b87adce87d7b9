package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Measures the store alone, on the embedded PostgreSQL (or {@code -Dcaregrid.test.postgres=debian}) of this machine, with fsync and synchronous_commit on.
 * Not a test: run its main; the figures depend on what else the machine does.
 */
final class StoreLoad {
  private static final int CONCURRENT = 16;
  private static final Random RANDOM = new Random(1);

  private final Room room;
  private final FhirStore store;

  private StoreLoad(Room room) {
    this.room = room;
    this.store = new FhirStore(room.database(), (caller, action, target, allowed) -> {});
  }

  public static void main(String[] arguments) {
    try (Postgres postgres = Postgres.start(); Room room = Room.open(postgres.createDatabase())) {
      StoreLoad load = new StoreLoad(room);
      load.people();
      load.devices();
    } catch (Exception cause) {
      throw new IllegalStateException(cause);
    }
    System.exit(0);
  }

  private void people() {
    rate("create, 600 bytes", 8_000, i -> store.create(CALLER, "Observation", small(i)));
    room.sql("analyze");
    explain("patient", "p1", "code", "http://loinc.org|1");
    explain("patient", "p1", "_sort", "-date");
    explain("patient", "p1", "code", "http://loinc.org|1", "_sort", "-date");
    explain("code", "http://loinc.org|1", "_sort", "-date");
    explain("_sort", "-date");
    explain("_sort", "-_lastUpdated");
    explain("_lastUpdated", "ge2026-11-20T10:00:00Z");
    explain("date", "ge2026-12-01");
    IntFunction<String> id = i -> "read-" + i;
    rate("update as create", 5_000,
        i -> store.update(CALLER, "Observation", id.apply(i), small(i), OptionalInt.empty()));
    rate("update", 2_000, i -> store.update(CALLER, "Observation", id.apply(i), small(i + 1), OptionalInt.empty()));
    rate("read", 8_000, i -> store.read(CALLER, "Observation", id.apply(RANDOM.nextInt(2_000))));
    room.sql("analyze");
    rate("search patient + code, 20", 5_000,
        i -> search(20, "patient", "p" + RANDOM.nextInt(200), "code", "http://loinc.org|" + RANDOM.nextInt(20)));
    rate("search patient, newest 20", 2_000, i -> search(20, "patient", "p" + RANDOM.nextInt(200), "_sort", "-date"));
    rate("search code, newest 20", 2_000,
        i -> search(20, "code", "http://loinc.org|" + RANDOM.nextInt(20), "_sort", "-date"));
  }

  private Future<?> search(int count, String... pairs) {
    return store.search(CALLER, query(count, pairs));
  }

  private static SearchQuery query(int count, String... pairs) {
    List<SearchQuery.Param> params = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) params.add(new SearchQuery.Param(pairs[i], pairs[i + 1]));
    return new SearchQuery("Observation", params, count, "none", null);
  }

  private void explain(String... pairs) {
    SearchPlan.Statement page = SearchPlan.of(query(20, pairs), java.time.Instant.now()).page(21, null);
    String sql = page.sql().replace(Database.PLANNED, Database.PLANNED + "explain ");
    System.out.println(String.join(" ", pairs));
    get(room.database().ask(sql, page.values())).forEach(row -> System.out.println("    " + row.getString(0)));
  }

  private static ObjectNode small(int i) {
    return json(
        "{'resourceType':'Observation','status':'final','category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category',"
            + "'code':'vital-signs'}]}],'code':{'coding':[{'system':'http://loinc.org','code':'" + i % 20
            + "','display':'Heart rate'}]},"
            + "'subject':{'reference':'Patient/p" + i % 200 + "'},'encounter':{'reference':'Encounter/e" + i % 1000
            + "'},"
            + "'effectiveDateTime':'2026-" + String.format("%02d-%02d", 1 + i % 12, 1 + i % 28)
            + "T10:00:00Z','valueQuantity':{'value':" + i
            + ".5,'unit':'/min','system':'http://unitsofmeasure.org','code':'/min'}}");
  }

  private static void rate(String what, int times, IntFunction<Future<?>> work) {
    long began = System.nanoTime();
    AtomicInteger next = new AtomicInteger();
    Future.all(IntStream.range(0, CONCURRENT).mapToObj(lane -> lane(next, times, work)).toList()).await();
    double seconds = (System.nanoTime() - began) / 1e9;
    System.out.printf("%-32s %8.0f /s%n", what, times / seconds);
  }

  private static Future<Void> lane(AtomicInteger next, int times, IntFunction<Future<?>> work) {
    Promise<Void> done = Promise.promise();
    step(done, next, times, work);
    return done.future();
  }

  private static void step(Promise<Void> done, AtomicInteger next, int times, IntFunction<Future<?>> work) {
    int i = next.getAndIncrement();
    if (i >= times) done.complete();
    else work.apply(i).onComplete(one -> {
      if (one.failed()) done.tryFail(one.cause());
      else step(done, next, times, work);
    });
  }

  /** 1,000 Observations of some 10 kB, created once and then merged again and again, as a full hour of SampledData is. */
  private void devices() {
    ShardStore shards = new ShardStore(room.database());
    ShardKey key = new ShardKey(ShardKey.STORE, UUID.randomUUID(), 0, 0);
    get(shards.seed(CALLER, key, 1, 0));
    List<String> ids = IntStream.range(0, 1_000).mapToObj(i -> String.format("%064x", i * 7919)).toList();
    room.sql("select pg_stat_reset()");
    for (int round = 0; round < 10; round++) {
      int n = round;
      long began = System.nanoTime();
      get(shards.inShard(CALLER, key, tx -> tx.lockObservations(ids)
          .compose(before -> tx.writeObservations(
              ids.stream().map(id -> new ShardStore.DeviceWrite(id, large(id, n), before.get(id))).toList()))
          .compose(done -> tx.advance(tx.progress().after(n + 1, Map.of())))));
      System.out.printf("shard batch of 1000 x %d bytes: %4d ms%s%n", large(ids.get(0), n).length,
          (System.nanoTime() - began) / 1_000_000, n == 0 ? " (insert)" : "");
    }
    Room.until("statistics",
        () -> room.count("from pg_stat_user_tables where relname = 'r_observation' and n_tup_upd >= 9000") == 1);
    System.out
        .println(room.sql("select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'r_observation'")
            .iterator()
            .next()
            .deepToString());
    stamping();
  }

  private void stamping() {
    long queued = room.count("from change_queue");
    long began = System.nanoTime();
    int passes = 0;
    while (get(Sequencer.pass(room.database())) > 0) passes++;
    System.out.printf("stamped %d changes in %d passes: %d ms%n", queued, passes,
        (System.nanoTime() - began) / 1_000_000);
    for (int i = 0; i < 5; i++) {
      room.sql(
          "insert into change_queue (type, id, ver, op, at) select 'Observation', i::text, 1, 'U', now() from generate_series(1, 50) i");
      long pass = System.nanoTime();
      get(Sequencer.pass(room.database()));
      System.out.printf("a pass over 50 changes: %.1f ms%n", (System.nanoTime() - pass) / 1e6);
    }
  }

  private static byte[] large(String id, int round) {
    StringBuilder data = new StringBuilder();
    Random values = new Random(id.hashCode());
    for (int i = 0; i < 3300; i++) data.append(60 + values.nextInt(30)).append(' ');
    data.append(round);
    return Json.write(json("{'resourceType':'Observation','id':'" + id
        + "','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8867-4'}]},"
        + "'subject':{'reference':'Patient/p1'},'device':{'reference':'Device/d" + id.substring(60) + "'},"
        + "'effectivePeriod':{'start':'2026-11-20T10:00:00.0000000Z','end':'2126-11-20T10:59:59.9999999Z'},"
        + "'valueSampledData':{'origin':{'value':0},'period':1000,'dimensions':1,'data':'" + data + "'}}"));
  }
}
