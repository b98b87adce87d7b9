package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Change;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Transaction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class ChangeFeedTest {
  private Room room;
  private ChangeFeed feed;
  private FhirStore store;

  @BeforeEach
  void emptyFeed(Postgres postgres) {
    room = Room.open(postgres.migrated());
    feed = new ChangeFeed(room.database());
    store = new FhirStore(room.database(), Audit.log());
  }

  @AfterEach
  void close() {
    room.close();
  }

  @Test
  void whatHasChangedOfSomeTypesIsToldOnceEach() {
    ChangeFeed.Cursor begin = get(feed.head(CALLER));
    put("a", 1);
    put("a", 2);
    put("b", 1);
    get(store.update(CALLER, "Patient", "p", json("{'resourceType':'Patient'}"), OptionalInt.empty()));
    stamp();

    ChangeFeed.Touched touched = get(feed.touched(CALLER, begin, Set.of("Device", "Encounter")));

    assertEquals(Set.of("Device/a", "Device/b"), touched.references());
    assertEquals(Set.of(), get(feed.touched(CALLER, touched.head(), Set.of("Device"))).references());
    put("b", 2);
    stamp();
    assertEquals(Set.of("Device/b"), get(feed.touched(CALLER, touched.head(), Set.of("Device"))).references());
    room.sql("update feed_head set incarnation = incarnation + 1, position = 0");
    assertNull(get(feed.touched(CALLER, touched.head(), Set.of("Device"))).references(), "anything may have");
  }

  @Test
  void whatHasChangedIsToldAlsoToOneWhomNoListenerWaitsFor() {
    put("a", 1);
    stamp();
    ChangeFeed.Cursor since = get(feed.head(CALLER));
    put("b", 1);
    put("c", 1);
    stamp();
    get(feed.register(CALLER, "lake"));

    get(feed.prune());

    assertEquals(Set.of("Device/b", "Device/c"), get(feed.touched(CALLER, since, Set.of("Device"))).references());
    room.sql("update feed set stamped = now() - interval '61 seconds'");
    assertEquals(2, get(feed.prune()));
    ChangeFeed.Touched touched = get(feed.touched(CALLER, since, Set.of("Device")));
    assertNull(touched.references(), "its place is gone: anything may have");
    assertNull(get(feed.touched(CALLER, new ChangeFeed.Cursor(1, 0, null), Set.of("Device"))).references());
    assertEquals(Set.of(), get(feed.touched(CALLER, touched.head(), Set.of("Device"))).references());
  }

  @Test
  void aPlaceThatWasGivenAnewIsNotTheOneThatWasSeen() {
    assertEquals(Set.of(), get(feed.touched(CALLER, get(feed.head(CALLER)), Set.of("Device"))).references());
    put("a", 1);
    stamp();
    ChangeFeed.Cursor other = new ChangeFeed.Cursor(1, 1, UUID.randomUUID());

    assertNull(get(feed.touched(CALLER, other, Set.of("Device"))).references());
  }

  private Stored put(String id, int n) {
    return get(store.update(CALLER, "Device", id, json("{'resourceType':'Device','modelNumber':'" + n + "'}"),
        OptionalInt.empty()));
  }

  private int stamp() {
    return get(Sequencer.pass(room.database()));
  }

  private ChangeFeed.Changes read(ChangeFeed.Cursor cursor, int max) {
    return assertInstanceOf(ChangeFeed.Changes.class, get(feed.read(CALLER, cursor, max)));
  }

  private ChangeFeed.Lost lost(ChangeFeed.Cursor cursor) {
    return assertInstanceOf(ChangeFeed.Lost.class, get(feed.read(CALLER, cursor, 10)));
  }

  @Test
  void everyChangeComesOnceInOrderWithWhatHappened() {
    ChangeFeed.Cursor start = get(feed.head(CALLER));
    put("a", 1);
    put("b", 1);
    put("a", 2);
    put("a", 2);
    get(store.delete(CALLER, "Device", "b", OptionalInt.empty()));

    assertEquals(4, stamp());

    List<Change> changes = read(start, 10).changes();
    assertEquals(List.of("1 a 1 CREATE", "2 b 1 CREATE", "3 a 2 UPDATE", "4 b 2 DELETE"),
        changes.stream().map(c -> c.position() + " " + c.id() + " " + c.version() + " " + c.op()).toList());
    assertEquals("Device", changes.get(0).type());
    assertEquals(get(store.read(CALLER, "Device", "a")).updated(), changes.get(2).at());
    assertEquals(4, changes.stream().map(Change::mark).distinct().count());
  }

  @Test
  void readingGoesOnWhereItStoppedAndStaysAtTheEnd() {
    ChangeFeed.Cursor start = get(feed.head(CALLER));
    for (int i = 1; i <= 5; i++) put("p", i);
    stamp();

    ChangeFeed.Changes first = read(start, 3);
    ChangeFeed.Changes second = read(first.next(), 3);
    ChangeFeed.Changes third = read(second.next(), 3);

    assertEquals(List.of(3, 2, 0), List.of(first.changes().size(), second.changes().size(), third.changes().size()));
    assertEquals(second.next(), third.next());
    assertEquals(second.next(), get(feed.head(CALLER)));
  }

  @Test
  void nobodyWaitsForAnOpenTransactionAndItsChangeComesLater() {
    SqlConnection slow = get(room.database().pool().getConnection());
    Transaction open = get(slow.begin());
    get(slow.query("insert into change_queue (type, id, ver, op, at) values ('Device', 'slow', 1, 'C', now())")
        .execute());
    put("quick", 1);

    assertEquals(1, stamp());
    get(open.commit());
    assertEquals(1, stamp());
    get(slow.close());

    List<Change> changes = read(new ChangeFeed.Cursor(1, 0, null), 10).changes();
    assertEquals(List.of("quick", "slow"), changes.stream().map(Change::id).toList());
  }

  @Test
  void manySequencersAndWritersGiveNoGapNoRepeatAndEachResourceItsOrder() {
    AtomicInteger news = new AtomicInteger();
    room.vertx().eventBus().consumer(Addresses.CHANGES, told -> news.incrementAndGet());
    List<Sequencer> sequencers = List.of(Sequencer.start(room.database()), Sequencer.start(room.database()),
        Sequencer.start(room.database()));
    List<Future<Stored>> writes = new ArrayList<>();
    for (int version = 0; version < 10; version++) {
      for (int id = 0; id < 20; id++) {
        writes.add(store.update(CALLER, "Device", "many-" + id,
            json("{'resourceType':'Device','modelNumber':'" + version + "'}"), OptionalInt.empty()));
      }
    }
    get(Future.join(writes).otherwiseEmpty());
    long made = writes.stream().filter(Future::succeeded).count();
    Room.until("all are stamped", () -> get(feed.head(CALLER)).position() == made);
    get(Future.all(sequencers.stream().map(Sequencer::stop).toList()));

    List<Change> changes = read(new ChangeFeed.Cursor(1, 0, null), 1000).changes();
    assertEquals(LongStream.rangeClosed(1, made).boxed().toList(), changes.stream().map(Change::position).toList());
    Map<String, Integer> versions = new HashMap<>();
    changes.forEach(change -> assertEquals(versions.merge(change.id(), 1, Integer::sum), change.version()));
    Room.until("the nodes were told", () -> news.get() > 0);
  }

  @Test
  void aListenerOwnsOneDurableCursor() {
    put("x", 1);
    stamp();
    ChangeFeed.Cursor begun = get(feed.register(CALLER, "lake"));
    put("x", 2);
    stamp();
    ChangeFeed.Changes changes = read(begun, 10);

    get(feed.commit(CALLER, "lake", changes.next()));

    assertEquals(1, changes.changes().size());
    assertEquals(changes.next(), get(feed.register(CALLER, "lake")));
  }

  @Test
  void nothingIsPrunedThatAListenerHasNotSeen() {
    ChangeFeed.Cursor start = get(feed.register(CALLER, "slow"));
    get(feed.register(CALLER, "fast"));
    for (int i = 1; i <= 6; i++) put("x", i);
    stamp();
    get(feed.commit(CALLER, "fast", read(start, 6).next()));
    get(feed.commit(CALLER, "slow", read(start, 2).next()));

    assertEquals(0, get(feed.prune()), "what is not a minute old stays, whoever has seen it");
    room.sql("update feed set stamped = now() - interval '61 seconds'");
    assertEquals(1, get(feed.prune()));

    assertEquals(4, read(get(feed.register(CALLER, "slow")), 10).changes().size());
    assertEquals(get(feed.head(CALLER)), lost(new ChangeFeed.Cursor(1, 0, null)).start());
    assertEquals(1, get(feed.head(CALLER)).incarnation());
  }

  @Test
  void withoutAListenerADayIsKept() {
    for (int i = 1; i <= 3; i++) put("x", i);
    stamp();
    assertEquals(0, get(feed.prune()));
    room.sql("update feed set stamped = now() - interval '25 hours'");

    assertEquals(2, get(feed.prune()));
    assertTrue(read(get(feed.head(CALLER)), 10).changes().isEmpty());
  }

  /** As a node that has idled for a minute has them: kept on its connection. */
  private void plansOfAnEmptyFeed() {
    room.sql("alter table feed set (autovacuum_enabled = false)");
    room.sql("alter table change_queue set (autovacuum_enabled = false)");
    room.sql("analyze feed, change_queue");
    for (int i = 0; i < 60; i++) {
      stamp();
      get(feed.prune());
    }
  }

  @Test
  void aPlanMadeForAnEmptyFeedPrunesALongOneInItsTime() {
    plansOfAnEmptyFeed();
    get(feed.register(CALLER, "lake"));
    room.sql(
        """
        insert into feed select 1, n, gen_random_uuid(), 'Device', 'd' || n, 1, 'C', now(), now() - interval '61 seconds' from generate_series(1, 100000) n""");
    room.sql("update feed_head set position = 100000");
    get(feed.commit(CALLER, "lake", get(feed.head(CALLER))));

    assertEquals(List.of(20_000, 20_000), List.of(get(feed.prune()), get(feed.prune())));
  }

  @Test
  void aPlanMadeForAnEmptyQueueStampsALongOneInItsTime() {
    plansOfAnEmptyFeed();
    room.sql(
        """
        insert into change_queue (type, id, ver, op, at) select 'Device', 'd' || n, 1, 'C', now() from generate_series(1, 100000) n""");

    assertEquals(List.of(10_000, 10_000), List.of(stamp(), stamp()));
  }

  @Test
  void whileOneNodePrunesTheOthersDoNotWaitForIt() {
    for (int i = 1; i <= 3; i++) put("x", i);
    stamp();
    room.sql("update feed set stamped = now() - interval '25 hours'");
    SqlConnection other = get(room.database().pool().getConnection());
    Transaction open = get(other.begin());
    get(other.query("select pg_advisory_xact_lock(hashtext('feed'), hashtext('prune'))").execute());

    assertEquals(0, get(feed.prune()));
    get(open.rollback());
    get(other.close());
    assertEquals(2, get(feed.prune()));
  }

  @Test
  void aRestoredDatabaseIsNoticedAndRaisesTheIncarnationOnce() {
    for (int i = 1; i <= 3; i++) put("x", i);
    stamp();
    ChangeFeed.Cursor beforeTheRestore = get(feed.head(CALLER));
    ChangeFeed.Cursor other = new ChangeFeed.Cursor(1, 2, read(new ChangeFeed.Cursor(1, 0, null), 2).next().mark());
    // as after a restore of a backup taken at position 1: later positions are given anew, with new marks
    room.sql("delete from feed where position > 1");
    room.sql("update feed_head set position = 1");
    put("x", 4);
    put("x", 5);
    stamp();

    ChangeFeed.Cursor start = lost(beforeTheRestore).start();

    assertEquals(new ChangeFeed.Cursor(2, 0, null), start);
    assertEquals(start, lost(other).start());
    assertEquals(start, lost(beforeTheRestore).start());
    put("x", 6);
    stamp();
    Change next = read(start, 10).changes().get(0);
    assertEquals("1 6", next.position() + " " + next.version());
  }

  @Test
  void aCursorFromTheFutureIsNoticedToo() {
    put("x", 1);
    stamp();

    assertEquals(8, lost(new ChangeFeed.Cursor(7, 5, UUID.randomUUID())).start().incarnation());
    assertEquals(9, lost(new ChangeFeed.Cursor(8, 99, UUID.randomUUID())).start().incarnation());
  }
}
