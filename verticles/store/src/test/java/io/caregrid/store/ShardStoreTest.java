package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.body;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.Source;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class ShardStoreTest {
  private static final Instant TEN_THIRTY = Instant.parse("2026-11-20T10:30:00Z");
  private final UUID topic = UUID.randomUUID();
  private Room room;
  private ShardStore shards;
  private FhirStore store;

  @BeforeEach
  void seed(Room room) {
    this.room = room;
    shards = new ShardStore(room.database(), Clock.fixed(TEN_THIRTY, ZoneOffset.UTC));
    store = new FhirStore(room.database(), Audit.log());
    get(shards.seed(CALLER, key(0), 4, 100));
  }

  private ShardKey key(int shard) {
    return new ShardKey(ShardKey.STORE, topic, 0, shard);
  }

  /** An hour of heart rate, 10:00 to 11:00. */
  private static byte[] observation(String id, String data) {
    return Json.write(json("{'resourceType':'Observation','id':'" + id
        + "','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8867-4'}]},"
        + "'subject':{'reference':'Patient/p1'},'device':{'reference':'Device/d1'},"
        + "'effectivePeriod':{'start':'2026-11-20T10:00:00.0000000Z','end':'2026-11-20T10:59:59.9999999Z'},'valueSampledData':{'data':'"
        + data + "'}}"));
  }

  private static String data(Stored stored) {
    return body(stored).at("/valueSampledData/data").asText();
  }

  /** Locks, writes this data under each id, advances by one. */
  private Future<Void> write(ShardStore shards, int shard, List<String> ids, String data) {
    return shards.inShard(CALLER, key(shard), tx -> tx.lockObservations(ids)
        .compose(before -> tx.writeObservations(ids.stream()
            .map(id -> new ShardStore.DeviceWrite(id, observation(id, data), before.get(id)))
            .toList()))
        .compose(written -> tx.advance(tx.progress().after(tx.progress().applied() + 1, Map.of()))));
  }

  @Test
  void seedingStartsEachShardOnceAndAgainChangesNothing() {
    get(shards.inShard(CALLER, key(1), tx -> tx.advance(tx.progress().after(150, Map.of()))));

    get(shards.seed(CALLER, key(0), 6, 7));

    assertEquals(new Progress(150, Map.of()), get(shards.progress(CALLER, key(1))));
    assertEquals(new Progress(100, Map.of()), get(shards.progress(CALLER, key(3))));
    assertEquals(new Progress(7, Map.of()), get(shards.progress(CALLER, key(5))));
    fails(Failure.NotFound.class, 404, shards.progress(CALLER, key(6)));
    fails(Failure.NotFound.class, 404, shards.inShard(CALLER, key(6), tx -> Future.succeededFuture()));
  }

  @Test
  void theHighestEpochIsFound() {
    assertEquals(0, get(shards.epoch(CALLER, ShardKey.STORE, UUID.randomUUID())));
    get(shards.seed(CALLER, new ShardKey(ShardKey.STORE, topic, 3, 0), 1, 0));

    assertEquals(3, get(shards.epoch(CALLER, ShardKey.STORE, topic)));
  }

  @Test
  void progressKeepsSourceMarksExactly() {
    Source mark = new Source(UUID.randomUUID(), 3, Long.MAX_VALUE, 41);
    get(shards.inShard(CALLER, key(0), tx -> tx.advance(tx.progress().after(123, Map.of(mark.stream(), mark)))));

    Progress progress = get(shards.progress(CALLER, key(0)));

    assertEquals(new Progress(123, Map.of(mark.stream(), mark)), progress);
    assertFalse(progress.isNew(mark));
  }

  @Test
  void ofWhatWasErasedNothingComesBackWhenItsDeviceWritesItAgain() {
    get(write(shards, 0, List.of("e1"), "1 2"));
    get(store.erase(CALLER, "Observation", "e1", OptionalInt.empty()));
    get(write(shards, 0, List.of("e1"), "1 2 3"));

    List<Stored> history = get(store.history(CALLER, "Observation", "e1", new HistoryQuery(10, null, null))).entries();
    assertEquals(List.of(3), history.stream().map(Stored::version).toList());
    assertEquals("1 2 3", data(history.get(0)));
    assertEquals(0, room.count("from h_observation where id = 'e1'"));
  }

  @Test
  void whatFailsLeavesNeitherDataNorProgress() {
    Future<Void> failing = shards.inShard(CALLER, key(0), tx -> tx.lockObservations(List.of("f1"))
        .compose(none -> tx.writeObservations(List.of(new ShardStore.DeviceWrite("f1", observation("f1", "1"), null))))
        .compose(done -> tx.advance(tx.progress().after(101, Map.of())))
        .compose(done -> Future.failedFuture(new Failure.Invalid("poison"))));

    fails(Failure.Invalid.class, 400, failing);

    fails(Failure.NotFound.class, 404, store.read(CALLER, "Observation", "f1"));
    assertEquals(100, get(shards.progress(CALLER, key(0))).applied());
    assertEquals(0, room.count("from change_queue where id = 'f1'"));
  }

  /** Who indexes anew leaves a row alone that somebody changed meanwhile. */
  @Test
  void whatAnOlderVersionIndexedIsIndexedAnewByADeviceThatOnlyAddsSamples() {
    get(write(shards, 0, List.of("old-1"), "70"));
    room.sql("update r_observation set tok = '{}', fp = 0 where id = 'old-1'");
    room.sql("insert into reindexing (type, most) select 'Observation', max(sid) from r_observation");
    try {
      get(write(new ShardStore(room.database()), 0, List.of("old-1"), "70 71"));
    } finally {
      room.sql("delete from reindexing where type = 'Observation'");
    }

    assertEquals(1, room.count("from r_observation where id = 'old-1' and ver = 2 and fp <> 0 and tok <> '{}'"));
  }

  @Test
  void aMergeReplacesTheDevicesOwnVersionWithoutHistory() {
    get(write(shards, 0, List.of("m1"), "70"));
    get(write(shards, 0, List.of("m1"), "70 71"));

    Stored now = get(store.read(CALLER, "Observation", "m1"));

    assertEquals(2, now.version());
    assertEquals("70 71", data(now));
    assertEquals("2", body(now).at("/meta/versionId").asText());
    fails(Failure.NotFound.class, 404, store.vread(CALLER, "Observation", "m1", 1));
    assertEquals(102, get(shards.progress(CALLER, key(0))).applied());
    assertEquals(2, room.count("from change_queue where id = 'm1'"));
  }

  @Test
  void aPersonsVersionGoesToHistoryBeforeADeviceWritesOverIt() {
    get(write(shards, 0, List.of("p1"), "70"));
    get(store.update(CALLER, "Observation", "p1", Json.read(observation("p1", "by hand")), OptionalInt.empty()));
    get(write(shards, 0, List.of("p1"), "70 71"));

    assertEquals("70", data(get(store.vread(CALLER, "Observation", "p1", 1))));
    assertEquals("by hand", data(get(store.vread(CALLER, "Observation", "p1", 2))));
    assertEquals("70 71", data(get(store.read(CALLER, "Observation", "p1"))));
  }

  @Test
  void whatAPersonPutIntoMetaStaysWhenTheDeviceGoesOn() {
    get(write(shards, 0, List.of("t1"), "70"));
    ObjectNode tagged = Json.read(observation("t1", "70"));
    tagged.putObject("meta").putArray("tag").addObject().put("code", "research");
    get(store.update(CALLER, "Observation", "t1", tagged, OptionalInt.empty()));
    get(write(shards, 0, List.of("t1"), "70 71"));
    get(write(shards, 0, List.of("t1"), "70 71 72"));

    Stored now = get(store.read(CALLER, "Observation", "t1"));

    assertEquals("70 71 72", data(now));
    assertEquals("research", body(now).at("/meta/tag/0/code").asText());
    assertEquals("4", body(now).at("/meta/versionId").asText());
  }

  @Test
  void whatCaptureRulesKnowChangesWithTheBatchAndGoesWithItsDeviceOrPatient() {
    for (String type : List.of("Device", "Patient"))
      get(store.update(CALLER, type, "cap-1",
          Json.MAPPER.createObjectNode().put("resourceType", type).put("id", "cap-1"), OptionalInt.empty()));
    List<ShardStore.Captured> states = List.of(new ShardStore.Captured("k1", "cap-1", "x", "one"),
        new ShardStore.Captured("k2", "x", "cap-1", "two"), new ShardStore.Captured("k3", "x", "x", "three"));
    get(shards.inShard(CALLER, key(1), tx -> tx.keepCaptured(states)));
    fails(Failure.Busy.class, 503, shards.inShard(CALLER, key(1), tx -> tx.keepCaptured(
        List.of(new ShardStore.Captured("k3", "x", "x", "lost")))
        .compose(kept -> Future.failedFuture(new Failure.Busy("no")))));
    get(shards.inShard(CALLER, key(1),
        tx -> tx.keepCaptured(List.of(new ShardStore.Captured("k1", "cap-1", "x", "ONE")))));

    assertEquals(Map.of("k1", "ONE", "k2", "two", "k3", "three"), captured());
    assertEquals(Map.of(), get(shards.inShard(CALLER, key(2), tx -> tx.captured(List.of("k1")))));
    get(store.erase(CALLER, "Patient", "cap-1", OptionalInt.empty()));
    assertEquals(Map.of("k1", "ONE", "k3", "three"), captured());
    get(store.erase(CALLER, "Device", "cap-1", OptionalInt.empty()));
    assertEquals(Map.of("k3", "three"), captured());
    get(shards.inShard(CALLER, key(1), tx -> tx.keepCaptured(states)));
    assertEquals(Map.of("k3", "three"), captured(), "nothing of whom was erased comes back");
  }

  @Test
  void whatCaptureRulesKnowGoesWhenNothingComesForAMonth() {
    room.withinADay();
    List<ShardStore.Captured> states = List.of(new ShardStore.Captured("k1", "x", "x", "one"),
        new ShardStore.Captured("k2", "x", "x", "two"), new ShardStore.Captured("k3", "x", "x", "three"));
    get(shards.inShard(CALLER, key(1), tx -> tx.keepCaptured(states)));
    room.sql("update capture_state set day = current_date - 31 where key in ('k1', 'k2')");
    room.sql("update capture_state set day = current_date - 30 where key = 'k3'");

    get(shards.inShard(CALLER, key(1), tx -> tx.keepCaptured(states.subList(0, 1))));

    assertEquals(Map.of("k1", "one", "k3", "three"), captured());
  }

  private Map<String, String> captured() {
    return get(shards.inShard(CALLER, key(1), tx -> tx.captured(List.of("k1", "k2", "k3", "k4"))));
  }

  @Test
  void profilesOfTheMappingStandBesideWhatAPersonPutThere() {
    ObjectNode tagged = Json.read(observation("pr1", "70"));
    tagged.putObject("meta").putArray("profile").add("http://person").add("http://mapping");
    ObjectNode profiled = Json.read(observation("pr1", "70 71"));
    profiled.putObject("meta").put("versionId", "99").putArray("profile").add("http://mapping").add("http://other");
    get(shards.inShard(CALLER, key(0), tx -> tx.writeObservations(
        List.of(new ShardStore.DeviceWrite("pr1", Json.write(profiled), null)))));
    Stored first = get(store.read(CALLER, "Observation", "pr1"));
    get(store.update(CALLER, "Observation", "pr1", tagged, OptionalInt.empty()));
    get(shards.inShard(CALLER, key(0), tx -> tx.lockObservations(List.of("pr1"))
        .compose(before -> tx.writeObservations(
            List.of(new ShardStore.DeviceWrite("pr1", Json.write(profiled), before.get("pr1")))))));

    Stored now = get(store.read(CALLER, "Observation", "pr1"));

    assertEquals("[\"http://mapping\",\"http://other\"]", body(first).at("/meta/profile").toString());
    assertEquals("1", body(first).at("/meta/versionId").asText());
    assertEquals("[\"http://person\",\"http://mapping\",\"http://other\"]", body(now).at("/meta/profile").toString());
    assertEquals("3", body(now).at("/meta/versionId").asText());
    assertEquals("70 71", data(now));
  }

  @Test
  void aBodyIsTheSameWhetherItsBytesWereCopiedOrWrittenAnew() {
    byte[] asFolded = observation("w1", "70 71");
    byte[] otherOrder = Json.write(Json.read(asFolded).without("resourceType"));
    ObjectNode meta = Json.meta(3, TEN_THIRTY, null);

    byte[] copied = Json.stampedBytes("Observation", "w1", meta, Json.read(asFolded), asFolded);
    byte[] anew = Json.stampedBytes("Observation", "w1", meta, Json.read(otherOrder), otherOrder);

    assertEquals(new String(anew, UTF_8), new String(copied, UTF_8));
    assertEquals("Observation", Json.read(copied).path("resourceType").asText());
  }

  @Test
  void aSecondWriteInOneTransactionGoesOnFromTheFirst() {
    get(write(shards, 0, List.of("t2"), "70"));
    ObjectNode labelled = Json.read(observation("t2", "70"));
    labelled.putObject("meta").putArray("security").addObject().put("code", "R");
    get(store.update(CALLER, "Observation", "t2", labelled, OptionalInt.of(1)));

    get(shards.inShard(CALLER, key(0), tx -> tx.lockObservations(List.of("t2"))
        .compose(before -> tx.writeObservations(
            List.of(new ShardStore.DeviceWrite("t2", observation("t2", "70 71"), before.get("t2")))))
        .compose(once -> tx.writeObservations(
            List.of(new ShardStore.DeviceWrite("t2", observation("t2", "70 71 72"), null))))));

    Stored now = get(store.read(CALLER, "Observation", "t2"));
    assertEquals("70 71 72", data(now));
    assertEquals("4", body(now).at("/meta/versionId").asText());
    assertEquals("R", body(now).at("/meta/security/0/code").asText());
  }

  @Test
  void aVersionWrittenAfterItsPeriodHadEndedGoesToHistory() {
    ShardStore late = new ShardStore(room.database(),
        Clock.fixed(Instant.parse("2026-11-20T11:00:00Z"), ZoneOffset.UTC));
    get(write(shards, 0, List.of("c1"), "70"));
    get(write(late, 0, List.of("c1"), "70 71"));
    get(write(late, 0, List.of("c1"), "70 71 72"));

    fails(Failure.NotFound.class, 404, store.vread(CALLER, "Observation", "c1", 1));
    assertEquals("70 71", data(get(store.vread(CALLER, "Observation", "c1", 2))));
    assertEquals("70 71 72", data(get(store.vread(CALLER, "Observation", "c1", 3))));
  }

  @Test
  void aDeletedObservationIsSeenAsDeletedAndItsDeletionStaysInHistory() {
    get(write(shards, 0, List.of("d1"), "70"));
    get(store.delete(CALLER, "Observation", "d1", OptionalInt.empty()));

    Map<String, Stored> seen = get(shards.inShard(CALLER, key(0), tx -> tx.lockObservations(List.of("d1"))));
    get(write(shards, 0, List.of("d1"), "71"));

    assertTrue(seen.get("d1").deleted());
    assertEquals(3, get(store.read(CALLER, "Observation", "d1")).version());
    fails(Failure.Gone.class, 410, store.vread(CALLER, "Observation", "d1", 2));
  }

  @Test
  void aMergeThatMovesAnIndexedValueIsFoundUnderTheNewOne() {
    get(write(shards, 0, List.of("i1"), "70"));
    get(shards.inShard(CALLER, key(0), tx -> tx.lockObservations(List.of("i1"))
        .compose(before -> tx.writeObservations(List.of(new ShardStore.DeviceWrite("i1",
            new String(observation("i1", "70")).replace("final", "amended").getBytes(), before.get("i1")))))));

    long amended = Hash.of("status=amended");
    assertEquals(1, room.count("from r_observation where id = 'i1' and tok @> array[$1]::bigint[]", amended));
  }

  @Test
  void aMergeTouchesNoIndex() {
    List<String> ids = IntStream.range(0, 20).mapToObj(i -> "hot-" + i).toList();
    get(write(shards, 0, ids, "70"));
    String indexed = "select id, sid, pat, fp, d0, hour, tok::text from r_observation where id like 'hot-%' order by id";
    List<String> before = new ArrayList<>();
    room.sql(indexed).forEach(row -> before.add(row.deepToString()));

    get(write(shards, 0, ids, "70 71 72 73"));

    List<String> after = new ArrayList<>();
    room.sql(indexed).forEach(row -> after.add(row.deepToString()));
    assertEquals(before, after);
  }

  @Test
  void twoBatchesOfOneShardTakeTurns() {
    Promise<Void> hold = Promise.promise();
    List<Long> seen = Collections.synchronizedList(new ArrayList<>());
    Future<Void> first = shards.inShard(CALLER, key(0), tx -> {
      seen.add(tx.progress().applied());
      return hold.future().compose(go -> tx.advance(tx.progress().after(200, Map.of())));
    });
    Room.until("the first holds the row", () -> seen.size() == 1);
    Future<Void> second = shards.inShard(CALLER, key(0), tx -> {
      seen.add(tx.progress().applied());
      return Future.succeededFuture();
    });
    Room.until("the second waits for it",
        () -> room.count("from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") == 1);

    hold.complete();
    get(Future.all(first, second));

    assertEquals(List.of(100L, 200L), seen);
  }

  @Test
  void shardsThatShareObservationsNeitherDeadlockNorLoseAWrite() {
    List<String> ids = IntStream.range(0, 40).mapToObj(i -> "share-" + i).toList();
    get(write(shards, 0, ids, "start"));
    Random random = new Random(7);

    List<Future<Void>> racing = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      for (int shard = 0; shard < 4; shard++) {
        List<String> shuffled = new ArrayList<>(ids);
        Collections.shuffle(shuffled, random);
        racing.add(writeInItsTurn(shard, shuffled, "r" + round + "s" + shard));
      }
    }
    get(Future.all(racing));

    assertEquals(40, room.count("from r_observation where id like 'share-%' and ver = 41"));
  }

  @Test
  void twoShardsThatMakeTheSameObservationGiveOneAndAConflict() {
    Promise<Void> made = Promise.promise();
    Promise<Void> hold = Promise.promise();
    Future<Void> first = shards.inShard(CALLER, key(0), tx -> tx.lockObservations(List.of("both"))
        .compose(
            none -> tx.writeObservations(List.of(new ShardStore.DeviceWrite("both", observation("both", "a"), null))))
        .onComplete(made)
        .compose(done -> hold.future()));
    get(made.future());
    Future<Void> second = shards.inShard(CALLER, key(1), tx -> tx.lockObservations(List.of("both"))
        .compose(
            none -> tx.writeObservations(List.of(new ShardStore.DeviceWrite("both", observation("both", "b"), null)))));
    Room.until("one waits for the other",
        () -> room.count("from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") == 1);

    hold.complete();

    List<Throwable> failures = get(Future.join(first, second)
        .transform(done -> Future.succeededFuture(
            java.util.stream.Stream.of(first, second).filter(Future::failed).map(Future::cause).toList())));
    assertEquals(1, failures.size());
    assertEquals(409, ((Failure) failures.get(0)).status);
  }

  @Test
  void aLargeBatchComesBackAsItWentIn() {
    List<String> ids = IntStream.range(0, 2500).mapToObj(i -> String.format("large-%04d", i)).toList();
    get(write(shards, 0, ids, "70 71 ".repeat(20)));

    Map<String, Stored> back = get(shards.inShard(CALLER, key(0), tx -> tx.lockObservations(ids)));

    assertEquals(ids, List.copyOf(back.keySet()));
    assertEquals("70 71 ".repeat(20), data(back.get("large-2499")));
  }

  @Test
  void deadLettersAreKeptOnceWithTheBatchThatStepsOverThem() {
    Source source = new Source(UUID.randomUUID(), 1, 5, 0);
    DeadLetter letter = new DeadLetter(source, "no-template", "nothing fits\0", "dev\0ice",
        Buffer.buffer(new byte[] {0, 1, -1}), TEN_THIRTY);
    DeadLetters letters = new DeadLetters(room.database());
    for (int i = 0; i < 2; i++) {
      get(shards.inShard(CALLER, key(0),
          tx -> tx.keep(List.of(letter)).compose(kept -> tx.advance(tx.progress().after(101, Map.of())))));
    }
    get(letters.keep(CALLER, List.of(letter)));

    DeadLetter kept = get(letters.newest(CALLER, 10)).get(0);
    assertEquals(1, get(letters.count(CALLER)));
    assertEquals(source, kept.source());
    assertEquals("dev\uFFFDice", kept.device());
    assertEquals(letter.payload(), kept.payload());
    assertEquals(List.of(), get(letters.older(CALLER, 10, source)));
  }

  @Test
  void bundlesAndDevicesThatWriteTheSameObservationsAllGetThrough() {
    List<String> ids = IntStream.range(0, 8).mapToObj(i -> topic + "-" + i).toList();
    List<String> back = new ArrayList<>(ids);
    Collections.reverse(back);
    get(write(shards, 0, ids.subList(2, 5), "0"));

    List<Future<?>> racing = new ArrayList<>();
    for (int n = 1; n <= 10; n++) {
      racing.add(writeUntilItIsThere(n % 4, n % 2 == 0 ? ids : back, "d" + n));
      List<Step> steps = new ArrayList<>();
      for (String id : n % 2 == 0 ? back : ids) {
        ObjectNode person = Json.read(observation(id, "p" + n));
        steps.add(new Step.Update(null, "Observation", id, null, person, Demand.NONE));
      }
      racing.add(store.transaction(CALLER, steps));
      racing.add(store.update(CALLER, "Observation", ids.get(n % 8), Json.read(observation(ids.get(n % 8), "s" + n)),
          OptionalInt.empty()));
    }
    get(Future.all(racing));

    int versions = ids.stream().mapToInt(id -> get(store.read(CALLER, "Observation", id)).version()).sum();
    assertEquals(3 + 10 * 8 + 10 * 8 + 10, versions, "nobody's write was lost");
  }

  /** Whoever gets no connection in time has begun nothing. */
  private Future<Void> writeInItsTurn(int shard, List<String> ids, String data) {
    return write(shards, shard, ids, data).recover(
        cause -> cause instanceof Failure.Busy ? writeInItsTurn(shard, ids, data) : Future.failedFuture(cause));
  }

  /** As a shard does. */
  private Future<Void> writeUntilItIsThere(int shard, List<String> ids, String data) {
    return writeInItsTurn(shard, ids, data).recover(cause -> cause instanceof Failure.Conflict
        ? writeUntilItIsThere(shard, ids, data)
        : Future.failedFuture(cause));
  }
}
