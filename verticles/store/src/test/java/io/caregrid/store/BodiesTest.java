package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class BodiesTest {
  private static final Instant TEN_THIRTY = Instant.parse("2026-11-20T10:30:00Z");
  private static final long MUCH = 1_000_000;
  private Room room;
  private FhirStore store;
  private ShardStore shards;
  private Bodies bodies;
  private Export export;
  private final ShardKey key = new ShardKey(ShardKey.STORE, UUID.randomUUID(), 0, 0);

  @BeforeEach
  void emptyStore(Postgres postgres) {
    room = Room.open(postgres.migrated());
    store = new FhirStore(room.database(), Audit.log());
    shards = new ShardStore(room.database(), Clock.fixed(TEN_THIRTY, ZoneOffset.UTC));
    bodies = new Bodies(room.database());
    export = new Export(room.database());
    get(shards.seed(CALLER, key, 1, 0));
  }

  @AfterEach
  void close() {
    room.close();
  }

  private void put(String id, String value) {
    get(store.update(CALLER, "Observation", id, json("{'resourceType':'Observation','status':'final','valueString':'"
        + value + "'}"), OptionalInt.empty()));
  }

  private void delete(String id) {
    get(store.delete(CALLER, "Observation", id, OptionalInt.empty()));
  }

  /** An hour, 10:00 to 11:00, still open. */
  private void device(String id, String data) {
    byte[] written = Json.write(json("{'resourceType':'Observation','id':'" + id
        + "','status':'final','effectivePeriod':{'start':'2026-11-20T10:00:00Z','end':'2026-11-20T10:59:59.9999999Z'},"
        + "'valueSampledData':{'data':'" + data + "'}}"));
    get(shards.inShard(CALLER, key, tx -> tx.lockObservations(List.of(id))
        .compose(before -> tx.writeObservations(List.of(new ShardStore.DeviceWrite(id, written, before.get(id)))))));
  }

  private static Bodies.Wanted wanted(String id, int version) {
    return new Bodies.Wanted(id, version);
  }

  private static List<String> told(List<Bodies.Found> found) {
    return found.stream()
        .map(f -> f.stored().id() + " " + f.stored().version() + (f.stored().deleted() ? " gone" : "")
            + (f.device() ? " device" : ""))
        .toList();
  }

  @Test
  void currentAndEarlierVersionsAndDeletionsComeAsTheyWereWantedWithOneNumberForEachResource() {
    put("a", "one");
    put("b", "one");
    put("a", "two");
    delete("b");

    Bodies.Piece piece = get(bodies.find(CALLER, "Observation",
        List.of(wanted("b", 2), wanted("a", 1), wanted("a", 2), wanted("b", 1)), MUCH));

    assertEquals(List.of("b 2 gone", "a 1", "a 2", "b 1"), told(piece.found()));
    assertEquals(4, piece.looked());
    assertNull(piece.found().get(0).stored().body());
    assertEquals(get(store.vread(CALLER, "Observation", "a", 1)).body(), piece.found().get(1).stored().body());
    assertEquals(piece.found().get(1).sid(), piece.found().get(2).sid());
    assertTrue(piece.found().get(0).sid() > piece.found().get(1).sid());
  }

  @Test
  void aVersionThatAShardHasOverwrittenIsNotFoundAndWasADevices() {
    device("d", "70");
    device("d", "70 71");
    put("d", "of a person");
    put("e", "of a person");

    List<Bodies.Wanted> all = List.of(wanted("d", 1), wanted("d", 2), wanted("d", 3), wanted("e", 1));

    Bodies.Piece piece = get(bodies.find(CALLER, "Observation", all, MUCH));
    assertEquals(List.of("d 2 device", "d 3", "e 1"), told(piece.found()));
    assertEquals(4, piece.looked());
    assertEquals(Set.of(wanted("d", 1), wanted("d", 2)), get(bodies.ofDevices(CALLER, "Observation", all)));
  }

  @Test
  void aBodyThatCannotBeReadIsSaidAndTheOthersCome() {
    put("a", "one");
    put("b", "x".repeat(1_000));
    put("c", "three");
    get(room.database().ask("update r_observation set body = '\\x09' where id = 'a'", Tuple.tuple()));
    get(room.database().ask("update r_observation set body = substring(body for 40) where id = 'b'", Tuple.tuple()));

    List<Bodies.Found> found = get(bodies.find(CALLER, "Observation",
        List.of(wanted("a", 1), wanted("b", 1), wanted("c", 1)), MUCH)).found();
    Export.Page page = get(export.page(CALLER, "Observation", Export.Place.START, MUCH));

    assertEquals(found, page.rows().stream().map(Export.Exported::found).toList());
    assertEquals(
        Arrays.asList("a body with flag 9 was written by a newer Caregrid", "a stored body is cut short", null),
        found.stream().map(Bodies.Found::damage).toList());
    assertNull(found.get(0).stored().body());
    assertEquals(get(store.read(CALLER, "Observation", "c")).body(), found.get(2).stored().body());
  }

  @Test
  void whatDoesNotFitComesWithTheNextQuestionAndOneAlwaysFits() {
    List<Bodies.Wanted> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      put("p" + i, "x".repeat(100));
      all.add(wanted("p" + i, 1));
    }

    Bodies.Piece one = get(bodies.find(CALLER, "Observation", all, 1));
    Bodies.Piece two = get(bodies.find(CALLER, "Observation", all.subList(1, 5), 300));

    assertEquals(List.of("p0 1"), told(one.found()));
    assertEquals(1, one.looked());
    assertEquals(List.of("p1 1", "p2 1"), told(two.found()));
  }

  @Test
  void anExportHasEveryVersionOfEveryResourceOnceInOrderOfCreationWhateverThePages() {
    IntStream.range(0, 7).forEach(i -> put("r" + i, "one"));
    IntStream.rangeClosed(2, 6).forEach(version -> put("r3", "version " + version));
    delete("r5");
    device("d", "70");

    for (long bytes : new long[] {1, 400, MUCH}) {
      List<String> read = new ArrayList<>();
      Export.Page page = get(export.page(CALLER, "Observation", Export.Place.START, bytes));
      for (; !page.rows().isEmpty(); page = get(export.page(CALLER, "Observation", page.end(), bytes)))
        page.rows().forEach(r -> read.add(told(List.of(r.found())).get(0) + (r.current() ? " current" : "")));

      assertEquals(List.of("r0 1 current", "r1 1 current", "r2 1 current", "r3 1", "r3 2", "r3 3", "r3 4", "r3 5",
          "r3 6 current", "r4 1 current", "r5 1", "r5 2 gone current", "r6 1 current", "d 1 device current"), read);
    }
  }

  @Test
  void whatChangesBehindTheLastOfAPageIsLeftToTheFeedSoThatAResourceIsCurrentOnce() {
    put("a", "one");
    put("b", "one");
    Export.Page first = get(export.page(CALLER, "Observation", Export.Place.START, 1));
    put("a", "two");

    Export.Page second = get(export.page(CALLER, "Observation", first.end(), MUCH));

    assertEquals(List.of("a 1"), told(first.rows().stream().map(Export.Exported::found).toList()));
    assertEquals(List.of("b 1"), told(second.rows().stream().map(Export.Exported::found).toList()));
  }

  @Test
  void whatCanBeSeenHasItsPlaceInTheFeedBeforeSeenSaysSo() {
    put("a", "one");
    Sequencer sequencer = Sequencer.start(room.database());

    ChangeFeed.Cursor seen = get(export.seen(CALLER));

    assertEquals(1, seen.position());
    get(sequencer.stop());
  }
}
