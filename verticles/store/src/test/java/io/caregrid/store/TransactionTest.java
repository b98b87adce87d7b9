package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.body;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Step.Create;
import io.caregrid.store.Step.Delete;
import io.caregrid.store.Step.Done;
import io.caregrid.store.Step.Failed;
import io.caregrid.store.Step.Patch;
import io.caregrid.store.Step.Question;
import io.caregrid.store.Step.Update;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Bundles as one database transaction. */
@ExtendWith(Room.Key.class)
class TransactionTest {
  private static final OptionalInt ANY = OptionalInt.empty();
  private final List<String> audited = new ArrayList<>();
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    store = new FhirStore(room.database(), entry -> {
      synchronized (audited) {
        audited.add(entry.deed().code + " " + entry.what() + " of " + entry.patients() + " " + entry.status());
      }
      return Future.succeededFuture();
    });
  }

  private static ObjectNode patient(String value) {
    return json("{'resourceType':'Patient','identifier':[{'system':'urn:t','value':'" + value + "'}]}");
  }

  private static ObjectNode observation(String subject) {
    return json("{'resourceType':'Observation','status':'final','code':{'text':'t'},'subject':{'reference':'" + subject
        + "'}}");
  }

  private static Criteria identifier(String type, String value) {
    return new Criteria(type, List.of(new Param("identifier", "urn:t|" + value)));
  }

  private static Step create(String url, ObjectNode resource) {
    return new Create(url, resource.path("resourceType").asText(), null, resource);
  }

  private static Step update(String id, ObjectNode resource) {
    return new Update(null, resource.path("resourceType").asText(), id, null, resource, Demand.NONE);
  }

  private static Step delete(String type, String id) {
    return new Delete(type, id, null, ANY, false);
  }

  private List<Done> run(Step... steps) {
    return get(store.transaction(CALLER, List.of(steps)));
  }

  private Failed failed(Step... steps) {
    return fails(Failed.class, store.transaction(CALLER, List.of(steps)));
  }

  private static int status(Failed failed) {
    return assertInstanceOf(Failure.class, failed.getCause()).status;
  }

  private long patients(String value) {
    return get(store.search(CALLER, identifier("Patient", value).query(50, null))).entries().size();
  }

  private static String subject(Stored stored) {
    return body(stored).at("/subject/reference").asText();
  }

  @Test
  void referencesAreResolvedForwardsAndBackwardsAndInCircles() {
    ObjectNode one = observation("urn:uuid:p");
    one.putArray("hasMember").addObject().put("reference", "urn:uuid:o2");
    ObjectNode two = observation("urn:uuid:p");
    two.putArray("hasMember").addObject().put("reference", "urn:uuid:o1");

    List<Done> done = run(create("urn:uuid:o1", one), create("urn:uuid:p", patient("circle")),
        create("urn:uuid:o2", two));

    String patient = "Patient/" + done.get(1).stored().id();
    assertEquals(patient, subject(done.get(0).stored()));
    assertEquals(patient, subject(done.get(2).stored()));
    assertEquals("Observation/" + done.get(2).stored().id(),
        body(done.get(0).stored()).at("/hasMember/0/reference").asText());
    assertEquals(2, get(store.search(CALLER, new SearchQuery("Observation", List.of(new Param("subject", patient)), 10,
        "none", null))).entries().size());
    assertEquals(done.get(0).stored(), get(store.read(CALLER, "Observation", done.get(0).stored().id())));
  }

  @Test
  void linksAreResolvedWhereFhirSaysAndNowhereElse() {
    ObjectNode observation = observation("http://example.org/fhir/Patient/7");
    observation.putArray("extension").addObject().put("url", "urn:x").put("valueUri", "urn:uuid:links");
    observation.putArray("identifier").addObject().put("system", "urn:ietf:rfc:3986").put("value", "urn:uuid:links");
    observation.putObject("text")
        .put("status", "generated")
        .put("div", "<div><a href=\"urn:uuid:links\">urn:uuid:links</a><img src='urn:uuid:links'/></div>");
    observation.putArray("performer").addObject().put("reference", "Patient/7");
    observation.withArray("/performer").addObject().put("reference", "http://elsewhere.org/Patient/7");
    ObjectNode other = observation("Patient/7");

    List<Done> done = run(create("urn:uuid:links", patient("links")),
        create("http://example.org/fhir/Patient/7", patient("links2")),
        create("http://example.org/fhir/Observation/8", observation), create(null, other));

    String first = "Patient/" + done.get(0).stored().id();
    String second = "Patient/" + done.get(1).stored().id();
    ObjectNode kept = body(done.get(2).stored());
    assertEquals(second, subject(done.get(2).stored()));
    assertEquals(first, kept.at("/extension/0/valueUri").asText());
    assertEquals("urn:uuid:links", kept.at("/identifier/0/value").asText());
    assertEquals("<div><a href=\"" + first + "\">urn:uuid:links</a><img src='" + first + "'/></div>",
        kept.at("/text/div").asText());
    assertEquals(second, kept.at("/performer/0/reference").asText());
    assertEquals("http://elsewhere.org/Patient/7", kept.at("/performer/1/reference").asText());
    assertEquals("Patient/7", subject(done.get(3).stored()));
  }

  @Test
  void allOfItOrNothing() {
    get(store.update(CALLER, "Patient", "stays", patient("stays"), ANY));
    get(store.update(CALLER, "Patient", "also", patient("also"), ANY));

    Failed failed = failed(delete("Patient", "stays"), create(null, patient("nothing")),
        new Update(null, "Patient", "also", null, patient("other"), Demand.match(OptionalInt.of(9))));

    assertEquals(2, failed.step);
    assertEquals(412, status(failed));
    assertEquals(1, get(store.read(CALLER, "Patient", "stays")).version());
    assertEquals(0, patients("nothing"));
    assertEquals(0, room.count("from change_queue where id = 'stays' and op = 'D'"));
  }

  @Test
  void fhirsOrderIsKeptWhateverTheBundles() {
    get(store.create(CALLER, "Patient", patient("order")));
    Criteria same = identifier("Patient", "order");

    List<Done> done = run(
        new Question("Patient", reading -> reading.search(CALLER, same.query(10, null))),
        new Create("urn:uuid:new", "Patient", same, patient("order")),
        new Delete("Patient", null, same, ANY, false));

    Page seen = (Page) done.get(0).answer();
    assertTrue(done.get(1).changed());
    assertTrue(done.get(2).stored().deleted());
    assertEquals(List.of(done.get(1).stored()), seen.entries());
    assertEquals(1, patients("order"));
  }

  @Test
  void aQuestionThatFailsUndoesTheTransaction() {
    Failed failed = failed(create(null, patient("asked")),
        new Question("Patient", reading -> reading.read(CALLER, "Patient", "nobody")));

    assertEquals(1, failed.step);
    assertEquals(404, status(failed));
    assertEquals(0, patients("asked"));
  }

  @Test
  void identitiesThatOverlapAreRefused() {
    get(store.update(CALLER, "Patient", "twice", patient("twice"), ANY));

    assertEquals(400, status(failed(update("twice", patient("a")), delete("Patient", "twice"))));
    assertEquals(400, status(failed(update("twice", patient("a")), new Update(null, "Patient", null,
        identifier("Patient", "twice"), patient("twice"), Demand.NONE))));
    assertEquals(400, status(failed(
        new Patch(null, "Patient", "twice", null, before -> before, Demand.NONE), update("twice", patient("a")))));
    assertEquals(1, get(store.read(CALLER, "Patient", "twice")).version());
  }

  @Test
  void conditionalCreatesAreRepeatableAndTheirReferencesFollow() {
    for (int time = 0; time < 2; time++) {
      List<Done> done = run(new Create("urn:uuid:cc", "Patient", identifier("Patient", "cc"), patient("cc")),
          new Create(null, "Patient", identifier("Patient", "cc"), patient("cc")),
          create(null, observation("urn:uuid:cc")));

      assertEquals(time == 0, done.get(0).changed());
      assertFalse(done.get(1).changed());
      assertEquals(done.get(0).stored().id(), done.get(1).stored().id());
      assertEquals("Patient/" + done.get(0).stored().id(), subject(done.get(2).stored()));
    }
    assertEquals(1, patients("cc"));
  }

  @Test
  void anotherEntryThatAConditionWouldHaveFoundFailsTheTransaction() {
    Failed failed = failed(new Create(null, "Patient", identifier("Patient", "beside"), patient("beside")),
        create(null, patient("beside")));

    assertEquals(412, status(failed));
    assertEquals(0, patients("beside"));
  }

  @Test
  void conditionalUpdatesGoWhereTheyAreMeant() {
    Stored there = get(store.create(CALLER, "Patient", patient("cu")));
    List<Done> done = run(
        new Update("urn:uuid:cu", "Patient", null, identifier("Patient", "cu"), patient("cu").put("active", true),
            Demand.NONE),
        new Update("urn:uuid:cu2", "Patient", null, identifier("Patient", "cu2"), patient("cu2"), Demand.NONE),
        create(null, observation("urn:uuid:cu")), create(null, observation("urn:uuid:cu2")));

    assertEquals(2, done.get(0).stored().version());
    assertEquals("Patient/" + there.id(), subject(done.get(2).stored()));
    assertTrue(done.get(1).stored().created());
    assertEquals("Patient/" + done.get(1).stored().id(), subject(done.get(3).stored()));
  }

  @Test
  void conditionalReferencesMeanWhatIsThereOrComesWithThem() {
    Stored there = get(store.create(CALLER, "Patient", patient("cr")));
    ObjectNode referring = observation("Patient?identifier=urn:t|cr");
    ObjectNode coming = observation("Patient?identifier=urn:t%7Ccoming");
    ObjectNode member = observation("Patient/x");
    member.putArray("identifier").addObject().put("system", "urn:t").put("value", "member");
    ObjectNode group = observation("Patient?identifier=urn:t|coming");
    group.putArray("hasMember").addObject().put("reference", "Observation?identifier=urn:t|member");

    List<Done> done = run(create(null, referring), create(null, coming), create(null, group),
        create(null, patient("coming")), create(null, member));

    String came = "Patient/" + done.get(3).stored().id();
    assertEquals("Patient/" + there.id(), subject(done.get(0).stored()));
    assertEquals(came, subject(done.get(1).stored()));
    assertEquals(came, subject(done.get(2).stored()));
    assertEquals("Observation/" + done.get(4).stored().id(),
        body(done.get(2).stored()).at("/hasMember/0/reference").asText());
    assertEquals(1, done.get(2).stored().version());
  }

  @Test
  void aConditionalReferenceToNoneOrSeveralFailsAndNamesItsEntry() {
    get(store.create(CALLER, "Patient", patient("dup")));
    get(store.create(CALLER, "Patient", patient("dup")));

    Failed none = failed(create(null, patient("nowhere")), create(null, observation("Patient?identifier=urn:t|no")));
    Failed several = failed(create(null, patient("nowhere")),
        create(null, observation("Patient?identifier=urn:t|dup")));
    ObjectNode self = observation("Patient/x");
    self.putArray("hasMember").addObject().put("reference", "Observation?identifier=urn:t|self");
    self.putArray("identifier").addObject().put("system", "urn:t").put("value", "self");
    Failed circle = failed(create(null, self));

    assertEquals(List.of(1, 400), List.of(none.step, status(none)));
    assertEquals(List.of(1, 412), List.of(several.step, status(several)));
    assertEquals(400, status(circle));
    assertEquals(0, patients("nowhere"));
  }

  @Test
  void patchesSeeWhatIsThereAndTheirReferencesAreResolved() {
    get(store.update(CALLER, "Observation", "patch-me", observation("Patient/old"), ANY));

    List<Done> done = run(create("urn:uuid:new", patient("patched")),
        new Patch(null, "Observation", "patch-me", null, before -> {
          before.withObject("/subject").put("reference", "urn:uuid:new");
          return before;
        }, Demand.match(OptionalInt.of(1))));

    assertEquals("Patient/" + done.get(0).stored().id(), subject(done.get(1).stored()));
    assertEquals(2, done.get(1).stored().version());
    assertEquals(404, status(failed(new Patch(null, "Observation", "nobody", null, before -> before, Demand.NONE))));
  }

  @Test
  void deletesAndErasuresGoTogetherWithTheRest() {
    get(store.update(CALLER, "Patient", "t-del", patient("t-del"), ANY));
    get(store.update(CALLER, "Patient", "t-gone", patient("t-gone"), ANY));
    get(store.delete(CALLER, "Patient", "t-gone", ANY));
    get(store.update(CALLER, "Patient", "t-erase", patient("t-erase"), ANY));

    List<Done> done = run(delete("Patient", "t-del"), delete("Patient", "t-gone"), delete("Patient", "t-never"),
        new Delete("Patient", "t-erase", null, ANY, true));

    assertEquals(2, done.get(0).stored().version());
    assertEquals(null, done.get(1).stored());
    assertEquals(null, done.get(2).stored());
    fails(Failure.Gone.class, 410, store.read(CALLER, "Patient", "t-del"));
    fails(Failure.NotFound.class, 404, store.read(CALLER, "Patient", "t-erase"));
  }

  /** What finds all of a type goes as one array: a deletion's part of it is empty, wherever it stands. */
  @Test
  void deletionsBesideUpdatesOfOneTypeMoveNobodysTokens() {
    for (String id : List.of("mix-a", "mix-b", "mix-c", "mix-d"))
      get(store.update(CALLER, "Patient", id, patient("before-" + id), ANY));

    run(update("mix-b", patient("after-b")), update("mix-c", patient("after-c")), delete("Patient", "mix-a"),
        delete("Patient", "mix-d"));
    run(delete("Patient", "mix-b"));

    assertEquals(1, patients("after-c"));
    assertEquals(0, patients("after-b"));
    assertEquals(3, room.count("from r_patient where id in ('mix-a', 'mix-b', 'mix-d') and del and tok = '{}'"));
    assertEquals(1, room.count("from r_patient where id = 'mix-c' and not del and cardinality(tok) > 0"));
  }

  @Test
  void theSameContentAgainIsNoChange() {
    get(store.update(CALLER, "Patient", "t-same", patient("t-same"), ANY));

    List<Done> done = run(update("t-same", patient("t-same")), update("t-new", patient("t-new")));

    assertFalse(done.get(0).changed());
    assertEquals(1, done.get(0).stored().version());
    assertTrue(done.get(1).stored().created());
  }

  @Test
  @Tag("full")
  void tenThousandEntriesAreOneTransaction() {
    areOneTransaction(10_000);
  }

  @Test
  void severalChunksOfEntriesAreOneTransaction() {
    areOneTransaction(1_200);
  }

  private void areOneTransaction(int entries) {
    List<Step> steps = new ArrayList<>();
    steps.add(create("urn:uuid:big", patient("big")));
    for (int i = 1; i < entries; i++) steps.add(create("urn:uuid:" + i, observation("urn:uuid:big")));

    List<Done> done = get(store.transaction(CALLER, steps));

    String patient = "Patient/" + done.get(0).stored().id();
    assertEquals(entries, done.size());
    assertEquals(patient, subject(done.get(entries - 1).stored()));
    assertEquals(1, room.count("from (select xmin::text from r_observation where id = any ($1) group by 1) x",
        (Object) done.stream().skip(1).map(one -> one.stored().id()).toArray(String[]::new)));
  }

  @Test
  void aConnectionThatIsCutInTheMiddleLeavesNothing() {
    room.sql("create function cut() returns trigger language plpgsql as $$ begin "
        + "if new.id = 'cut-here' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$");
    room.sql("create trigger cut before insert on r_observation for each row execute function cut()");
    try {
      Failure away = fails(Failure.class, store.transaction(CALLER, List.of(create(null, patient("cut")),
          update("a-cut", observation("Patient/1")), update("cut-here", observation("Patient/1")),
          update("z-cut", observation("Patient/1")))));

      assertEquals(503, away.status);
      assertEquals(0, patients("cut"));
      assertEquals(0, room.count("from r_observation where id like '%cut%'"));
    } finally {
      room.sql("drop trigger cut on r_observation");
    }
  }

  @Test
  void transactionsThatTouchTheSameInAnyOrderAllGetThrough() {
    for (int i = 0; i < 6; i++) get(store.update(CALLER, "Patient", "busy-" + i, patient("0"), ANY));

    List<Future<List<Done>>> racing = IntStream.range(0, 24).mapToObj(n -> {
      List<Step> steps = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int which = n % 2 == 0 ? i : 5 - i;
        steps.add(update("busy-" + which, patient("n" + n)));
        steps.add(update("fresh-" + which, patient("n" + n)));
      }
      return store.transaction(CALLER, steps);
    }).toList();
    get(Future.all(racing));

    for (int i = 0; i < 6; i++) {
      assertEquals(25, get(store.read(CALLER, "Patient", "busy-" + i)).version());
      assertEquals(24, get(store.read(CALLER, "Patient", "fresh-" + i)).version());
    }
  }

  @Test
  void transactionsAndSingleWritesUnderOneConditionMakeOneResource() {
    List<Future<String>> racing = IntStream.range(0, 32)
        .mapToObj(i -> i % 2 == 0
            ? Room.patiently(() -> store.create(CALLER, identifier("Patient", "mixed"), patient("mixed")))
                .map(Stored::id)
            : store.transaction(CALLER, List.of(
                new Create("urn:uuid:m", "Patient", identifier("Patient", "mixed"), patient("mixed")),
                create(null, observation("urn:uuid:m"))))
                .map(done -> done.get(0).stored().id()))
        .toList();
    get(Future.all(racing));

    assertEquals(1, racing.stream().map(Future::result).distinct().count());
    assertEquals(1, patients("mixed"));
  }

  @Test
  void eachStepIsRecordedAlsoWhenNothingWasDone() {
    get(store.update(CALLER, "Patient", "rec", patient("rec"), ANY));
    audited.clear();

    List<Done> done = run(update("rec", patient("rec2")), create(null, observation("Patient/rec")));
    failed(update("rec", patient("rec3")), delete("Patient", "rec"));

    assertEquals(List.of("update [Patient/rec] of [Patient/rec] 200",
        "create [Observation/" + done.get(1).stored().id() + "] of [Patient/rec] 200",
        "update [Patient/rec] of [Patient/rec] 400", "delete [Patient/rec] of [Patient/rec] 400"), audited);
  }

  @Test
  void whoMayOnlyReadMayOnlyAsk() {
    Caller reader = new Caller("reader", null, null, Set.of("FHIR Data Reader"),
        Roles.BUILT_IN.grants(Set.of("FHIR Data Reader")), null, null, null);
    Caller writer = new Caller("writer", null, null, Set.of("FHIR Data Writer"),
        Roles.BUILT_IN.grants(Set.of("FHIR Data Writer")), null, null, null);
    Stored there = get(store.create(CALLER, "Patient", patient("may")));

    Failed write = fails(Failed.class, store.transaction(reader, List.of(
        new Question("Patient", reading -> reading.read(reader, "Patient", there.id())),
        create(null, patient("may")))));
    Failed erase = fails(Failed.class,
        store.transaction(writer, List.of(new Delete("Patient", there.id(), null, ANY, true))));
    get(store.transaction(reader,
        List.of(new Question("Patient", reading -> reading.read(reader, "Patient", there.id())))));

    assertEquals(List.of(1, 403), List.of(write.step, status(write)));
    assertEquals(403, status(erase));
    assertNotEquals(null, get(store.read(CALLER, "Patient", there.id())));
    assertTrue(audited.contains("create [Patient] of [] 403"), audited.toString());
  }

  @Test
  void whatATransactionChangesHasToFitIntoMemory() {
    for (int i = 0; i < 3; i++) get(store.update(CALLER, "Patient", "fit-" + i, patient("fit"), ANY));
    Map<String, Set<String>> all = Map.of("Patient", Set.of("fit-0", "fit-1", "fit-2"));
    int one = get(store.read(CALLER, "Patient", "fit-0")).body().length();

    HeldRows roomy = new HeldRows(room.database(), room.database()::ask, 3 * one);
    get(roomy.hold(all));
    fails(Failure.TooLarge.class, 413, new HeldRows(room.database(), room.database()::ask, 3 * one - 1).hold(all));

    assertEquals("fit-2", roomy.stored("Patient", "fit-2").id());
  }

  @Test
  void aConditionalReferenceThatIsNoneNamesItsEntry() {
    Failed sorted = failed(create(null, patient("cref")), create(null, observation("Patient?_sort=name")));
    Failed unknown = failed(create(null, patient("cref")), create(null, observation("Patient?nonsense=x")));

    assertEquals(List.of(1, 400), List.of(sorted.step, status(sorted)));
    assertEquals(List.of(1, 400), List.of(unknown.step, status(unknown)));
    assertEquals(0, patients("cref"));
  }

  @Test
  void manyStepsDoNotFillTheAuditTrailAtOnce() {
    AtomicInteger waiting = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger kept = new AtomicInteger();
    FhirStore slow = new FhirStore(room.database(), entry -> {
      most.accumulateAndGet(waiting.incrementAndGet(), Math::max);
      return room.vertx().timer(1, TimeUnit.MILLISECONDS).<Void>mapEmpty().onComplete(done -> {
        waiting.decrementAndGet();
        kept.incrementAndGet();
      });
    });
    List<Step> steps = IntStream.range(0, 2_500).mapToObj(i -> create(null, observation("Patient/1"))).toList();

    get(slow.transaction(CALLER, steps));

    assertEquals(2_500, kept.get());
    assertTrue(most.get() <= 1_000, most + " at once");
  }

  @Test
  void whatIsAskedByAConditionalReferenceIsRecordedAndWhatIsErasedIsToldFromWhatIsDeleted() {
    List<String> asked = new ArrayList<>();
    FhirStore told = new FhirStore(room.database(), entry -> {
      asked.add(entry.deed().code + " " + entry.query() + " " + entry.status());
      return Future.succeededFuture();
    });

    fails(Failed.class, told.transaction(CALLER,
        List.of(create(null, observation("Patient?identifier=urn:t|probe")), create(null, patient("other")))));

    assertEquals(List.of("create Patient?identifier=urn:t|probe 400", "create null 400"), asked);
    asked.clear();
    get(store.update(CALLER, "Patient", "rec-del", patient("rec-del"), ANY));
    get(store.update(CALLER, "Patient", "rec-erase", patient("rec-erase"), ANY));
    get(told.transaction(CALLER, List.of(delete("Patient", "rec-del"),
        new Delete("Patient", "rec-erase", null, ANY, true))));
    assertEquals(List.of("delete null 200", "delete with its history 200"), asked);
    asked.clear();
    get(store.update(CALLER, "Patient", "rec-past", patient("rec-past"), ANY));
    get(told.forgetPast(CALLER, "Patient", "rec-past", ANY));
    assertEquals(List.of("delete its versions before the current one 200"), asked);
  }

  @Test
  void whatAPatchedResourceReferredToBeforeStaysWhatItWas() {
    get(store.update(CALLER, "Observation", "patch-rel", observation("Patient/7"), ANY));

    List<Done> done = run(create("http://example.org/fhir/Patient/7", patient("rel")),
        new Patch("http://example.org/fhir/Observation/patch-rel", "Observation", "patch-rel", null,
            before -> before.put("status", "amended"), Demand.NONE));

    assertEquals("Patient/7", subject(done.get(1).stored()));
  }
}
