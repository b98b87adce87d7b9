package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.body;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class FhirStoreTest {
  private static final OptionalInt ANY = OptionalInt.empty();
  private final List<String> audited = new ArrayList<>();
  private Future<Void> keeping = Future.succeededFuture();
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    store = new FhirStore(room.database(), entry -> {
      audited.add(entry.deed().code + " " + entry.what() + " of " + entry.patients() + " " + entry.status());
      return keeping;
    });
  }

  private static ObjectNode patient(String family) {
    return json("{'resourceType':'Patient','name':[{'family':'" + family + "'}]}");
  }

  @Test
  void whatIsCreatedIsReadBackWithIdVersionAndTime() {
    Stored made = get(store.create(CALLER, "Patient", patient("Ada")));

    Stored found = get(store.read(CALLER, "Patient", made.id()));

    assertEquals(made, found);
    assertTrue(found.created());
    assertEquals(1, found.version());
    assertEquals(made.id(), body(found).get("id").asText());
    assertEquals("1", body(found).at("/meta/versionId").asText());
    assertEquals(found.updated(), java.time.Instant.parse(body(found).at("/meta/lastUpdated").asText()));
  }

  @Test
  void everyDigitOrderAndUnknownFieldSurvives() {
    String given = "{\"resourceType\":\"Observation\",\"zeta\":1,\"alpha\":{\"b\":1.10,\"a\":[1E+2,0.0,0.00,123456789012345678901234567890.123]},"
        + "\"text\":\"äß\uD83D\uDE00\\t\"}";

    Stored made = get(store.create(CALLER, "Observation", Json.read(given.getBytes(StandardCharsets.UTF_8))));

    String answer = get(store.read(CALLER, "Observation", made.id())).body().toString();
    String bare = answer.replaceFirst("\"id\":\"[^\"]*\",\"meta\":\\{[^}]*},", "");
    assertEquals(given, bare);
  }

  @Test
  void clientsCannotChooseVersionOrTimeButKeepTheRestOfMeta() {
    ObjectNode given = json(
        "{'resourceType':'Patient','id':'mine','meta':{'versionId':'99','lastUpdated':'1999','source':'x','tag':[{'code':'t'}]}}");

    Stored made = get(store.create(CALLER, "Patient", given));

    assertNotEquals("mine", made.id());
    assertEquals("1", body(made).at("/meta/versionId").asText());
    assertEquals("x", body(made).at("/meta/source").asText());
    assertEquals("t", body(made).at("/meta/tag/0/code").asText());
  }

  @Test
  void updateCreatesThenReplacesAndKeepsEveryVersion() {
    Stored one = get(store.update(CALLER, "Patient", "up-1", patient("One"), ANY));
    Stored two = get(store.update(CALLER, "Patient", "up-1", patient("Two"), OptionalInt.of(1)));

    assertTrue(one.created());
    assertFalse(two.created());
    assertEquals(2, two.version());
    assertEquals(one, get(store.vread(CALLER, "Patient", "up-1", 1)));
    assertEquals(two, get(store.vread(CALLER, "Patient", "up-1", 2)));
    fails(Failure.NotFound.class, 404, store.vread(CALLER, "Patient", "up-1", 3));
  }

  @Test
  void theSameContentAgainMakesNoNewVersionButAnotherPrecisionDoes() {
    ObjectNode content = json("{'resourceType':'Observation','status':'final','valueQuantity':{'value':1.10}}");
    Stored one = get(store.update(CALLER, "Observation", "same", content, ANY));

    Stored again = get(store.update(CALLER, "Observation", "same",
        json("{'status':'final','valueQuantity':{'value':1.10},'resourceType':'Observation','meta':{'versionId':'7'}}"),
        ANY));
    Stored finer = get(store.update(CALLER, "Observation", "same",
        json("{'resourceType':'Observation','status':'final','valueQuantity':{'value':1.100}}"), ANY));

    assertEquals(one.unchanged(), again);
    assertEquals(2, finer.version());
  }

  @Test
  void ifMatchOnAnotherVersionIsRefused() {
    get(store.update(CALLER, "Patient", "match", patient("A"), ANY));

    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, "Patient", "match", patient("B"), OptionalInt.of(2)));
    fails(Failure.PreconditionFailed.class, 412,
        store.update(CALLER, "Patient", "nobody", patient("B"), OptionalInt.of(1)));
    fails(Failure.PreconditionFailed.class, 412, store.delete(CALLER, "Patient", "match", OptionalInt.of(2)));
  }

  @Test
  void ifMatchOfAnythingAsksThatThereIsSomething() {
    fails(Failure.PreconditionFailed.class, 412, store.update(CALLER, "Patient", "some", patient("A"), Demand.ANY));
    fails(Failure.PreconditionFailed.class, 412, store.delete(CALLER, "Patient", "some", Demand.ANY));
    fails(Failure.PreconditionFailed.class, 412, store.erase(CALLER, "Patient", "some", Demand.ANY));
    get(store.update(CALLER, "Patient", "some", patient("A"), ANY));

    assertEquals(2, get(store.update(CALLER, "Patient", "some", patient("B"), Demand.ANY)).version());
    assertEquals(3, get(store.patch(CALLER, "Patient", "some", before -> before.put("active", true),
        Demand.match(Demand.ANY))).version());
    assertEquals(4, get(store.delete(CALLER, "Patient", "some", Demand.ANY)).version());

    fails(Failure.PreconditionFailed.class, 412, store.delete(CALLER, "Patient", "some", Demand.ANY));
    fails(Failure.PreconditionFailed.class, 412, store.update(CALLER, "Patient", "some", patient("A"), Demand.ANY));
    fails(Failure.PreconditionFailed.class, 412, store.erase(CALLER, "Patient", "some", Demand.ANY));
  }

  @Test
  void whatIsDeletedIsGoneButItsPastIsNot() {
    get(store.update(CALLER, "Patient", "del", patient("A"), ANY));

    Stored deletion = get(store.delete(CALLER, "Patient", "del", ANY));

    assertEquals(2, deletion.version());
    assertTrue(deletion.deleted());
    assertNull(get(store.delete(CALLER, "Patient", "del", ANY)));
    assertNull(get(store.delete(CALLER, "Patient", "never", ANY)));
    fails(Failure.Gone.class, 410, store.read(CALLER, "Patient", "del"));
    fails(Failure.Gone.class, 410, store.vread(CALLER, "Patient", "del", 2));
    assertEquals(1, get(store.vread(CALLER, "Patient", "del", 1)).version());

    Stored back = get(store.update(CALLER, "Patient", "del", patient("A"), ANY));
    assertEquals(3, back.version());
    assertEquals(3, get(store.history(CALLER, "Patient", "del", new HistoryQuery(10, null, null))).entries().size());
  }

  @Test
  void historyComesNewestFirstInPages() {
    for (int i = 1; i <= 5; i++) get(store.update(CALLER, "Patient", "hist", patient("v" + i), ANY));

    Page first = get(store.history(CALLER, "Patient", "hist", new HistoryQuery(2, null, null)));
    Page second = get(store.history(CALLER, "Patient", "hist", new HistoryQuery(2, null, first.next())));
    Page third = get(store.history(CALLER, "Patient", "hist", new HistoryQuery(2, null, second.next())));

    assertEquals(OptionalLong.of(5), first.total());
    assertEquals(List.of(5, 4, 3, 2, 1), java.util.stream.Stream.of(first, second, third)
        .flatMap(page -> page.entries().stream())
        .map(Stored::version)
        .toList());
    assertNull(third.next());
    fails(Failure.NotFound.class, 404, store.history(CALLER, "Patient", "hist-not", new HistoryQuery(2, null, null)));
    fails(Failure.Invalid.class, 400, store.history(CALLER, "Patient", "hist", new HistoryQuery(2, null, "nonsense!")));
  }

  @Test
  void aHistoryOfATimeHasWhatWasCurrentThen() {
    for (String month : List.of("2026-01", "2026-02", "2026-03")) {
      Clock clock = Clock.fixed(Instant.parse(month + "-01T00:00:00Z"), ZoneOffset.UTC);
      get(new FhirStore(room.database(), Audit.log(), clock).update(CALLER, "Patient", "times", patient(month), ANY));
    }

    assertEquals(List.of(1), versions("2026-01-15"));
    assertEquals(List.of(2), versions("2026-02"));
    assertEquals(List.of(1), versions("2026-01-31T23:59:59.5Z", "ge2026-01-31"), "of both, the later beginning");
    assertEquals(List.of(3, 2), versions("ge2026-02-15"));
    assertEquals(List.of(2, 1), versions("ge2026-01-15", "le2026-02-10"));
    assertEquals(List.of(1), versions("lt2026-02-01"));
    assertEquals(List.of(), versions("2025"));
    assertThrows(Failure.Invalid.class, () -> versions("sa2026"));
    assertThrows(Failure.Invalid.class, () -> versions("yesterday"));
    fails(Failure.Invalid.class, 400,
        store.history(CALLER, "Patient", new HistoryQuery(9, null, null).at(List.of("2026"))));
  }

  private List<Integer> versions(String... at) {
    return get(store.history(CALLER, "Patient", "times", new HistoryQuery(9, null, null).at(List.of(at)))).entries()
        .stream()
        .map(Stored::version)
        .toList();
  }

  @Test
  void whoAsksForNoEntriesIsToldHowManyThereAre() {
    Instant before = Instant.parse("2001-02-03T00:00:00Z");
    Clock clock = Clock.fixed(before.plusSeconds(1), ZoneOffset.UTC);
    FhirStore then = new FhirStore(room.database(), Audit.log(), clock);
    for (String name : List.of("A", "B")) get(then.update(CALLER, "Basic", "counted", basic(name), ANY));

    HistoryQuery asked = new HistoryQuery(0, before, before.plusSeconds(9), false, null);
    for (Page page : List.of(get(store.history(CALLER, "Basic", "counted", asked)),
        get(store.history(CALLER, "Basic", asked)), get(store.history(CALLER, null, asked)))) {
      assertEquals(OptionalLong.of(2), page.total());
      assertEquals(List.of(), page.entries());
      assertNull(page.next());
    }
  }

  /** Five seconds. */
  @Test
  @Tag("full")
  void toCountAllVersionsMayTakeTooLongAndKeepsNobodyWaiting() {
    SqlConnection other = get(room.database().pool().getConnection());
    try {
      get(other.query("begin").execute());
      get(other.query("lock table r_basic").execute());
      List<Future<Page>> counting = IntStream.range(0, 40)
          .mapToObj(i -> store.history(CALLER, "Basic", new HistoryQuery(0, null, null)))
          .toList();

      get(store.update(CALLER, "Patient", "meanwhile", patient("A"), ANY));
      assertEquals(1, get(store.read(CALLER, "Patient", "meanwhile")).version());

      assertTrue(counting.stream().noneMatch(Future::isComplete));
      fails(Failure.TooCostly.class, 422, counting.get(0));
    } finally {
      get(other.query("rollback").execute());
      other.close();
    }
  }

  private static ObjectNode basic(String name) {
    return json("{'resourceType':'Basic','code':{'text':'" + name + "'}}");
  }

  @Test
  void writersThatRaceMakeOneVersionEachWithoutAGap() {
    get(store.update(CALLER, "Patient", "race", patient("start"), ANY));

    List<Future<Stored>> racing = IntStream.range(0, 8)
        .mapToObj(i -> store.update(CALLER, "Patient", "race", patient("r" + i), ANY))
        .toList();
    get(Future.all(racing));

    assertEquals(9, get(store.read(CALLER, "Patient", "race")).version());
    assertEquals(9, get(store.history(CALLER, "Patient", "race", new HistoryQuery(100, null, null))).entries().size());
    assertEquals(9, racing.stream().map(f -> f.result().version()).distinct().count() + 1);
  }

  @Test
  void ofManyWhoNameTheSameVersionExactlyOneWins() {
    get(store.update(CALLER, "Patient", "one", patient("start"), ANY));

    List<Future<Stored>> racing = IntStream.range(0, 8)
        .mapToObj(i -> store.update(CALLER, "Patient", "one", patient("r" + i), OptionalInt.of(1)))
        .toList();
    get(Future.join(racing).otherwiseEmpty());

    assertEquals(1, racing.stream().filter(Future::succeeded).count());
    assertTrue(racing.stream().filter(Future::failed).allMatch(f -> f.cause() instanceof Failure.PreconditionFailed));
  }

  @Test
  void createIfAbsentGivesEverybodyTheSameOne() {
    List<Future<Stored>> racing = IntStream.range(0, 8)
        .mapToObj(i -> store.createIfAbsent(CALLER, "Device", "dev-1",
            json("{'resourceType':'Device','modelNumber':'" + i + "'}")))
        .toList();
    get(Future.all(racing));

    assertEquals(1, racing.stream().map(Future::result).distinct().count());
    assertEquals(1, room.count("from change_queue where id = 'dev-1'"));
  }

  @Test
  void idsAndTextThatCannotBeKeptAreTheClientsFault() {
    fails(Failure.Invalid.class, 400, store.read(CALLER, "Patient", "a'; drop table r_patient; --"));
    fails(Failure.Invalid.class, 400, store.read(CALLER, "Patient", "x".repeat(65)));
    fails(Failure.Invalid.class, 400, store.read(CALLER, "Patient", "nul\0"));
    fails(Failure.Invalid.class, 400, store.update(CALLER, "Patient", "", patient("A"), ANY));
    fails(Failure.NotFound.class, 404, store.read(CALLER, "Nonsense", "a"));
    Failure.Invalid nul = fails(Failure.Invalid.class, store.create(CALLER, "Patient", patient("a\\u0000b")));
    assertEquals("Patient.name[0].family", nul.expression);
    fails(Failure.Invalid.class, 400, store.create(CALLER, "Patient", patient("half \\ud800 pair")));
    assertEquals("x".repeat(64), get(store.update(CALLER, "Patient", "x".repeat(64), patient("long"), ANY)).id());
  }

  @Test
  void everyAccessIsAuditedWithThePatientAndHowItEnded() {
    get(store.update(CALLER, "Patient", "audit-me", patient("A"), ANY));
    get(store.read(CALLER, "Patient", "audit-me"));
    get(store.history(CALLER, "Patient", "audit-me", new HistoryQuery(1, null, null)));
    get(store.delete(CALLER, "Patient", "audit-me", ANY));
    fails(Failure.Gone.class, 410, store.read(CALLER, "Patient", "audit-me"));

    String it = " [Patient/audit-me] of [Patient/audit-me] ";
    assertEquals(List.of("update" + it + 200, "read" + it + 200, "history-instance" + it + 200, "delete" + it + 200,
        "read" + it + 410), audited);
  }

  @Test
  void anObservationsAccessNamesItsPatientAndASearchAllThatItFound() {
    for (String of : List.of("audit-p1", "audit-p2"))
      get(store.update(CALLER, "Observation", "of-" + of, json("{'resourceType':'Observation','status':'final',"
          + "'code':{'text':'audited'},'subject':{'reference':'Patient/" + of + "'}}"), ANY));
    audited.clear();

    get(store.read(CALLER, "Observation", "of-audit-p1"));
    get(store.search(CALLER, new SearchQuery("Observation",
        List.of(new SearchQuery.Param("subject", "Patient/audit-p1,Patient/audit-p2")), 10, "none", null)));
    get(store.search(CALLER,
        new SearchQuery("Observation", List.of(new SearchQuery.Param("patient", "audit-nobody")), 10, "none", null)));
    get(store.search(CALLER,
        new SearchQuery("Observation", List.of(new SearchQuery.Param("_id", "of-audit-p2")), 10, "none", null)));
    get(store.delete(CALLER, "Observation", "of-audit-p2", ANY));

    assertEquals(List.of("read [Observation/of-audit-p1] of [Patient/audit-p1] 200",
        "search-type [] of [Patient/audit-p1, Patient/audit-p2] 200", "search-type [] of [Patient/audit-nobody] 200",
        "search-type [] of [Patient/audit-p2] 200", "delete [Observation/of-audit-p2] of [Patient/audit-p2] 200"),
        audited);
  }

  @Test
  void anAnswerWhoseEntryIsNotKeptIsNotGiven() {
    Stored made = get(store.create(CALLER, "Patient", patient("A")));
    keeping = Future.failedFuture(new Failure.Busy("full"));

    fails(Failure.Busy.class, 503, store.read(CALLER, "Patient", made.id()));
    fails(Failure.NotFound.class, 404, store.read(CALLER, "Patient", "nobody"));
  }

  /** Cut short, flagged by a version to come, bytes that are no JSON, such that look like it, and a resource without meta. */
  private static final List<String> DAMAGED = List.of("substring(body for 40)", "'\\x09'::bytea", "'\\x0041'::bytea",
      "'\\x007b417d'::bytea", "'\\x007b7d'::bytea");

  private void damage(String id, String how) {
    get(room.database().ask("update r_patient set body = " + how + " where id = '" + id + "'", Tuple.tuple()));
  }

  @Test
  void whatCannotBeReadAnyMoreIsSaidAndTheOthersAreFound() {
    for (String how : DAMAGED.subList(0, 3)) {
      Stored lost = get(store.create(CALLER, "Patient", patient("Lost".repeat(100))));
      Stored other = get(store.create(CALLER, "Patient", patient("Other")));
      damage(lost.id(), how);

      Failure said = fails(Failure.Unreadable.class, store.read(CALLER, "Patient", lost.id()));
      Failure again = fails(Failure.Unreadable.class,
          store.createIfAbsent(CALLER, "Patient", lost.id(), patient("New")));
      Page found = get(store.search(CALLER, new SearchQuery("Patient",
          List.of(new SearchQuery.Param("_id", lost.id() + "," + other.id())), 10, "none", null)));
      Page versions = get(store.history(CALLER, "Patient", lost.id(), new HistoryQuery(10, null, null)));

      assertEquals(500, said.status);
      assertTrue(said.getMessage().startsWith("Version 1 of Patient/" + lost.id()), said.getMessage());
      assertEquals(said.getMessage(), again.getMessage());
      assertEquals(List.of(other), found.entries());
      assertEquals(List.of(lost.id()), found.unreadable().stream().map(Stored::id).toList());
      assertEquals(versions.entries(), versions.unreadable());
      assertTrue(versions.entries().get(0).unreadable());
    }
  }

  @Test
  void whatCannotBeReadIsMendedByPuttingItAnewAndMayBeDeleted() {
    mended(store, store);
    mended(store, new FhirStore(room.database(), entry -> Future.succeededFuture()));
  }

  private void mended(FhirStore writing, FhirStore mending) {
    for (String how : DAMAGED) {
      Stored lost = get(writing.create(CALLER, "Patient", patient("Lost".repeat(100))));
      Stored gone = get(writing.create(CALLER, "Patient", patient("Gone".repeat(100))));
      damage(lost.id(), how);
      damage(gone.id(), how);

      Stored mended = get(mending.update(CALLER, "Patient", lost.id(), patient("Found"), OptionalInt.of(1)));
      Stored deleted = get(mending.delete(CALLER, "Patient", gone.id(), ANY));

      assertEquals(2, mended.version());
      assertEquals(mended, get(store.read(CALLER, "Patient", lost.id())));
      assertEquals(2, deleted.version());
      fails(Failure.Gone.class, 410, store.read(CALLER, "Patient", gone.id()));
    }
  }

  @Test
  void aSearchIsNotStoppedByBytesThatAreNoJson() {
    Stored lost = get(store.create(CALLER, "Patient", patient("Lost")));
    damage(lost.id(), DAMAGED.get(3));

    Page found = get(store.search(CALLER, new SearchQuery("Patient",
        List.of(new SearchQuery.Param("_id", lost.id())), 10, "none", null)));

    assertEquals(List.of(), found.entries());
    assertEquals(List.of(lost.id()), found.unreadable().stream().map(Stored::id).toList());
  }
}
