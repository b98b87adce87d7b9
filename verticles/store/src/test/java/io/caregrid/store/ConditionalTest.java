package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.body;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.FhirConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Create, update, patch and delete under a condition. */
@ExtendWith(Room.Key.class)
class ConditionalTest {
  private static final String WAITING = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  private final List<String> audited = new ArrayList<>();
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    store = new FhirStore(room.database(), entry -> {
      synchronized (audited) {
        audited.add(entry.deed().code + " " + entry.what() + " of " + entry.patients() + " " + entry.query() + " "
            + entry.status());
      }
      return Future.succeededFuture();
    });
  }

  private static Criteria identifier(String value) {
    return new Criteria("Patient", List.of(new Param("identifier", "urn:c|" + value)));
  }

  private static ObjectNode patient(String value) {
    return json("{'resourceType':'Patient','identifier':[{'system':'urn:c','value':'" + value + "'}]}");
  }

  private static ObjectNode patient(String value, String gender) {
    return patient(value).put("gender", gender);
  }

  private long count(String value) {
    return get(store.search(CALLER, identifier(value).query(50, null))).entries().size();
  }

  @Test
  void sixtyFourClientsOfTwoNodesWhoCreateTheSameAtOnceGetOneResource() {
    Room other = Room.open(room.config());
    try {
      FhirStore second = new FhirStore(other.database(), entry -> Future.succeededFuture());
      List<Future<Stored>> racing = IntStream.range(0, 64)
          .mapToObj(i -> Room
              .patiently(() -> (i % 2 == 0 ? store : second).create(CALLER, identifier("race"), patient("race"))))
          .toList();
      get(Future.all(racing));

      assertEquals(1, racing.stream().map(made -> made.result().id()).distinct().count());
      assertEquals(1, racing.stream().filter(made -> made.result().created()).count());
      assertEquals(1, count("race"));
    } finally {
      other.close();
    }
  }

  @Test
  void sixtyFourConditionalUpdatesAtOnceMakeOneResource() {
    List<Future<Stored>> racing = IntStream.range(0, 64)
        .mapToObj(i -> Room.patiently(() -> store.update(CALLER, identifier("upsert"),
            patient("upsert", i % 2 == 0 ? "male" : "female"), Demand.NONE)))
        .toList();
    get(Future.all(racing));

    assertEquals(1, racing.stream().map(made -> made.result().id()).distinct().count());
    assertEquals(1, racing.stream().filter(made -> made.result().created()).count());
    assertEquals(1, count("upsert"));
  }

  @Test
  void otherCriteriaWithTheSameIdentifierWaitForEachOtherToo() {
    Criteria more = new Criteria("Patient",
        List.of(new Param("identifier", "urn:c|both"), new Param("gender", "male")));
    List<Future<Stored>> racing = IntStream.range(0, 32)
        .mapToObj(i -> Room
            .patiently(() -> store.create(CALLER, i % 2 == 0 ? more : identifier("both"), patient("both", "male"))))
        .toList();
    get(Future.all(racing));

    assertEquals(1, count("both"));
    assertEquals(identifier("both").stripes(), more.stripes());
  }

  @Test
  void manyConditionsAtOnceDoNotUseUpTheConnections() {
    List<Future<Stored>> made = IntStream.range(0, 200)
        .mapToObj(i -> Room
            .patiently(() -> store.create(CALLER, identifier("many-" + i % 50), patient("many-" + i % 50))))
        .toList();
    get(Future.all(made));

    assertEquals(50, made.stream().map(one -> one.result().id()).distinct().count());
  }

  @Test
  void aMatchIsGivenAndNothingIsWritten() {
    Stored there = get(store.create(CALLER, "Patient", patient("there")));

    Stored found = get(store.create(CALLER, identifier("there"), patient("there", "male")));

    assertEquals(there.unchanged(), found);
    assertFalse(found.created());
    assertEquals(1, room.count("from change_queue where id = $1", there.id()));
  }

  @Test
  void severalMatchesAreRefusedWith412() {
    get(store.create(CALLER, "Patient", patient("two")));
    get(store.create(CALLER, "Patient", patient("two")));

    fails(Failure.PreconditionFailed.class, 412, store.create(CALLER, identifier("two"), patient("two")));
    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, identifier("two"), patient("two"), Demand.NONE));
    fails(Failure.PreconditionFailed.class, 412,
        store.patch(CALLER, identifier("two"), before -> before, Demand.NONE));
    fails(Failure.PreconditionFailed.class, 412,
        store.delete(CALLER, identifier("two"), 1, OptionalInt.empty(), false));
    assertEquals(2, count("two"));
    assertEquals("multiple-matches", Matches.several(identifier("two")).issue);
  }

  @Test
  void aConditionalUpdateGoesToWhatMatchesOrIsCreatedUnderItsOwnId() {
    Stored made = get(store.update(CALLER, identifier("up"), patient("up").put("id", "up-own"), Demand.NONE));
    Stored updated = get(store.update(CALLER, identifier("up"), patient("up", "male"), Demand.NONE));

    assertTrue(made.created());
    assertEquals("up-own", made.id());
    assertEquals("up-own", updated.id());
    assertEquals(2, updated.version());
    fails(Failure.Invalid.class, 400,
        store.update(CALLER, identifier("up"), patient("up").put("id", "up-other"), Demand.NONE));
    fails(Failure.Conflict.class, 409,
        store.update(CALLER, identifier("up-none"), patient("up-none").put("id", "up-own"), Demand.NONE));
    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, identifier("up"), patient("up"), Demand.match(OptionalInt.of(9))));
    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, identifier("up-none"), patient("up-none"), Demand.match(OptionalInt.of(1))));
  }

  @Test
  void whatWasDeletedUnderTheIdOfTheBodyComesBack() {
    get(store.update(CALLER, "Patient", "back-1", patient("back"), Demand.NONE));
    get(store.delete(CALLER, "Patient", "back-1", OptionalInt.empty()));

    Stored back = get(store.update(CALLER, identifier("back"), patient("back").put("id", "back-1"), Demand.NONE));

    assertEquals(3, back.version());
    assertEquals(1, count("back"));
  }

  @Test
  void aConditionalPatchGoesToWhatMatches() {
    Stored there = get(store.create(CALLER, "Patient", patient("patch")));

    Stored patched = get(store.patch(CALLER, identifier("patch"), before -> before.put("gender", "male"), Demand.NONE));

    assertEquals(there.id(), patched.id());
    assertEquals("male", body(patched).path("gender").asText());
    fails(Failure.NotFound.class, 404, store.patch(CALLER, identifier("nobody"), before -> before, Demand.NONE));
  }

  /** On another node the only Patient that the condition means becomes another one after {@code work} has found it, and before it holds it. */
  private <T> Future<T> lateFor(String value, Supplier<Future<T>> work) {
    return lateFor(value, patient(value + "-moved"), work);
  }

  private <T> Future<T> lateFor(String value, ObjectNode moved, Supplier<Future<T>> work) {
    Room other = Room.open(room.config());
    SqlConnection holder = get(room.database().pool().getConnection());
    try {
      Stored there = get(store.create(CALLER, "Patient", patient(value)));
      FhirStore second = new FhirStore(other.database(), entry -> Future.succeededFuture());
      io.vertx.sqlclient.Transaction holding = get(holder.begin());
      get(holder.preparedQuery("select from r_patient where id = $1 for update").execute(Tuple.of(there.id())));
      Future<Stored> moving = second.update(CALLER, "Patient", there.id(),
          moved.put("id", there.id()),
          OptionalInt.empty());
      Room.until("the other one waits", () -> room.count(WAITING) == 1);

      Future<T> late = work.get();
      Room.until("this one waits", () -> room.count(WAITING) == 2);
      get(holding.rollback());
      assertEquals(2, get(moving).version());
      get(late.otherwiseEmpty());
      return late;
    } finally {
      get(holder.close());
      other.close();
    }
  }

  @Test
  void whatIsNoLongerMeantWhenItsRowIsHeldIsNotPatched() {
    fails(Failure.NotFound.class, 404, lateFor("late-patch",
        () -> store.patch(CALLER, identifier("late-patch"), before -> before.put("gender", "male"), Demand.NONE)));
    assertEquals(2,
        get(store.search(CALLER, identifier("late-patch-moved").query(9, null))).entries().get(0).version());
  }

  @Test
  void whatIsNoLongerMeantWhenItsRowIsHeldIsNotDeleted() {
    assertEquals(List.of(), get(lateFor("late-delete",
        () -> store.delete(CALLER, identifier("late-delete"), 1, OptionalInt.empty(), false))));
    assertEquals(1, count("late-delete-moved"));
  }

  @Test
  void whatOthersChangeAndTheConditionStillMeansIsDeletedInOneTry() {
    for (int i = 0; i < 2; i++) get(store.create(CALLER, "Patient", patient("lively")));
    audited.clear();

    List<Stored> gone = get(lateFor("lively", patient("lively", "male"),
        () -> store.delete(CALLER, identifier("lively"), 9, OptionalInt.empty(), false)));

    assertEquals(List.of(2, 2, 3), gone.stream().map(Stored::version).sorted().toList());
    assertEquals(0, count("lively"));
    assertEquals(4, audited.stream().filter(line -> line.startsWith("delete")).count(), audited::toString);
  }

  /** Until it is gone. */
  private static Future<?> patchedAllTheTime(FhirStore by, String id, int patches) {
    return by.patch(CALLER, "Patient", id, before -> before.put("birthDate", "%04d".formatted(1 + patches % 9_000)),
        Demand.NONE).compose(done -> patchedAllTheTime(by, id, patches + 1));
  }

  @Test
  void whatAnotherNodeWritesAllTheTimeIsDeletedWithTheOthers() {
    Room other = Room.open(room.config());
    try {
      FhirStore second = new FhirStore(other.database(), entry -> Future.succeededFuture());
      List<Future<Stored>> made = IntStream.range(0, 60)
          .mapToObj(i -> store.create(CALLER, "Patient", patient("busy")))
          .toList();
      get(Future.all(made));
      List<Future<?>> writing = made.subList(0, 4)
          .stream()
          .<Future<?>>map(one -> patchedAllTheTime(second, one.result().id(), 0))
          .toList();
      audited.clear();

      assertEquals(60, get(store.delete(CALLER, identifier("busy"), 100, OptionalInt.empty(), false)).size());
      assertEquals(61, audited.size());
      assertEquals(0, count("busy"));
      writing.forEach(one -> fails(Failure.Gone.class, one));
    } finally {
      other.close();
    }
  }

  @Test
  void ofSeveralOnlyWhatIsStillMeantIsDeletedAndRecorded() {
    for (int i = 0; i < 2; i++) get(store.create(CALLER, "Patient", patient("partly")));
    audited.clear();

    List<Stored> gone = get(lateFor("partly",
        () -> store.delete(CALLER, identifier("partly"), 9, OptionalInt.empty(), false)));

    assertEquals(2, gone.size());
    assertEquals(1, count("partly-moved"));
    assertEquals(3, audited.stream().filter(line -> line.startsWith("delete")).count(), audited::toString);
  }

  @Test
  void aDeleteThatIfMatchRefusesIsNotRecordedAsOneThatWentWell() {
    get(store.create(CALLER, "Patient", patient("matched")));
    audited.clear();

    fails(Failure.PreconditionFailed.class, 412,
        store.delete(CALLER, identifier("matched"), 1, OptionalInt.of(9), false));

    assertEquals(List.of("delete [Patient] of [] Patient?identifier=urn:c|matched 412"), audited);
  }

  /** No second try: with somebody who writes the row all the time every try would be late. */
  @Test
  void aTransactionWhoseConditionStillMeansTheSameGoesOnWithWhatItHolds() {
    Step step = new Step.Update(null, "Patient", null, identifier("moving"), patient("moving", "female"), Demand.NONE);
    Clock clock = Clock.systemUTC();
    Versioning versioning = new Versioning(FhirConfig.DEFAULT);
    Writes writes = new Writes(room.database(), clock, versioning);

    List<Step.Done> done = get(lateFor("moving", patient("moving", "male"),
        () -> room.database()
            .transaction(connection -> new Transaction(room.database(), connection, writes, versioning,
                new Matches(new Search(room.database()).on(connection), clock), null, clock,
                Prepared.of(List.of(step), clock)).run())));

    assertEquals(3, done.get(0).stored().version());
    assertEquals(1, count("moving"));
  }

  @Test
  void whatIsNoLongerMeantWhenItsRowIsHeldIsNotReplacedAndAnotherOneIsMade() {
    Stored made = get(lateFor("late-update",
        () -> store.update(CALLER, identifier("late-update"), patient("late-update", "male"), Demand.NONE)));

    assertTrue(made.created());
    assertEquals(1, count("late-update-moved"));
  }

  @Test
  void aConditionalDeleteInATransactionThatMeansNothingChangesNothing() {
    Step step = new Step.Delete("Patient", null, identifier("never-there"), OptionalInt.empty(), false);

    assertFalse(get(store.transaction(CALLER, List.of(step))).get(0).changed());
  }

  @Test
  void whereSomethingHasToMatchNothingIsNeitherMadeNorDeleted() {
    Demand any = Demand.match(Demand.ANY);

    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, identifier("not-there"), patient("not-there"), any));
    fails(Failure.PreconditionFailed.class, 412,
        store.delete(CALLER, identifier("not-there"), 1, Demand.ANY, false));
    for (Step step : List.of(
        new Step.Update(null, "Patient", null, identifier("not-there"), patient("not-there"), any),
        new Step.Delete("Patient", null, identifier("not-there"), Demand.ANY, false),
        new Step.Delete("Patient", "not-there", null, Demand.ANY, false)))
      assertEquals(412,
          ((Failure) fails(Step.Failed.class, store.transaction(CALLER, List.of(step))).getCause()).status);
    assertEquals(0, count("not-there"));

    get(store.create(CALLER, "Patient", patient("not-there")));
    assertEquals(1, get(store.delete(CALLER, identifier("not-there"), 1, Demand.ANY, false)).size());
  }

  @Test
  void aTransactionDoesNotDeleteWhatItsConditionNoLongerMeans() {
    Step step = new Step.Delete("Patient", null, identifier("late-step"), OptionalInt.empty(), false);

    assertFalse(get(lateFor("late-step", () -> store.transaction(CALLER, List.of(step)))).get(0).changed());
    assertEquals(1, count("late-step-moved"));
  }

  @Test
  void thirtyConditionalPatchesOfOneAtOnceAllGetThrough() {
    get(store.create(CALLER, "Patient", patient("patches")));

    List<Future<Stored>> racing = IntStream.range(0, 30)
        .mapToObj(i -> Room.patiently(() -> store.patch(CALLER, identifier("patches"), before -> {
          before.withArray("/name").addObject().put("family", "n" + i);
          return before;
        }, Demand.NONE)))
        .toList();
    get(Future.all(racing));

    assertEquals(30,
        body(get(store.search(CALLER, identifier("patches").query(9, null))).entries().get(0)).path("name").size());
  }

  @Test
  void aConditionalDeleteOfSeveralTakesSoManyAndAllOfThemOrNone() {
    for (int i = 0; i < 5; i++) get(store.create(CALLER, "Patient", patient("del")));

    List<Stored> gone = get(store.delete(CALLER, identifier("del"), 3, OptionalInt.empty(), false));

    assertEquals(3, gone.size());
    assertTrue(gone.stream().allMatch(Stored::deleted));
    assertEquals(2, count("del"));
    assertEquals(List.of(), get(store.delete(CALLER, identifier("nobody"), 3, OptionalInt.empty(), false)));
  }

  @Test
  void anEmptyOrUnknownConditionIsRefused() {
    fails(Failure.Invalid.class, 400, Future.succeededFuture().map(now -> new Criteria("Patient", List.of())));
    fails(Failure.Invalid.class, 400,
        Future.succeededFuture().map(now -> new Criteria("Patient", List.of(new Param("identifier", "")))));
    for (String nothing : List.of(",", " , ", ",,"))
      fails(Failure.Invalid.class, 400, Future.succeededFuture()
          .map(now -> new Criteria("Patient",
              List.of(new Param("gender", "male"), new Param("identifier", nothing)))));
    fails(Failure.Invalid.class, 400, Future.succeededFuture()
        .map(now -> new Criteria("Patient",
            List.of(new Param("gender", "male"), new Param("identifier", "")))));
    fails(Failure.Invalid.class, 400,
        Future.succeededFuture().map(now -> new Criteria("Patient", List.of(new Param("_type", "Patient")))));
    Criteria unknown = new Criteria("Patient", List.of(new Param("nonsense", "1")));
    fails(Failure.Invalid.class, 400, store.create(CALLER, unknown, patient("x")));
    fails(Failure.Invalid.class, 400, store.delete(CALLER, unknown, 1, OptionalInt.empty(), false));
  }

  @Test
  void whatMayBeMeantAndCannotBeReadLetsNothingBeCreatedBesideIt() {
    Stored lost = get(store.create(CALLER, "Patient", patient("lost")));
    get(room.database()
        .ask("update r_patient set body = '\\x09'::bytea where id = $1", io.vertx.sqlclient.Tuple.of(lost.id())));

    fails(Failure.Unreadable.class, 500, store.create(CALLER, identifier("lost"), patient("lost")));
  }

  @Test
  void whoMayOnlyReadChangesNothingAndIsRecorded() {
    Caller reader = new Caller("reader", null, null, Set.of("FHIR Data Reader"),
        Roles.BUILT_IN.grants(Set.of("FHIR Data Reader")), null, null, null);
    Stored there = get(store.create(CALLER, "Patient", patient("guarded")));
    audited.clear();

    Stream.of(store.create(reader, "Patient", patient("x")),
        store.create(reader, identifier("x"), patient("x")),
        store.update(reader, "Patient", there.id(), patient("x"), Demand.NONE),
        store.update(reader, identifier("guarded"), patient("x"), Demand.NONE),
        store.patch(reader, "Patient", there.id(), before -> before, Demand.NONE),
        store.delete(reader, "Patient", there.id(), OptionalInt.empty()),
        store.erase(reader, "Patient", there.id(), OptionalInt.empty()),
        store.delete(reader, identifier("guarded"), 1, OptionalInt.empty(), false))
        .forEach(refused -> fails(Failure.Forbidden.class, 403, refused));

    assertEquals(8, audited.stream().filter(line -> line.endsWith(" 403")).count());
    assertEquals(there, get(store.read(CALLER, "Patient", there.id())));
  }

  @Test
  void theEntryOfAConditionalWriteNamesWhatItFoundAndWhatWasAsked() {
    Stored there = get(store.create(CALLER, "Patient", patient("named")));
    audited.clear();

    get(store.create(CALLER, identifier("named"), patient("named")));

    assertEquals(List.of("create [Patient/" + there.id() + "] of [Patient/" + there.id()
        + "] Patient?identifier=urn:c|named 200"), audited);
  }

  @Test
  void aConditionalDeleteThatMeansSeveralIsRecordedAsRefused() {
    for (int i = 0; i < 2; i++) get(store.create(CALLER, "Patient", patient("del2")));
    audited.clear();

    fails(Failure.PreconditionFailed.class, 412,
        store.delete(CALLER, identifier("del2"), 1, OptionalInt.empty(), false));

    assertEquals(List.of("delete [Patient] of [] Patient?identifier=urn:c|del2 412"), audited);
  }

  @Test
  void anIdentifierIsTheSameWithItsSystemAndWithout() {
    Criteria bare = new Criteria("Patient", List.of(new Param("identifier", "bare")));
    List<Future<Stored>> racing = IntStream.range(0, 32)
        .mapToObj(i -> Room
            .patiently(() -> store.create(CALLER, i % 2 == 0 ? bare : identifier("bare"), patient("bare", "male"))))
        .toList();
    get(Future.all(racing));

    assertEquals(1, count("bare"));
    assertEquals(identifier("bare").stripes(), bare.stripes());
    assertEquals(1, new Criteria("Patient", List.of(new Param("identifier", "urn:c|"))).stripes().size());
  }
}
