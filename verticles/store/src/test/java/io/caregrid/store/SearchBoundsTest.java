package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Searches made to cost much: each is refused, or answered, in a moment and in little memory. */
@ExtendWith(Room.Key.class)
class SearchBoundsTest {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  /** Shows what does not come to an end; that it was refused before it was asked is told by what it says. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static Room room;
  private static FhirStore store;

  @BeforeAll
  static void open(Room shared) {
    room = shared;
    store = new FhirStore(room.database(), Audit.log());
    Definition.types().forEach(Definition::of);
  }

  private static SearchQuery query(String type, String... namesAndValues) {
    List<SearchQuery.Param> params = new ArrayList<>();
    for (int i = 0; i < namesAndValues.length; i += 2)
      params.add(new SearchQuery.Param(namesAndValues[i], namesAndValues[i + 1]));
    return new SearchQuery(type, params, 10, "none", null);
  }

  private static Throwable refusal(SearchQuery query) {
    Throwable refused = assertTimeoutPreemptively(PATIENCE, () -> assertThrows(Failure.class, () -> {
      List<String> unknown = FhirStore.unknown(query);
      if (!unknown.isEmpty()) throw new Failure.Invalid("unknown " + unknown);
      get(store.search(CALLER, query));
    }));
    assertFalse(refused.getMessage().contains("was ended"), refused.getMessage());
    return refused;
  }

  @Test
  void noMoreSearchesAreAtWorkOrInLineThanThereIsMemoryFor() {
    SqlConnection holder = get(room.database().pool().getConnection());
    try {
      io.vertx.sqlclient.Transaction holding = get(holder.begin());
      get(holder.query("lock table r_slot in access exclusive mode").execute());
      List<Future<Page>> all = IntStream.range(0, room.database().pagesAtOnce() + Database.PAGES_WAITING)
          .mapToObj(i -> store.search(CALLER, query("Slot", "status", "free")))
          .toList();

      Room.fails(Failure.Busy.class, 503, store.search(CALLER, query("Slot", "status", "free")));
      assertTrue(all.stream().limit(room.database().pagesAtOnce()).noneMatch(Future::isComplete));
      get(holding.rollback());
      assertEquals(List.of(), get(all.get(0)).entries());
      get(Future.join(all).otherwiseEmpty());
    } finally {
      get(holder.close());
    }
  }

  @Test
  void neitherAConditionNorACountWaitsForThePagesOfOthers() {
    Promise<Void> reading = Promise.promise();
    List<Future<Void>> pages = IntStream.range(0, room.database().pagesAtOnce())
        .mapToObj(i -> room.database().page(reading::future))
        .toList();
    try {
      Future<Page> waiting = store.search(CALLER, query("Basic", "code", "none"));
      Criteria none = new Criteria("Basic", List.of(new SearchQuery.Param("identifier", "urn:bounds|1")));

      Stored made = get(store.create(CALLER, none,
          json("{'resourceType':'Basic','identifier':[{'system':'urn:bounds','value':'1'}],'code':{'text':'x'}}")));
      assertEquals(made.id(), get(store.create(CALLER, none, json("{'resourceType':'Basic'}"))).id());
      Page count = get(store.search(CALLER,
          new SearchQuery("Basic", List.of(new SearchQuery.Param("_id", made.id())), 0, "accurate", null)));
      assertEquals(1, count.total().orElseThrow());
      assertFalse(waiting.isComplete());
      get(store.delete(CALLER, "Basic", made.id(), OptionalInt.empty()));
    } finally {
      reading.complete();
      get(Future.all(pages));
    }
  }

  /** Ten types know composed-of, and each may compose any type: a million ways through six links. */
  @ParameterizedTest
  @ValueSource(strings = {"composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.name",
    "composed-of.derived-from.depends-on.successor.predecessor.name",
    "composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.nowhere",
    "composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.composed-of.name"})
  void aChainThatBranchesAtEachLinkIsRefusedAtOnce(String chain) {
    refusal(query("ActivityDefinition", chain, "x"));
  }

  /** Read as far as it may be, followed through twelve of its links: each has statements of its own, and all of them twenty seconds. */
  @ParameterizedTest
  @ValueSource(strings = {"composed-of:Library.", "_has:Library:composed-of:"})
  void aChainWhoseTypesAreNamedGoesAsDeepAsItMay(String link) {
    SearchQuery deepest = query("Library", link.repeat(Known.DEEPEST) + "name", "x");
    assertEquals(List.of(), FhirStore.unknown(deepest));
    assertDoesNotThrow(() -> SearchTerms.of(deepest, NOW));
    assertInstanceOf(Failure.Invalid.class, refusal(query("Library", link.repeat(Known.DEEPEST + 1) + "name", "x")));
    assertEquals(0, get(store.search(CALLER, query("Library", link.repeat(12) + "name", "x"))).entries().size());
  }

  /** A posted form has room for thousands of links, and for a hundred parameters that each lead through all types of resources again and again. */
  @Test
  void howFarASearchLeadsIsKnownBeforeAnybodyFollows() {
    SearchQuery.Param deep = new SearchQuery.Param("composed-of.".repeat(20_000) + "name", "x");
    SearchQuery.Param last = new SearchQuery.Param("composed-of." + "x".repeat(200_000), "x");
    SearchQuery.Param branching = new SearchQuery.Param("composed-of.".repeat(Known.DEEPEST) + "nowhere", "x");
    SearchQuery.Param back = new SearchQuery.Param("_has:Library:composed-of:" + "composed-of.".repeat(31) + "name",
        "x");

    for (String type : Arrays.asList("Library", null)) {
      assertInstanceOf(Failure.Invalid.class, refusal(new SearchQuery(type, List.of(deep), 10, "none", null)));
      assertInstanceOf(Failure.Invalid.class, refusal(new SearchQuery(type, List.of(last), 10, "none", null)));
      assertInstanceOf(Failure.Invalid.class, refusal(new SearchQuery(type, List.of(branching), 10, "none", null)));
      assertInstanceOf(Failure.TooCostly.class,
          refusal(new SearchQuery(type, Collections.nCopies(100, branching), 10, "none", null)));
      refusal(new SearchQuery(type, List.of(back), 10, "none", null));
    }
  }

  @Test
  void moreParametersThanAnybodyAsksForAreNotEvenLookedUp() {
    List<SearchQuery.Param> many = Collections.nCopies(500_000, new SearchQuery.Param("_tag", "x"));

    assertInstanceOf(Failure.TooCostly.class, refusal(new SearchQuery(null, many, 10, "none", null)));
    assertInstanceOf(Failure.TooCostly.class, refusal(new SearchQuery("Patient", many, 10, "none", null)));
  }

  /** Under the limits of one parameter and of one type, a million tokens for all of them. */
  @Test
  void alternativesAreCountedOverAllParametersAndTypes() {
    String codes = IntStream.range(0, 9_000).mapToObj(i -> "c" + i).collect(Collectors.joining(","));
    String[] many = Collections.nCopies(12, List.of("_tag", codes))
        .stream()
        .flatMap(List::stream)
        .toArray(String[]::new);

    assertInstanceOf(Failure.TooCostly.class, refusal(query(null, "_tag", codes)));
    assertInstanceOf(Failure.TooCostly.class, refusal(query("Patient", many)));
    assertEquals(0, get(store.search(CALLER, query("Patient", "_tag", codes))).entries().size());
  }

  @Test
  void aSearchIsSortedBySoManyKeysAndNoMore() {
    String keys = String.join(",", Collections.nCopies(1_000, "gender"));

    assertInstanceOf(Failure.Invalid.class, refusal(query("Patient", "_sort", keys)));
  }

  /** Where each of half a million opening brackets might begin a tag. */
  @Test
  void textThatLooksLikeTagsIsSearchedInOnePass() {
    get(store.update(CALLER, "Basic", "brackets", json("{'resourceType':'Basic','code':{'text':'needle "
        + "<".repeat(500_000) + "'}}"), OptionalInt.empty()));

    List<Stored> found = assertTimeoutPreemptively(PATIENCE,
        () -> get(store.search(CALLER, query("Basic", "_content", "needle"))).entries());

    assertEquals(1, found.size());
    get(store.delete(CALLER, "Basic", "brackets", OptionalInt.empty()));
  }

  /** A megabyte of slashes has half a million beginnings, half a megabyte each. */
  @Test
  void whatOneValueUnfoldsToIsBounded() {
    assertInstanceOf(Failure.Invalid.class, refusal(query("ValueSet", "url:above", "http://x" + "/y".repeat(1_900))));
    assertInstanceOf(Failure.TooCostly.class, refusal(query("ValueSet", "url:above", "/".repeat(1 << 20))));
    assertInstanceOf(Failure.TooCostly.class, refusal(query("Patient", "name:contains", "x".repeat(1 << 20))));
    assertInstanceOf(Failure.TooCostly.class, refusal(query("Patient", "_content", "w ".repeat(1_000))));
  }

  @Test
  void aStatementThatIsNotAnsweredSoonIsAskedTheOtherWay() {
    Asking asking = Asking.within(Duration.ofMinutes(1), room.database(), null);

    int found = assertTimeoutPreemptively(PATIENCE, () -> get(asking.find(new SearchPlan.Statement(
        Database.PLANNED + "select 1 as n from pg_sleep(50)", Database.PLANNED + "select 2 as n", Tuple.tuple())))
        .iterator()
        .next()
        .getInteger("n"));

    assertEquals(2, found);
  }

  @Test
  void aSearchIsReadByTheDatabaseOnceUnlessItIsVeryLong() {
    String dates = IntStream.range(0, 150).mapToObj(i -> "ge" + (1800 + i)).collect(Collectors.joining(","));
    Search search = new Search(room.database());
    get(search.run(query("Goal", "start-date", "2026"), NOW));
    get(search.run(query("Goal", "start-date", dates), NOW));

    assertTrue(kept("statement like '%r_goal%'") > 0);
    assertEquals(0, kept("length(statement) > " + Database.LONGEST_KEPT));
  }

  private static long kept(String which) {
    return get(room.database()
        .finding()
        .withConnection(connection -> connection
            .query("select count(*) as n from pg_prepared_statements where " + which)
            .execute()))
        .iterator()
        .next()
        .getLong("n");
  }

  @Test
  void allThatASearchLeadsToHasItsTime() {
    Search search = new Search(room.database()).within(Duration.ZERO);

    Room.fails(Failure.TooCostly.class, 422, search.run(query("Patient", "_id", "x"), NOW));
    Room.fails(Failure.TooCostly.class, 422, search.run(query(null, "_id", "x"), NOW));
    Room.fails(Failure.TooCostly.class, 422, search.run(query("Observation", "subject:Patient.name", "x"), NOW));
  }

  @Test
  void keysOfTheLongestTextsFitTheTokenOfThePage() {
    for (int i = 0; i < 3; i++) {
      String text = "漢".repeat(250) + i;
      get(store.update(CALLER, "Patient", "long-" + i, json("{'resourceType':'Patient','name':[{'family':'" + text
          + "','given':['" + text + "']}],'address':[{'city':'" + text + "','country':'" + text + "','state':'" + text
          + "','postalCode':'" + text + "','use':'home'}],'telecom':[{'value':'" + text + "'}]}"),
          OptionalInt.empty()));
    }
    String sort = "family,given,address-city,address-country,address-state,address-postalcode,telecom,_id";
    List<String> found = new ArrayList<>();
    String token = null;
    do {
      SearchQuery query = new SearchQuery("Patient", List.of(new SearchQuery.Param("_sort", sort)), 1, "none", token);
      Page page = get(store.search(CALLER, query));
      page.entries().forEach(one -> found.add(one.id()));
      token = page.next();
    } while (token != null);

    assertEquals(List.of("long-0", "long-1", "long-2"), found);
    for (String id : found) get(store.delete(CALLER, "Patient", id, OptionalInt.empty()));
  }

  private static void organization(String id, String name, int number) {
    get(store.update(CALLER, "Organization", id, json("{'resourceType':'Organization','name':'" + name
        + "','identifier':[{'value':'" + number % 7 + "'}]}"), OptionalInt.empty()));
  }

  /** Between two pages some change their place, some go, and some come. */
  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"", "_lastUpdated", "-_lastUpdated", "_id", "-_id", "name", "-name", "identifier",
    "-identifier,name"})
  void noPageRepeatsOrMissesWhatDoesNotChange(String sort) {
    for (int i = 0; i < 24; i++) {
      organization("still-" + i, "n" + i % 5, i);
      organization("moving-" + i, "n" + i % 4, i);
    }
    List<SearchQuery.Param> params = sort.isEmpty() ? List.of() : List.of(new SearchQuery.Param("_sort", sort));
    List<String> found = new ArrayList<>();
    String token = null;
    int pages = 0;
    do {
      Page page = get(store.search(CALLER, new SearchQuery("Organization", params, 5, "none", token)));
      page.entries().stream().map(Stored::id).filter(id -> id.startsWith("still-")).forEach(found::add);
      token = page.next();
      organization("moving-" + pages, "n" + pages * 3 % 5, pages + 3);
      organization("new-" + pages, "n2", pages);
      get(store.delete(CALLER, "Organization", "moving-" + (23 - pages), OptionalInt.empty()));
    } while (token != null && ++pages < 24);

    Collections.sort(found);
    assertEquals(IntStream.range(0, 24).mapToObj(i -> "still-" + i).sorted().toList(), found);
    room.sql("truncate r_organization, h_organization");
  }

  @Test
  void aSortedPageStopsAtItsBytesAndGoesOnBehindThem() {
    for (int i = 0; i < 7; i++)
      get(store.update(CALLER, "Basic", "sized-" + i, json("{'resourceType':'Basic','code':{'coding':[{'code':'k" + i
          + "'}]},'identifier':[{'value':'" + "x".repeat(1_000 * i) + "'}]}"), OptionalInt.empty()));
    List<String> found = new ArrayList<>();
    String token = null;
    do {
      Page page = get(store.search(CALLER, new SearchQuery("Basic", List.of(new SearchQuery.Param("_sort", "-code")),
          5, "none", token, 7_000)));
      long before = page.entries()
          .stream()
          .limit(page.entries().size() - 1L)
          .mapToLong(one -> one.body().length())
          .sum();
      assertTrue(before < 7_000, "a page of " + page.entries().size());
      page.entries().forEach(one -> found.add(one.id()));
      token = page.next();
    } while (token != null);

    assertEquals(List.of("sized-6", "sized-5", "sized-4", "sized-3", "sized-2", "sized-1", "sized-0"), found);
    for (String id : found) get(store.delete(CALLER, "Basic", id, OptionalInt.empty()));
  }
}
