package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How what was found is given: page by page, counted, with what it is asked to bring along, of several types, of a compartment. */
class SearchPagesTest extends Searching {
  @ParameterizedTest
  @ValueSource(strings = {"Observation?", "Observation?_sort=date", "Observation?_sort=-date",
    "Observation?_sort=_lastUpdated", "Observation?_sort=-_lastUpdated"})
  void pagesTogetherGiveEachEntryOnce(String text) {
    List<String> pages = new ArrayList<>();
    String token = null;
    do {
      Page page = get(store.search(CALLER, query(text, 2, "none", token)));
      pages.add(ids(page));
      token = page.next();
    } while (token != null);

    assertEquals(3, pages.size());
    assertEquals(found(text), String.join(" ", pages));
  }

  @Test
  void aTokenOfAnotherSearchOrOfNobodyIsRefused() {
    String token = get(store.search(CALLER, query("Observation?", 2, "none", null))).next();

    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Observation?code=x", 2, "none", token)));
    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Observation?_sort=date", 2, "none", token)));
    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Observation?", 2, "none", token + "AA")));
    fails(Failure.Invalid.class, 400, store.search(CALLER, query("Observation?", 2, "none", "%%%")));
  }

  @Test
  void totalsAreGivenWhenTheyAreAskedFor() {
    assertEquals(OptionalLong.empty(), get(store.search(CALLER, query("Observation?", 2, "none", null))).total());
    assertEquals(OptionalLong.of(6), get(store.search(CALLER, query("Observation?", 2, "accurate", null))).total());
    assertEquals(OptionalLong.of(3),
        get(store.search(CALLER, query("Observation?code=8867-4", 2, "estimate", null))).total());

    Page none = get(store.search(CALLER, query("Observation?patient=ada", 0, "accurate", null)));
    assertEquals(OptionalLong.of(3), none.total());
    assertTrue(none.entries().isEmpty());
    assertNull(none.next());
  }

  @ParameterizedTest
  @CsvSource({"1", "700", "5000", "100000"})
  void pagesBoundedByBytesMissAndRepeatNothing(long bytes) {
    for (int i = 0; i < 12; i++) {
      put("Endpoint", "sized-" + i,
          "'status':'active','name':'sized','address':'" + "x".repeat(i % 3 == 0 ? 20 : 90 * i) + "'");
    }
    List<String> found = new ArrayList<>();
    String token = null;
    do {
      Page page = get(
          store.search(CALLER, new SearchQuery("Endpoint", List.of(new SearchQuery.Param("name", "sized")), 5,
              "none", token, bytes)));
      long before = page.entries()
          .stream()
          .limit(page.entries().size() - 1L)
          .mapToLong(one -> one.body().length())
          .sum();
      assertTrue(before < bytes && page.entries().size() <= 5, "a page of " + page.entries().size());
      page.entries().forEach(one -> found.add(one.id()));
      token = page.next();
    } while (token != null);

    for (int i = 0; i < 12; i++) get(store.delete(CALLER, "Endpoint", "sized-" + i, OptionalInt.empty()));
    assertEquals(IntStream.range(0, 12).mapToObj(i -> "sized-" + (11 - i)).toList(), found);
  }

  @Test
  void whoCouldNotPointToAResourceIsNotAskedWhetherHeDoes() {
    Include all = Include.parse("_revinclude", "", "CarePlan:*");
    Definition from = Definition.of("CarePlan");

    assertEquals(List.of(), all.pointing(from, "ValueSet"));
    assertEquals(List.of("instantiates-canonical"),
        all.pointing(from, "PlanDefinition").stream().map(Param::name).toList());
  }

  @ParameterizedTest(name = "{0} → {1}")
  @CsvSource(delimiter = '>', value = {
    "Observation?_id=hr1,hr2&_include=Observation:subject > Patient/ada",
    "Observation?_id=hr1&_include=Observation:patient&_include=Observation:device > Device/mon-1 Patient/ada",
    "Observation?_id=hr1&_include=Observation:* > Device/mon-1 Patient/ada",
    "Observation?_id=hr1&_include=* > Device/mon-1 Patient/ada",
    "Observation?_id=hr1&_include=Observation:subject:Group > ''",
    "Observation?_id=hr1&_include=Observation:subject:Patient > Patient/ada",
    "Observation?_id=other&_include=Observation:subject > ''",
    "Observation?_id=hr1&_include=Observation:device&_include=Device:patient > Device/mon-1",
    "Observation?_id=hr1&_include=Observation:device&_include:iterate=Device:patient > Device/mon-1 Patient/ada",
    "Patient?_id=ada&_revinclude=Device:patient > Device/mon-1",
    "Patient?_id=ada&_revinclude=Observation:subject > Observation/hr1 Observation/hr2 Observation/temp",
    "Patient?_id=ada&_revinclude=Device:patient&_revinclude:iterate=Observation:device > Device/mon-1 Observation/hr1",
    "Patient?_id=ada&_revinclude=Device:* > Device/mon-1",
    "Device?_id=mon-1&_revinclude=Observation:device&_include:iterate=Observation:subject > Observation/hr1 Patient/ada",
    "CarePlan?_id=old&_include=CarePlan:instantiates-canonical > PlanDefinition/walk1",
    "CarePlan?_id=any&_include=CarePlan:instantiates-canonical:PlanDefinition > PlanDefinition/walk1 PlanDefinition/walk2",
    "CarePlan?_id=any&_include=CarePlan:instantiates-canonical:Measure > ''",
    "PlanDefinition?_id=walk2&_revinclude=CarePlan:instantiates-canonical > CarePlan/any",
    "PlanDefinition?_id=walk1&_revinclude=CarePlan:instantiates-canonical > CarePlan/any CarePlan/old",
    "ActivityDefinition?_include=ActivityDefinition:depends-on > Library/walking",
    "ActivityDefinition?_include=ActivityDefinition:composed-of > PlanDefinition/walk1 PlanDefinition/walk2",
    "ActivityDefinition?_include=ActivityDefinition:derived-from > ''",
    "Library?_revinclude=ActivityDefinition:depends-on > ActivityDefinition/walk",
    "Patient?_id=bob&_revinclude=List:item > List/ward",
    "PlanDefinition?_id=walk2&_revinclude=* > ActivityDefinition/walk CarePlan/any",
    "Device?_id=mon-1&_revinclude=*:* > List/ward Observation/hr1",
    "Device?_id=mon-1&_include=*:* > Patient/ada",
    "Observation?_id=hr1&_include=Observation:device&_include:iterate=* > Device/mon-1 Patient/ada",
    "List?_id=ward&_include=List:item:Device&_include:iterate=* > Device/mon-1 Patient/ada Patient/bob",
    "Patient?_id=nobody&_revinclude=List:item > ''"})
  void aPageBringsAlongWhatItIsAskedTo(String text, String expected) {
    assertEquals(expected.equals("''") ? "" : expected, included(text));
  }

  private Page all(String text, String within, int count, String page) {
    SearchQuery of = query("X?" + text, count, "accurate", page);
    return get(store.search(CALLER, new SearchQuery(null, of.params(), count, "accurate", page, 0,
        within == null ? List.of() : List.of(within))));
  }

  @Test
  void aSearchOverSeveralTypesGivesEachOncePageByPage() {
    List<String> found = new ArrayList<>();
    String token = null;
    do {
      Page page = all("_type=Patient,Device,Observation&_lastUpdated=gt2020", null, 3, token);
      assertEquals(OptionalLong.of(10), page.total());
      page.entries().forEach(one -> found.add(one.type() + "/" + one.id()));
      token = page.next();
    } while (token != null);

    assertEquals(10, found.size());
    assertEquals(10, found.stream().distinct().count());
    assertEquals(List.of("Device/mon-2", "Device/mon-1", "Observation/other"), found.subList(0, 3));
    assertEquals("ct mr wado ward", all("_type=ImagingStudy,Endpoint,List", null, 10, null).entries()
        .stream()
        .map(Stored::id)
        .sorted()
        .collect(Collectors.joining(" ")));
    assertEquals(1, all("_type=List,Nonsense", null, 10, null).notes().size());
    assertEquals(OptionalLong.of(1), all("_type=List,Nonsense", null, 10, null).total());
    assertEquals(OptionalLong.of(0), all("_type=Nonsense", null, 10, null).total());
    assertEquals("ward", ids(all("_type=List,Patient&_type:not=Patient", null, 10, null)));
    assertEquals(List.of(), all("_type=List&_type:not=List", null, 10, null).notes());
    assertEquals("", ids(all("_type=List&_type:not=List", null, 10, null)));
    assertEquals(List.of("_type:not names what is no type of resource here"),
        all("_type=List&_type:not=Nonsense", null, 10, null).notes());
    fails(Failure.Invalid.class, 400, store.search(CALLER, new SearchQuery(null,
        List.of(new SearchQuery.Param("_type", "Patient,Device"), new SearchQuery.Param("gender", "male")), 5, "none",
        null)));
    assertEquals(0, all("_tag=nowhere", null, 10, null).entries().size());
  }

  @Test
  void theCompartmentsOfAllPatientsHaveWhatAnyOfThemIsNamedIn() {
    List<String> found = new ArrayList<>();
    String token = null;
    do {
      Page page = all("_type=Patient,Observation,ImagingStudy", SearchQuery.EVERY_PATIENT, 3, token);
      page.entries().forEach(one -> found.add(one.id()));
      token = page.next();
    } while (token != null);

    assertEquals(List.of("ada", "bob", "ct", "hr1", "hr2", "hrBob", "temp", "undated"),
        found.stream().sorted().toList());
  }

  @Test
  void aPageOfTheCompartmentsOfAllPatientsEndsWhereItCostsTooMuchAndTheNextOneGoesOnThere() {
    SearchQuery of = query("X?_type=Observation", 3, "none", null);
    List<String> found = new ArrayList<>();
    int pages = 0;
    String token = null;
    do {
      SearchQuery next = new SearchQuery(null, of.params(), 3, "none", token, 0, List.of(SearchQuery.EVERY_PATIENT));
      Asking asking = Asking.within(Duration.ofMinutes(1), room.database(), null);
      Page page = get(new SystemSearch(new TypeSearch(asking, 1)).run(next, Instant.now()));
      page.entries().forEach(one -> found.add(one.id()));
      token = page.next();
      pages++;
    } while (token != null && pages < 20);

    assertEquals(List.of("hr1", "hr2", "hrBob", "temp", "undated"), found.stream().sorted().toList());
    assertTrue(pages >= 5, "one is looked at for a page: " + pages);
  }

  @Test
  void aPageIsNotLostBecauseOfWhatItWouldBringAlongIfThereWereTime() {
    Page page = get(store.search(CALLER, query("Observation?_id=hr1", 10, "none", null)));
    Asking late = new Asking(room.database(), null, System.nanoTime() - 1);

    Page alone = get(new Included(late).with(page, List.of(Include.parse("_include", "", "Observation:subject"))));

    assertEquals("hr1", ids(alone));
    assertEquals(List.of(), alone.included());
    assertEquals(1, alone.notes().size());
  }

  @Test
  void aCompartmentHasWhatItsPatientIsNamedIn() {
    Page all = all("", "Patient/ada", 100, null);

    assertEquals("ImagingStudy/ct Observation/hr1 Observation/hr2 Observation/temp Patient/ada", all.entries()
        .stream()
        .map(one -> one.type() + "/" + one.id())
        .sorted()
        .collect(Collectors.joining(" ")));
    assertEquals("hr2 hr1", ids(get(store.search(CALLER, new SearchQuery("Observation",
        List.of(new SearchQuery.Param("code", "8867-4")), 10, "none", null, 0, List.of("Patient/ada"))))));
    assertEquals("hr1", ids(get(store.search(CALLER, new SearchQuery("Observation", List.of(), 10, "none", null, 0,
        List.of("Device/mon-1"))))));
    fails(Failure.NotFound.class, 404, store.search(CALLER, new SearchQuery("Endpoint", List.of(), 10, "none", null, 0,
        List.of("Patient/ada"))));
    fails(Failure.NotFound.class, 404, store.search(CALLER, new SearchQuery("Patient", List.of(), 10, "none", null, 0,
        List.of("Endpoint/wado"))));
  }

  @Test
  void aPageOfWhatTheDatabaseFindsTooMuchOfIsFullAndItsTotalExact() {
    for (int i = 0; i < 60; i++) {
      put("ChargeItem", "c" + i,
          "'status':'billable','code':{'text':'x'},'subject':{'reference':'Patient/bob'},'factorOverride':"
              + (i % 2 == 0 ? "12.1" : "12.9") + ",'enteredDate':'2026-01-01'");
    }
    Page first = get(store.search(CALLER, query("ChargeItem?factor-override=12.1", 20, "accurate", null)));
    Page second = get(store.search(CALLER, query("ChargeItem?factor-override=12.1", 20, "none", first.next())));
    Page sorted = get(store.search(CALLER, query("ChargeItem?_sort=factor-override,-_id", 25, "accurate", null)));
    Page rest = get(store.search(CALLER, query("ChargeItem?_sort=factor-override,-_id", 50, "none", sorted.next())));

    assertEquals(OptionalLong.of(30), first.total());
    assertEquals(20, first.entries().size());
    assertEquals(10, second.entries().size());
    assertNull(second.next());
    assertEquals(OptionalLong.of(60), sorted.total());
    assertEquals(List.of("c8", "c6", "c58"), sorted.entries().stream().limit(3).map(Stored::id).toList());
    assertEquals(List.of("c16", "c14", "c12", "c10", "c0", "c9", "c7"), rest.entries()
        .stream()
        .limit(7)
        .map(Stored::id)
        .toList());
    assertEquals(35, rest.entries().size());
    assertNull(rest.next());
    for (int i = 0; i < 60; i++) get(store.delete(CALLER, "ChargeItem", "c" + i, OptionalInt.empty()));
  }
}
