package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.body;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.FhirConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Single writes that come at once, patches, versioning policies, hard deletes, and the histories of many. */
@ExtendWith(Room.Key.class)
class WritesTest {
  private static final OptionalInt ANY = OptionalInt.empty();
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    store = store(FhirConfig.DEFAULT);
  }

  private FhirStore store(FhirConfig config) {
    return new FhirStore(room.database(), entry -> Future.succeededFuture(), config);
  }

  private static ObjectNode patient(String family) {
    return json("{'resourceType':'Patient','name':[{'family':'" + family + "'}]}");
  }

  @Test
  void sixtyFourWritersOfOneIdMakeOneVersionEach() {
    get(store.update(CALLER, "Patient", "sixty", patient("start"), ANY));

    List<Future<Stored>> racing = IntStream.range(0, 64)
        .mapToObj(i -> store.update(CALLER, "Patient", "sixty", patient("w" + i), ANY))
        .toList();
    get(Future.all(racing));

    assertEquals(64, racing.stream().map(done -> done.result().version()).distinct().count());
    assertEquals(65, get(store.read(CALLER, "Patient", "sixty")).version());
    assertEquals(65,
        get(store.history(CALLER, "Patient", "sixty", new HistoryQuery(1, null, null))).total().getAsLong());
    assertEquals(65, room.count("from change_queue where id = 'sixty'"));
  }

  /** The body in its row is made to say what comes next: who reads it takes that for no change. */
  @Test
  void whatThisNodeHasWrittenLastIsReplacedWithoutBeingRead() {
    get(store.update(CALLER, "Patient", "known", patient("first"), ANY));
    get(store.update(CALLER, "Patient", "known", patient("second"), ANY));
    room.sql("update r_patient set body = (select body from h_patient where id = 'known') where id = 'known'");

    Stored read = get(store(FhirConfig.DEFAULT).update(CALLER, "Patient", "known", patient("first"), ANY));
    Stored third = get(store.update(CALLER, "Patient", "known", patient("first"), OptionalInt.of(2)));

    assertEquals(2, read.version());
    assertEquals(3, third.version());
    assertEquals(third, get(store.read(CALLER, "Patient", "known")));
  }

  @Test
  void whatAnotherNodeWroteMeanwhileIsNeitherLostNorTakenForOurs() {
    FhirStore other = store(FhirConfig.DEFAULT);
    get(store.update(CALLER, "Patient", "shared", patient("a"), ANY));
    get(store.update(CALLER, "Patient", "shared", patient("b"), ANY));
    get(other.update(CALLER, "Patient", "shared", patient("c"), ANY));

    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, "Patient", "shared", patient("d"), OptionalInt.of(2)));
    assertEquals(4, get(store.update(CALLER, "Patient", "shared", patient("d"), ANY)).version());
    Stored fifth = get(other.update(CALLER, "Patient", "shared", patient("e"), OptionalInt.of(4)));
    assertEquals(fifth.unchanged(), get(store.update(CALLER, "Patient", "shared", patient("e"), OptionalInt.of(5))));
    get(store.update(CALLER, "Patient", "shared", patient("f"), ANY));
    get(other.delete(CALLER, "Patient", "shared", ANY));
    assertEquals(8, get(store.update(CALLER, "Patient", "shared", patient("f"), ANY)).version());

    List<Stored> versions = get(store.history(CALLER, "Patient", "shared", new HistoryQuery(20, null, null))).entries();
    assertEquals(List.of("f", "deleted", "f", "e", "d", "c", "b", "a"), versions.stream()
        .map(one -> one.deleted() ? "deleted" : body(one).at("/name/0/family").asText())
        .toList());
  }

  @Test
  void whereAVersionHasToBeNamedWhatOthersDeletedIsBroughtBackWithoutOne() {
    FhirStore careful = store(new FhirConfig(Map.of("versioned-update", List.of("*"))));
    get(careful.update(CALLER, "Patient", "back", patient("a"), ANY));
    get(store.delete(CALLER, "Patient", "back", ANY));
    assertEquals(3, get(careful.update(CALLER, "Patient", "back", patient("b"), ANY)).version());

    get(careful.transaction(CALLER, List.of(new Step.Delete("Patient", "back", null, ANY, false))));
    assertEquals(5, get(careful.update(CALLER, "Patient", "back", patient("c"), ANY)).version());
    fails(Failure.PreconditionFailed.class, 412, careful.update(CALLER, "Patient", "back", patient("d"), ANY));
  }

  /** Of rows that nobody holds: who goes by what another node has replaced reads, and stands in no line for those that are held. */
  @Test
  void whoeverIsBehindWaitsForNobodyWhoWaitsForRows() {
    int rows = room.config().poolSize();
    FhirStore other = store(FhirConfig.DEFAULT);
    ObjectNode device = json("{'resourceType':'Device','modelNumber':'m'}");
    for (int i = 0; i < 8; i++) {
      get(store.update(CALLER, "Patient", "behind-" + i, patient("a"), ANY));
      get(other.update(CALLER, "Patient", "behind-" + i, patient("b"), ANY));
    }
    for (int i = 0; i < rows; i++) get(store.update(CALLER, "Device", "stands-" + i, device, ANY));
    SqlConnection holder = get(room.database().pool().getConnection());
    get(holder.query("begin").execute());
    get(holder.query("select 1 from r_device where id like 'stands-%' for update").execute());
    List<Future<Stored>> held = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      int row = i;
      held.add(Room.patiently(() -> store.update(CALLER, "Device", "stands-" + row,
          device.deepCopy().put("modelNumber", "n"), ANY)));
    }
    try {
      Room.until("as many wait aside as there is room for", () -> waitingForLocks() > room.config().poolSize() / 4);

      List<Future<Stored>> behind = IntStream.range(0, 8)
          .mapToObj(i -> store.update(CALLER, "Patient", "behind-" + i, patient("c"), ANY))
          .toList();
      get(Future.all(behind)); // in the line it would be sent away with 503

      behind.forEach(one -> assertEquals(3, one.result().version()));
    } finally {
      get(holder.query("rollback").execute());
      get(holder.close());
    }
    get(Future.all(held)).<Stored>list().forEach(one -> assertEquals(2, one.version()));
  }

  @Test
  void whatThisNodeHasWrittenLastAndSaysTheSameMakesNoVersion() {
    Stored made = get(store.create(CALLER, "Patient", patient("same")));

    assertEquals(made.unchanged(), get(store.update(CALLER, "Patient", made.id(), patient("same"), ANY)));
    Stored other = get(store.update(CALLER, "Patient", made.id(), patient("other"), OptionalInt.of(1)));
    assertEquals(other.unchanged(), get(store.update(CALLER, "Patient", made.id(), patient("other"), ANY)));
    assertEquals(2, other.version());
  }

  @Test
  void creatorsOfOneIdMakeItOnceAndTheOthersUpdateIt() {
    List<Future<Stored>> racing = IntStream.range(0, 32)
        .mapToObj(i -> store.update(CALLER, "Patient", "born", patient("b" + i), ANY))
        .toList();
    get(Future.all(racing));

    assertEquals(1, racing.stream().filter(done -> done.result().created()).count());
    assertEquals(32, get(store.read(CALLER, "Patient", "born")).version());
  }

  @Test
  void aThousandWritesAtOnceAreAllThereEachUnderItsOwnId() {
    List<Future<Stored>> made = IntStream.range(0, 1_000)
        .mapToObj(i -> store.create(CALLER, i % 2 == 0 ? "Patient" : "Device",
            i % 2 == 0 ? patient("p" + i) : json("{'resourceType':'Device','modelNumber':'m" + i + "'}")))
        .toList();
    get(Future.all(made));
    List<Future<Stored>> read = made.stream()
        .map(one -> store.read(CALLER, one.result().type(), one.result().id()))
        .toList();
    get(Future.all(read));

    assertEquals(1_000, made.stream().map(one -> one.result().id()).distinct().count());
    for (int i = 0; i < made.size(); i++) assertEquals(made.get(i).result(), read.get(i).result());
    assertEquals(1, get(store.search(CALLER, new SearchQuery("Patient",
        List.of(new SearchQuery.Param("family", "p998")), 5, "none", null))).entries().size());
  }

  /** Of a few rows the server takes a plan for just so many to be cheaper, and would make one for every group: that took more time than writing them. */
  @Test
  void groupsArePlannedOnceForAConnectionHoweverFewTheyAre() {
    for (int round = 0; round < 16; round++) {
      String family = "p" + round;
      get(Future.all(IntStream.range(0, 5)
          .mapToObj(i -> store.update(CALLER, "Patient", "planned-" + i, patient(family), ANY))
          .toList()));
    }
    for (int i = 0; i < 5; i++) get(store.delete(CALLER, "Patient", "planned-" + i, ANY));

    List<Future<Integer>> plans = IntStream.range(0, 16)
        .mapToObj(i -> room.database().askWriting("""
            select coalesce(sum(custom_plans), 0)::int as own, coalesce(sum(generic_plans), 0)::int as shared
            from pg_prepared_statements where statement like 'with %'""", Tuple.tuple()))
        .map(asked -> asked.map(rows -> {
          assertEquals(0, rows.iterator().next().getInteger("own"));
          return rows.iterator().next().getInteger("shared");
        }))
        .toList();

    get(Future.all(plans));
    assertTrue(plans.stream().mapToInt(Future::result).max().getAsInt() > 0, "groups were written");
  }

  /** A token's place in the array of all of a group's tokens is its row's. */
  @Test
  void eachOfAGroupIsFoundByItsOwnTokens() {
    List<Future<Stored>> made = IntStream.range(0, 60)
        .mapToObj(i -> i % 3 == 0
            ? json("{'resourceType':'Basic','code':{'text':'no token at all'}}")
            : json("{'resourceType':'Basic','identifier':[" + "{'value':'x'},".repeat(i % 7) + "{'value':'own-" + i
                + "'}],'code':{'coding':[{'code':'c" + i + "'}]}}"))
        .map(one -> store.create(CALLER, "Basic", one))
        .toList();
    get(Future.all(made));
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < made.size(); i++) {
        List<Stored> found = get(store.search(CALLER,
            new SearchQuery("Basic", List.of(new SearchQuery.Param("identifier", "own-" + i)), 5, "none", null)))
            .entries();
        assertEquals(i % 3 == 0 ? List.of() : List.of(made.get(i).result().id()),
            found.stream().map(Stored::id).toList());
      }
      assertEquals(0, room.count("from r_basic where tok <> (select array_agg(t order by t) from unnest(tok) t)"));
      get(Future.all(made.stream()
          .map(one -> store.update(CALLER, "Basic", one.result().id(), body(one.result()).put("created", "2026"), ANY))
          .toList()));
    }
  }

  @Test
  void ofAGroupOnlyTheOneAtFaultFails() {
    room.sql("create function refuse_one() returns trigger language plpgsql as $$ begin "
        + "if new.id = 'at-fault' then raise exception 'refused' using errcode = '23514'; end if; return new; end $$");
    room.sql("create trigger refuse before insert on r_device for each row execute function refuse_one()");
    try {
      List<Future<Stored>> made = IntStream.range(0, 40)
          .mapToObj(i -> store.update(CALLER, "Device", i == 20 ? "at-fault" : "well-" + i,
              json("{'resourceType':'Device','modelNumber':'m" + i + "'}"), ANY))
          .toList();
      get(Future.join(made).otherwiseEmpty());

      assertEquals(1, made.stream().filter(Future::failed).count());
      assertTrue(made.get(20).failed());
      assertEquals(39, room.count("from r_device where id like 'well-%'"));
    } finally {
      room.sql("drop trigger refuse on r_device");
    }
  }

  @Test
  void whoeverWaitsForRowsThatAreHeldKeepsNobodyElseWaiting() {
    for (int i = 0; i < 3; i++) get(store.update(CALLER, "Patient", "kept-" + i, patient("before"), ANY));
    SqlConnection holder = get(room.database().pool().getConnection());
    get(holder.query("begin").execute());
    get(holder.query("select 1 from r_patient where id in ('kept-0', 'kept-1') for update").execute());
    List<Future<Stored>> held = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int waiting = i + 1;
      held.add(store.update(CALLER, "Patient", "kept-" + i, patient("after"), ANY));
      Room.until("it waits for the row", () -> room.count("""
          from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'""") == waiting);
    }

    get(store.update(CALLER, "Patient", "kept-2", patient("after"), ANY));

    assertTrue(held.stream().noneMatch(Future::isComplete));
    get(holder.query("rollback").execute());
    get(holder.close());
    assertEquals(List.of(2, 2), get(Future.all(held)).<Stored>list().stream().map(Stored::version).toList());
  }

  @Test
  void moreRowsThanThereAreConnectionsAreHeldAndReadsAndConditionsGoOn() {
    int rows = room.config().poolSize() + 8;
    for (int i = 0; i < rows; i++) get(store.update(CALLER, "Patient", "many-" + i, patient("before"), ANY));
    SqlConnection holder = get(room.database().pool().getConnection());
    get(holder.query("begin").execute());
    get(holder.query("select 1 from r_patient where id like 'many-%' for update").execute());
    List<Future<Stored>> held = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      int row = i;
      held.add(Room.patiently(() -> store.update(CALLER, "Patient", "many-" + row, patient("after"), ANY)));
      if (i < 2)
        Room.until("it waits for the row", () -> waitingForLocks() == row + 1);
    }
    Room.until("as many wait as there is room for", () -> waitingForLocks() >= room.config().poolSize() / 4);

    for (int i = 0; i < rows; i++) assertEquals(1, get(store.read(CALLER, "Patient", "many-" + i)).version());
    get(Future.all(IntStream.range(0, 8)
        .mapToObj(i -> room.database().conditional(on -> on.query("select pg_sleep(0.01)").execute()))
        .toList()));
    get(store.update(CALLER, "Patient", "nobodys", patient("free"), ANY));

    assertTrue(waitingForLocks() <= room.config().poolSize() / 4 + Database.WRITING_AT_ONCE);
    assertTrue(held.stream().noneMatch(Future::isComplete));
    get(holder.query("rollback").execute());
    get(holder.close());
    get(Future.all(held)).<Stored>list().forEach(one -> assertEquals(2, one.version()));
  }

  private long waitingForLocks() {
    return room.count("from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
  }

  @Test
  void aRowThatIsHeldHoldsNobodyElseOfItsGroup() {
    for (int i = 0; i < 10; i++) get(store.update(CALLER, "Patient", "held-" + i, patient("before"), ANY));
    SqlConnection holder = get(room.database().pool().getConnection());
    io.vertx.sqlclient.Transaction holding = get(holder.begin());
    get(holder.preparedQuery("select from r_patient where id = $1 for update").execute(Tuple.of("held-5")));

    List<Future<Stored>> updates = IntStream.range(0, 10)
        .mapToObj(i -> store.update(CALLER, "Patient", "held-" + i, patient("after"), ANY))
        .toList();
    for (int i = 0; i < 10; i++) if (i != 5) assertEquals(2, get(updates.get(i)).version());
    Assertions.assertFalse(updates.get(5).isComplete());
    get(holding.rollback());
    get(holder.close());

    assertEquals(2, get(updates.get(5)).version());
  }

  @Test
  void aPatchSeesTheCurrentVersionAndNobodysWriteIsLost() {
    get(store.update(CALLER, "Patient", "patched", patient("0"), ANY));

    List<Future<Stored>> racing = IntStream.range(0, 30)
        .mapToObj(i -> store.patch(CALLER, "Patient", "patched", before -> {
          before.withArray("/name").addObject().put("family", "n" + i);
          return before;
        }, Demand.NONE))
        .toList();
    get(Future.all(racing));

    assertEquals(31, body(get(store.read(CALLER, "Patient", "patched"))).path("name").size());
    fails(Failure.NotFound.class, 404, store.patch(CALLER, "Patient", "nobody", before -> before, Demand.NONE));
    fails(Failure.PreconditionFailed.class, 412,
        store.patch(CALLER, "Patient", "patched", before -> before, Demand.match(OptionalInt.of(7))));
    get(store.delete(CALLER, "Patient", "patched", ANY));
    fails(Failure.Gone.class, 410, store.patch(CALLER, "Patient", "patched", before -> before, Demand.NONE));
  }

  @Test
  void whoAsksThatNothingIsThereDoesNotReplace() {
    Demand none = new Demand(ANY, true, false);
    assertTrue(get(store.update(CALLER, "Patient", "first", patient("A"), none)).created());
    fails(Failure.PreconditionFailed.class, 412, store.update(CALLER, "Patient", "first", patient("B"), none));
    get(store.delete(CALLER, "Patient", "first", ANY));
    assertEquals(3, get(store.update(CALLER, "Patient", "first", patient("B"), none)).version());
  }

  @Test
  void withoutVersionsOnlyTheCurrentOneIsKept() {
    FhirStore bare = store(new FhirConfig(Map.of("no-version", List.of("Device"))));
    for (int i = 1; i <= 3; i++)
      get(bare.update(CALLER, "Device", "bare", json("{'resourceType':'Device','modelNumber':'" + i + "'}"), ANY));

    assertEquals(3, get(bare.read(CALLER, "Device", "bare")).version());
    fails(Failure.NotFound.class, 404, bare.vread(CALLER, "Device", "bare", 2));
    assertEquals(1, get(bare.history(CALLER, "Device", "bare", new HistoryQuery(10, null, null))).entries().size());
    get(bare.delete(CALLER, "Device", "bare", ANY));
    assertEquals(0, room.count("from h_device where id = 'bare'"));
  }

  @Test
  void aTypeThatAsksForItIsOnlyUpdatedByWhoNamesTheCurrentVersion() {
    FhirStore careful = store(new FhirConfig(Map.of("versioned-update", List.of("*"), "versioned", List.of("Device"))));
    get(careful.update(CALLER, "Patient", "careful", patient("A"), ANY));

    fails(Failure.PreconditionFailed.class, 412, careful.update(CALLER, "Patient", "careful", patient("B"), ANY));
    fails(Failure.PreconditionFailed.class, 412,
        careful.update(CALLER, "Patient", "careful", patient("B"), Demand.ANY));
    fails(Failure.PreconditionFailed.class, 412,
        careful.patch(CALLER, "Patient", "careful", before -> before.put("active", true), Demand.NONE));
    assertEquals(2, get(careful.update(CALLER, "Patient", "careful", patient("B"), OptionalInt.of(1))).version());
    assertEquals(3,
        get(careful.patch(CALLER, "Patient", "careful", before -> before.put("active", true), Demand.SEEN)).version(),
        "who decides by what is there has seen it");
    assertEquals(4, get(careful.transaction(CALLER, List.of(new Step.Patch(null, "Patient", "careful", null,
        before -> before.put("active", false), Demand.SEEN)))).get(0).stored().version(), "in a transaction as well");
    get(careful.update(CALLER, "Device", "free", json("{'resourceType':'Device'}"), ANY));
    get(careful.update(CALLER, "Device", "free", json("{'resourceType':'Device','modelNumber':'2'}"), ANY));
    Assertions.assertThrows(ConfigException.class,
        () -> store(new FhirConfig(Map.of("versioned", List.of("Nonsense")))));
  }

  @Test
  void aChangeOfMetaAloneLeavesNoTraceWhereThatIsAsked() {
    Demand quiet = new Demand(ANY, false, true);
    get(store.update(CALLER, "Patient", "meta", patient("A"), ANY));
    ObjectNode tagged = patient("A");
    tagged.putObject("meta").putArray("tag").addObject().put("code", "t");
    Stored second = get(store.update(CALLER, "Patient", "meta", tagged, quiet));
    Stored third = get(store.update(CALLER, "Patient", "meta", patient("B"), quiet));

    assertEquals(2, second.version());
    assertEquals(3, third.version());
    assertEquals(List.of(3, 2), get(store.history(CALLER, "Patient", "meta", new HistoryQuery(10, null, null)))
        .entries()
        .stream()
        .map(Stored::version)
        .toList());
  }

  private static List<Integer> versions(Future<Page> history) {
    return get(history).entries().stream().map(Stored::version).toList();
  }

  @Test
  void whatIsErasedWasNeverThereButItsListenersHearOfIt() {
    get(store.update(CALLER, "Patient", "erased", patient("Secret"), ANY));
    get(store.update(CALLER, "Patient", "erased", patient("Secret2"), ANY));

    Stored gone = get(store.erase(CALLER, "Patient", "erased", ANY));

    assertEquals(3, gone.version());
    fails(Failure.NotFound.class, 404, store.read(CALLER, "Patient", "erased"));
    for (int version = 1; version <= 3; version++)
      fails(Failure.NotFound.class, 404, store.vread(CALLER, "Patient", "erased", version));
    fails(Failure.NotFound.class, 404,
        store.history(CALLER, "Patient", "erased", new HistoryQuery(10, null, null)));
    fails(Failure.NotFound.class, 404, store.patch(CALLER, "Patient", "erased", before -> before, Demand.NONE));
    assertNull(get(store.erase(CALLER, "Patient", "erased", ANY)));
    assertNull(get(store.delete(CALLER, "Patient", "erased", ANY)));
    assertEquals(0, room.count("from h_patient where id = 'erased'"));
    assertEquals(1, room.count("from r_patient where id = 'erased' and body is null and tok = '{}'"));
    assertEquals(1, room.count("from change_queue where id = 'erased' and op = 'D' and ver = 3"));

    assertEquals(4, get(store.update(CALLER, "Patient", "erased", patient("New"), ANY)).version());
    assertEquals(4, get(store.read(CALLER, "Patient", "erased")).version());
    assertEquals(List.of(4), versions(store.history(CALLER, "Patient", "erased", new HistoryQuery(10, null, null))));
    assertEquals(5, get(store.update(CALLER, "Patient", "erased", patient("Newer"), ANY)).version());
    assertEquals(List.of(5, 4), versions(store.history(CALLER, "Patient", "erased", new HistoryQuery(10, null, null))));
  }

  @Test
  void whoForgetsThePastKeepsTheCurrentVersionAsItIsAndNobodyHearsOfAChange() {
    get(store.update(CALLER, "Patient", "past", patient("Secret"), ANY));
    get(store.update(CALLER, "Patient", "past", patient("Secret2"), ANY));
    Stored current = get(store.update(CALLER, "Patient", "past", patient("Known"), ANY));
    get(store.update(CALLER, "Patient", "other", patient("One"), ANY));
    get(store.update(CALLER, "Patient", "other", patient("Two"), ANY));
    fails(Failure.PreconditionFailed.class, 412,
        store.forgetPast(CALLER, "Patient", "past", OptionalInt.of(2)));

    Stored left = get(store.forgetPast(CALLER, "Patient", "past", OptionalInt.of(3)));

    assertEquals(3, left.version());
    assertEquals(current.body(), get(store.read(CALLER, "Patient", "past")).body());
    assertEquals(3, get(store.vread(CALLER, "Patient", "past", 3)).version());
    for (int version = 1; version <= 2; version++)
      fails(Failure.NotFound.class, 404, store.vread(CALLER, "Patient", "past", version));
    assertEquals(List.of(3), versions(store.history(CALLER, "Patient", "past", new HistoryQuery(10, null, null))));
    assertEquals(0, room.count("from h_patient where id = 'past'"));
    assertEquals(3, room.count("from change_queue where id = 'past'"));
    assertEquals(List.of(2, 1), versions(store.history(CALLER, "Patient", "other", new HistoryQuery(10, null, null))));

    get(store.forgetPast(CALLER, "Patient", "past", ANY)); // there is none any more
    get(store.update(CALLER, "Patient", "past", patient("New"), ANY));
    assertEquals(List.of(4, 3), versions(store.history(CALLER, "Patient", "past", new HistoryQuery(10, null, null))));
    get(store.delete(CALLER, "Patient", "past", ANY));
    fails(Failure.Gone.class, 410, store.forgetPast(CALLER, "Patient", "past", ANY));
    assertEquals(List.of(5, 4, 3),
        versions(store.history(CALLER, "Patient", "past", new HistoryQuery(10, null, null))));
    fails(Failure.NotFound.class, 404, store.forgetPast(CALLER, "Patient", "nobody", ANY));
  }

  @Test
  void whatComesAnewByATransactionAfterItWasErasedHasNoPastEither() {
    get(store.update(CALLER, "Patient", "anew", patient("Secret"), ANY));
    get(store.erase(CALLER, "Patient", "anew", ANY));

    get(store.transaction(CALLER,
        List.of(new Step.Update(null, "Patient", "anew", null, patient("New").put("id", "anew"), Demand.NONE))));

    assertEquals(List.of(3), versions(store.history(CALLER, "Patient", "anew", new HistoryQuery(10, null, null))));
  }

  @Test
  void whatWasDeletedBeforeCanBeErasedToo() {
    get(store.update(CALLER, "Patient", "later", patient("A"), ANY));
    get(store.delete(CALLER, "Patient", "later", ANY));
    get(store.erase(CALLER, "Patient", "later", ANY));

    fails(Failure.NotFound.class, 404, store.read(CALLER, "Patient", "later"));
    assertEquals(0, room.count("from h_patient where id = 'later'"));
  }

  @Test
  void theHistoryOfATypeAndOfAllTypesComesInPagesWithoutRepeatsOrGaps() {
    Instant start = get(store.update(CALLER, "Device", "first-line", json("{'resourceType':'Device'}"), ANY)).updated();
    for (int i = 0; i < 4; i++) {
      int version = i;
      get(Future.all(IntStream.range(0, 6)
          .mapToObj(n -> store.update(CALLER, n % 2 == 0 ? "Patient" : "Device", "line-" + n, n % 2 == 0
              ? patient("v" + version)
              : json("{'resourceType':'Device','modelNumber':'v" + version + "'}"), ANY))
          .toList()));
    }
    get(store.delete(CALLER, "Patient", "line-0", ANY));

    List<Stored> patients = all("Patient", start, false);
    List<Stored> system = all(null, start, false);
    List<Stored> upwards = new ArrayList<>(all(null, start, true));

    assertEquals(13, patients.size());
    assertEquals(List.of("line-0"), patients.stream().filter(Stored::deleted).map(Stored::id).toList());
    assertEquals(26, system.size());
    assertEquals(26, system.stream().map(one -> one.type() + one.id() + "/" + one.version()).distinct().count());
    java.util.Collections.reverse(upwards);
    assertEquals(system, upwards);
    for (int i = 1; i < system.size(); i++)
      Assertions.assertFalse(system.get(i).updated().isAfter(system.get(i - 1).updated()));
    assertEquals(OptionalLong.empty(), get(store.history(CALLER, null, new HistoryQuery(1, null, null))).total());
    assertEquals(List.of(), get(store.history(CALLER, "Patient",
        new HistoryQuery(5, Instant.now().plusSeconds(3_600), null))).entries());
    fails(Failure.Invalid.class, 400, store.history(CALLER, "Patient", new HistoryQuery(5, null, "nonsense")));
    fails(Failure.NotFound.class, 404, store.history(CALLER, "Nonsense", new HistoryQuery(5, null, null)));
  }

  @Test
  void aHistoryIsReadInEveryLocale() {
    get(store.update(CALLER, "Flag", "told", json("{'resourceType':'Flag'}"), ANY));
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals(List.of(1), versions(store.history(CALLER, "Flag", "told", new HistoryQuery(5, null, null))));
    } finally {
      Locale.setDefault(before);
    }
  }

  private List<Stored> all(String type, Instant since, boolean upwards) {
    List<Stored> all = new ArrayList<>();
    String page = null;
    do {
      Page next = get(store.history(CALLER, type, new HistoryQuery(3, since, null, upwards, page)));
      all.addAll(next.entries());
      page = next.next();
    } while (page != null);
    all.removeIf(one -> !one.id().startsWith("line-") && !one.id().equals("first-line"));
    return all;
  }

  @Test
  void howManyVersionsThereAreCostsAPageOfAHistoryOnlyTheirCountInTheIndex() {
    Stored first = get(
        store.update(CALLER, "Basic", "long", json("{'resourceType':'Basic','code':{'text':'x'}}"), ANY));
    room.sql(
        """
        insert into h_basic (id, ver, upd, del, device, body)
        select 'long', v, now() - interval '1 day' + v * interval '1 second', false, false, '\\x00'::bytea || convert_to(
          '{"resourceType":"Basic","id":"long","text":"' || repeat('y', 1000) || '"}', 'UTF8') from generate_series(1, 5000) v""");
    room.sql("update r_basic set ver = 5001 where id = 'long'");
    room.sql("vacuum analyze h_basic");
    Table table = Table.of(Definition.of("Basic"));
    Tuple page = Tuple.of("long", 0, Integer.MAX_VALUE, Version.utc(Span.NONE.from()), Version.utc(Span.LAST), 11);
    Tuple middle = Tuple.of("long", 0, 2_500, Version.utc(Span.NONE.from()), Version.utc(Span.LAST), 11);

    assertTrue(pages(table.history(false), page) < 100);
    assertTrue(pages(table.history(false), middle) < 100);
    assertTrue(pages(table.history(true), page) < 100);
    assertTrue(pages(table.read(), Tuple.of("long")) < 10);
    assertTrue(pages(table.vread(), Tuple.of("long", 2_500)) < 10);
    Page newest = get(store.history(CALLER, "Basic", "long", new HistoryQuery(10, null, null)));
    assertEquals(5_001, newest.total().getAsLong());
    assertEquals(IntStream.iterate(5_001, v -> v - 1).limit(10).boxed().toList(),
        newest.entries().stream().map(Stored::version).toList());
    Page next = get(store.history(CALLER, "Basic", "long", new HistoryQuery(10, null, newest.next())));
    assertEquals(4_991, next.entries().get(0).version());
    Page bounded = get(store.history(CALLER, "Basic", "long",
        new HistoryQuery(10, null, first.updated().minusSeconds(3_600), false, null)));
    assertEquals(5_000, bounded.total().getAsLong());
    assertEquals(5_000, bounded.entries().get(0).version());
  }

  private long pages(String sql, Tuple values) {
    var plan = ((io.vertx.core.json.JsonArray) get(room.database()
        .pool()
        .preparedQuery("explain (analyze, buffers, format json) " + sql)
        .execute(values)).iterator().next().getValue(0)).getJsonObject(0).getJsonObject("Plan");
    return plan.getLong("Shared Hit Blocks") + plan.getLong("Shared Read Blocks");
  }

  @Test
  void theHistoryOfOneGoesBothWaysAndEndsBefore() {
    List<Stored> made = new ArrayList<>();
    for (int i = 0; i < 4; i++) made.add(get(store.update(CALLER, "Patient", "ways", patient("v" + i), ANY)));

    Page up = get(store.history(CALLER, "Patient", "ways", new HistoryQuery(3, null, null, true, null)));
    Page rest = get(store.history(CALLER, "Patient", "ways", new HistoryQuery(3, null, null, true, up.next())));
    Page before = get(store.history(CALLER, "Patient", "ways",
        new HistoryQuery(10, null, made.get(0).updated(), false, null)));

    assertEquals(made.subList(0, 3), up.entries());
    assertEquals(made.subList(3, 4), rest.entries());
    assertEquals(List.of(), before.entries());
  }

  @Test
  void aTextOfManyMegabytesIsFoundAndPatchedAgain() {
    ObjectNode binary = json("{'resourceType':'Binary','contentType':'text/plain'}")
        .put("data", "QUFB".repeat(6_000_000));

    Stored made = get(store.create(CALLER, "Binary", binary));
    Page found = get(store.search(CALLER, new SearchQuery("Binary",
        List.of(new SearchQuery.Param("_id", made.id())), 10, "none", null)));
    Stored patched = get(store.patch(CALLER, "Binary", made.id(), before -> before.put("data", "QUFB"), Demand.NONE));

    assertEquals(List.of(made), found.entries());
    assertEquals(2, patched.version());
  }

  @Test
  void aPatchThinksOnNoEventLoop() {
    Stored made = get(store.create(CALLER, "Patient", patient("thinks")));
    List<Boolean> onLoop = new ArrayList<>();

    get(store.patch(CALLER, "Patient", made.id(), before -> {
      onLoop.add(io.vertx.core.Context.isOnEventLoopThread());
      return before.put("active", true);
    }, Demand.NONE));

    assertEquals(List.of(false), onLoop);
  }

  @Test
  void aPageOfAHistoryHoldsNoMoreThanFitsIntoMemory() {
    ObjectNode binary = json("{'resourceType':'Binary','contentType':'text/plain'}");
    for (int i = 0; i < 3; i++)
      get(store.update(CALLER, "Binary", "long", binary.put("data", ("QUF" + i).repeat(3_000_000)), ANY));

    for (boolean oldestFirst : List.of(false, true)) {
      List<Integer> one = new ArrayList<>();
      List<Integer> all = new ArrayList<>();
      for (String next = ""; next != null;) {
        Page page = get(store.history(CALLER, "Binary", "long",
            new HistoryQuery(1_000, null, null, oldestFirst, next.isEmpty() ? null : next)));
        assertTrue(page.entries().size() <= 2);
        page.entries().forEach(version -> one.add(version.version()));
        next = page.next();
      }
      for (String next = ""; next != null;) {
        Page page = get(store.history(CALLER, "Binary",
            new HistoryQuery(1_000, null, null, oldestFirst, next.isEmpty() ? null : next)));
        assertTrue(page.entries().stream().filter(version -> version.body().length() > 10_000_000).count() <= 2);
        page.entries().stream().filter(version -> version.id().equals("long")).forEach(v -> all.add(v.version()));
        next = page.next();
      }
      assertEquals(oldestFirst ? List.of(1, 2, 3) : List.of(3, 2, 1), one);
      assertEquals(one, all);
    }
  }

  @Test
  void writersOfOneIdOnThreeNodesAllGetThrough() {
    Room second = Room.open(room.config());
    Room third = Room.open(room.config());
    try {
      List<FhirStore> nodes = List.of(store, new FhirStore(second.database(), entry -> Future.succeededFuture()),
          new FhirStore(third.database(), entry -> Future.succeededFuture()));
      for (String id : List.of("three-a", "three-b", "three-c")) {
        List<Future<Stored>> racing = IntStream.range(0, 64)
            .mapToObj(i -> nodes.get(i % 3).update(CALLER, "Patient", id, patient("t" + i), ANY))
            .toList();
        get(Future.all(racing));

        assertEquals(64, get(store.read(CALLER, "Patient", id)).version());
      }
    } finally {
      second.close();
      third.close();
    }
  }

  @Test
  void whoseGroupLosesItsConnectionIsToldTheTruth() {
    room.sql("create function cut_group() returns trigger language plpgsql as $$ begin "
        + "if new.id = 'group-13' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$");
    room.sql("create trigger cut_group before insert on r_patient for each row execute function cut_group()");
    try {
      List<Future<Boolean>> answers = IntStream.range(0, 60)
          .mapToObj(i -> store.update(CALLER, "Patient", "group-" + i, patient("g"), ANY)
              .map(Stored::created)
              .recover(cause -> {
                Assertions.assertEquals(503, Assertions.assertInstanceOf(Failure.class, cause).status);
                return Future.succeededFuture(false);
              }))
          .toList();
      get(Future.all(answers));

      for (int i = 0; i < 60; i++)
        assertEquals(answers.get(i).result() ? 1 : 0, room.count("from r_patient where id = $1", "group-" + i));
      assertEquals(false, answers.get(13).result());
      assertTrue(answers.stream().anyMatch(Future::result));
    } finally {
      room.sql("drop trigger cut_group on r_patient");
    }
  }
}
