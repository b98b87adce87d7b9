package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class ImageIndexTest {
  private static final String NAME = "{'vr':'PN','Value':[{'Alphabetic':'%s'}]}";
  private Room room;
  private ImageIndex index;

  @BeforeEach
  void emptyIndex(Room room) {
    this.room = room;
    index = new ImageIndex(room.database());
    room.sql("truncate image_study, image_series, image_instance, image_garbage, image_study_change");
  }

  static Entry entry(String study, String series, String instance, long offset, String name, String date) {
    Located at = new Located(study, series, instance, "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", 1, "n",
        "w0/1.seg", offset, 100, 7, OffsetDateTime.of(2026, 11, 21, 8, 0, 0, 0, ZoneOffset.UTC));
    ObjectNode ofStudy = json("{'0020000D':{'vr':'UI','Value':['" + study + "']},'00100010':" + NAME.formatted(name)
        + ",'00100020':{'vr':'LO','Value':['P-" + study + "']},'00080020':{'vr':'DA','Value':['" + date
        + "']},'00200010':{'vr':'SH','Value':['S1']}}");
    ObjectNode ofSeries = json("{'0020000E':{'vr':'UI','Value':['" + series
        + "']},'00080060':{'vr':'CS','Value':['CT']},'00200011':{'vr':'IS','Value':[3]}}");
    return new Entry(at, ofStudy, ofSeries, json("{'00080018':{'vr':'UI','Value':['" + instance + "']}}"));
  }

  private Future<List<Changed>> changed() {
    return new ImageStudies(room.database()).changedAfter(0, 100);
  }

  private static Entry entry(String study, String instance, long offset) {
    return entry(study, study + ".1", instance, offset, "Doe^John", "20260102");
  }

  private List<String> studies(boolean fuzzy, Key... keys) {
    List<Found> found = get(index.search(new ImageQuery(Level.STUDY, List.of(keys), fuzzy, 100, 0)));
    return found.stream().map(study -> ImageColumns.text(study.study(), "0020000D")).toList();
  }

  private List<String> named(String pattern) {
    return studies(false, new Key(0x00100010, new Match.Wild(pattern)));
  }

  @Test
  void whatIsAddedIsFoundWhereItLies() {
    List<Known> known = get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200))));

    assertTrue(known.stream().allMatch(Known::added));
    List<Located> found = get(index.instances("1", "1.1", "1.1.2"));
    assertEquals(List.of(entry("1", "1.1.2", 200).located()), found);
    assertEquals(2, get(index.instances("1", null, null)).size());
    assertEquals(List.of(), get(index.instances("1", "1.2", null)));
  }

  @Test
  void wordsThatLookLikeAnEscapedNulStayWhatTheyAre() {
    get(index.add(List.of(entry("1", "1.1", "1.1.1", 64, "a\\\\u0000b\\\\^John", "20260102"))));

    Found found = get(index.search(new ImageQuery(Level.STUDY, List.of(), false, 100, 0))).get(0);
    assertEquals("a\\u0000b\\^John", found.study().at("/00100010/Value/0/Alphabetic").asText());
  }

  @Test
  void theFirstPlaceOfAnInstanceStays() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));

    List<Known> known = get(index.add(List.of(entry("1", "1.1.1", 500), entry("1", "1.1.3", 600), entry("1", "1.1.3",
        700))));

    assertEquals(List.of(false, true, false), known.stream().map(Known::added).toList());
    assertEquals(List.of(64L, 600L, 600L), known.stream().map(known1 -> known1.place().offset()).toList());
  }

  @Test
  void addingAgainAtTheSamePlaceIsStillAdded() {
    List<Entry> entries = List.of(entry("1", "1.1.1", 64));
    get(index.add(entries));

    assertTrue(get(index.add(entries)).get(0).added());
    assertEquals(1, room.count("from image_instance"));
  }

  /** Its answer was lost, somebody removed it, and it is asked for again: the bytes are about to be erased. */
  @Test
  void aPlaceThatIsNotedAsGarbageTakesNoRow() {
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200), entry("2", "2.1.1", 300))));
    get(index.remove("1", "1.1", "1.1.1"));
    get(index.remove("2", null, null));

    List<Known> known = get(index.add(List.of(entry("1", "1.1.1", 64), entry("2", "2.1.1", 300), entry("1", "1.1.3",
        400))));

    assertEquals(List.of(Known.REMOVED, Known.REMOVED), known.subList(0, 2));
    assertTrue(known.get(2).added());
    assertEquals(2, room.count("from image_instance"));
    assertEquals(2, room.count("from image_garbage"));
  }

  /** Its first answer was lost; the removal that follows holds the study's lock, and is committed while the repeated insert waits for it. */
  @Test
  void aPlaceThatBecomesGarbageWhileItIsAddedAgainTakesNoRow() {
    List<Entry> entries = List.of(entry("1", "1.1.1", 64));
    get(index.add(List.of(entries.get(0), entry("1", "1.1.2", 200))));
    PgConnection removing = get(Room.connect(room.vertx(), room.config()));
    try {
      get(removing.query("begin; select remove_images('1', '1.1', '1.1.1')").execute());

      Future<List<Known>> again = index.addAgain(entries);
      Room.until("it waits", () -> waiting() == 1);
      get(removing.query("commit").execute());

      assertEquals(List.of(Known.REMOVED), get(again));
    } finally {
      get(removing.close());
    }
    assertEquals(1, room.count("from image_instance"));
  }

  /** Whoever got no answer asks again, somebody removes it, its bytes are erased: were the first one still under way, it would add a row without bytes. */
  @Test
  @Tag("full")
  void nothingIsUnderWayAnyMoreWhenItsCallerIsToldThatThereIsNoAnswer() {
    PgConnection lock = get(Room.connect(room.vertx(), room.config()));
    try {
      get(lock.query("begin; lock table image_study in exclusive mode").execute());
      List<Future<List<Known>>> adding = IntStream.range(0, 4)
          .mapToObj(n -> index.add(List.of(entry("1", "1.1." + n, 1000L * n))))
          .toList();

      for (Future<List<Known>> each : adding) Room.fails(Failure.Busy.class, each);
      assertEquals(0, waiting());
    } finally {
      get(lock.close());
    }
    for (int n = 4; n < 8; n++) get(index.add(List.of(entry("1", "1.1." + n, 1000L * n))));

    assertEquals(4, room.count("from image_instance"));
  }

  private long waiting() {
    return room.count("from pg_locks l join pg_stat_activity a on a.pid = l.pid"
        + " where not l.granted and a.datname = current_database()");
  }

  @Test
  void ofAGroupTheNewOnesOfAKnownSeriesAreAddedBesideNewSeriesAndDuplicates() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));

    List<Known> known = get(index.add(List.of(entry("1", "1.1.1", 500), entry("1", "1.1.2", 600), entry("2", "2.1.1",
        700), entry("1", "1.1.2", 800), entry("1", "1.1.3", 900))));

    assertEquals(List.of(false, true, true, false, true), known.stream().map(Known::added).toList());
    assertEquals(List.of(64L, 600L, 700L, 600L, 900L), known.stream().map(each -> each.place().offset()).toList());
    assertEquals(List.of("1", "2"), get(changed()).stream().map(Changed::study).sorted().toList());
  }

  @Test
  void anInstanceOfAnotherStudyLeavesNoEmptyStudyBehind() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));

    Known known = get(index.add(List.of(entry("2", "1.1.1", 500)))).get(0);

    assertFalse(known.added());
    assertEquals("1", known.study());
    assertEquals(List.of("1"), studies(false));
    assertEquals(1, room.count("from image_series"));
  }

  @Test
  void theLatestInstanceDecidesTheStudysAttributesAndDuplicatesDoNot() {
    get(index.add(List.of(entry("1", "1.1", "1.1.1", 64, "Doe^John", "20260102"))));
    get(index.add(List.of(entry("1", "1.1", "1.1.2", 200, "Roe^Jane", "20260103"))));
    get(index.add(List.of(entry("1", "1.1", "1.1.1", 300, "Poe^Jim", "20260104"))));

    assertEquals(List.of("1"), named("roe*"));
    assertEquals(List.of(), named("doe*"));
    assertEquals(List.of(), named("poe*"));
  }

  @Test
  void allRowsOfAStudyShareItsAttributes() {
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200), entry("2", "2.1.1", 300))));

    List<Found> found = get(index.search(new ImageQuery(Level.INSTANCE, List.of(), false, 100, 0)));

    assertEquals(List.of("2", "1", "1"), found.stream()
        .map(one -> ImageColumns.text(one.study(), "0020000D"))
        .toList());
    assertEquals("1.1.2", ImageColumns.text(found.get(1).instance(), "00080018"));
    assertSame(found.get(1).study(), found.get(2).study());
    assertSame(found.get(1).series(), found.get(2).series());
    assertEquals("2", ImageColumns.text(found.get(2).series(), "00201209"));
  }

  @Test
  void anAnswerThatNoMemoryHoldsIsRefusedAndASmallerOneIsNot() {
    List<Entry> large = new ArrayList<>();
    for (int n = 0; n < 40; n++) {
      Entry entry = entry("1", "1.1." + n, 100L * n);
      entry.instance().putObject("00204000").put("vr", "LT").putArray("Value").add("x".repeat(1 << 19));
      large.add(entry);
    }
    get(index.add(large));

    Throwable refused = get(index.search(new ImageQuery(Level.INSTANCE, List.of(), false, 40, 0))
        .<Throwable>transform(done -> Future.succeededFuture(done.cause())));

    assertEquals(Failure.TooLarge.class, refused == null ? null : refused.getClass());
    assertEquals(30, get(index.search(new ImageQuery(Level.INSTANCE, List.of(), false, 30, 0))).size());
  }

  @Test
  void countsAreCountedAndNewestComesFirst() {
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200))));
    get(index.add(List.of(entry("2", "2.1.1", 300))));
    get(index.add(List.of(entry("1", "1.2", "1.2.1", 400, "Doe^John", "20260102"))));

    List<Found> found = get(index.search(new ImageQuery(Level.STUDY, List.of(), false, 1, 1)));

    assertEquals(List.of("2", "1"), studies(false));
    ObjectNode study = found.get(0).merged();
    assertEquals("2", ImageColumns.text(study, "00201206"));
    assertEquals("3", ImageColumns.text(study, "00201208"));
    assertEquals("CT", ImageColumns.text(study, "00080061"));
    assertEquals("ONLINE", ImageColumns.text(study, "00080056"));
  }

  @Test
  void eachLevelCarriesThoseAboveIt() {
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200))));

    ObjectNode found = get(index.search(new ImageQuery(Level.INSTANCE,
        List.of(new Key(0x0020000D, new Match.Exact("1"))), false, 10, 0))).get(0).merged();

    assertEquals("1.1.2", ImageColumns.text(found, "00080018"));
    assertEquals("1.1", ImageColumns.text(found, "0020000E"));
    assertEquals("2", ImageColumns.text(found, "00201209"));
    assertNull(get(index.search(new ImageQuery(Level.SERIES, List.of(), false, 10, 0))).get(0).instance());
  }

  @Test
  void namesMatchWithoutCaseAndAccents() {
    get(index.add(List.of(entry("1", "1.1", "1.1.1", 1, "Müller^Jürgen Karl", "20260102"))));
    get(index.add(List.of(entry("2", "2.1", "2.1.1", 2, "Oneil_100%^Zoë", "20260103"))));

    assertEquals(List.of("1"), named("MULLER*"));
    assertEquals(List.of("1"), named("*jurgen*"));
    assertEquals(List.of("1"), named("m?ller^jürgen karl"));
    assertEquals(List.of("2"), named("oneil_100%*"));
    assertEquals(List.of(), named("oneil?100_*x"));
    assertEquals(List.of("1"), studies(false, new Key(0x00100010, new Match.Exact("müller^jurgen karl^"))));
    assertEquals(List.of("1"), studies(true, new Key(0x00100010, new Match.Exact("kar mul"))));
    assertEquals(List.of(), studies(true, new Key(0x00100010, new Match.Exact("arl"))));
  }

  @Test
  void ideographicNamesAreFound() {
    Entry entry = entry("1", "1.1.1", 64);
    entry.study().set("00100010", json("{'vr':'PN','Value':[{'Alphabetic':'Yamada^Tarou','Ideographic':'山田^太郎'}]}"));
    get(index.add(List.of(entry)));

    assertEquals(List.of("1"), named("山田*"));
    assertEquals(List.of("1"), named("yamada*"));
    assertEquals(List.of(), named("太郎*"));
    assertEquals(List.of("1"), studies(true, new Key(0x00100010, new Match.Exact("太"))));
  }

  @Test
  void datesModalitiesUidListsAndOtherAttributesMatch() {
    get(index.add(List.of(entry("1", "1.1.1", 1), entry("2", "2.1", "2.1.1", 2, "Roe^Jane", "20260301"))));

    assertEquals(List.of("2"), studies(false, new Key(0x00080020, new Match.Range("20260201", null))));
    assertEquals(List.of("1"), studies(false, new Key(0x00080020, new Match.Range("20251231", "20260201"))));
    assertEquals(List.of("2", "1"), studies(false, new Key(0x00080061, new Match.Exact("ct"))));
    assertEquals(List.of(), studies(false, new Key(0x00080061, new Match.Exact("MR"))));
    assertEquals(List.of("2"), studies(false, new Key(0x0020000D, new Match.Any(List.of("2", "3")))));
    assertEquals(List.of("1"), studies(false, new Key(0x00100020, new Match.Exact("p-1"))));
    assertEquals(2, studies(false, new Key(0x00200010, new Match.Wild("s*"))).size());
    assertEquals(1, get(index.search(new ImageQuery(Level.SERIES, List.of(new Key(0x00200011, new Match.Exact("3")),
        new Key(0x0020000E, new Match.Exact("1.1"))), false, 10, 0))).size());
  }

  @Test
  void whatIsRemovedIsGarbageAndAnEmptyStudyIsGone() {
    ImageFiles files = new ImageFiles(room.database());
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200), entry("2", "2.1.1", 300))));

    assertEquals(1, get(index.remove("1", "1.1", "1.1.1")));
    assertEquals(0, get(index.remove("1", "1.1", "1.1.1")));
    assertEquals(List.of("2", "1"), studies(false));
    assertEquals(1, get(index.remove("1", null, null)));

    assertEquals(List.of("2"), studies(false));
    assertEquals(1, room.count("from image_series"));
    List<ImageFiles.Garbage> garbage = get(files.garbage("n", "w0/", 0, 10));
    assertEquals(List.of(64L, 200L), garbage.stream().map(ImageFiles.Garbage::offset).toList());
    get(files.erased(garbage.stream().map(ImageFiles.Garbage::id).toList()));
    assertEquals(List.of(), get(files.garbage("n", "w0/", 0, 10)));
  }

  @Test
  void aChangeThatComesWhileSomebodyLooksKeepsItsNote() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    List<Changed> seen = get(changed());
    get(index.add(List.of(entry("1", "1.1.2", 200))));

    get(index.settled(seen.get(0)));

    assertEquals(List.of("1"), get(changed()).stream().map(Changed::study).toList());
    get(index.settled(get(changed()).get(0)));
    assertEquals(List.of(), get(changed()));
  }

  @Test
  void addingAndRemovingOneStudyAtOnceLeavesNoOrphans() {
    List<Future<?>> racing = new ArrayList<>();
    IntStream.range(0, 300).forEach(i -> {
      racing.add(index.add(List.of(entry("1", "1.1." + i, 1000L * i), entry("2", "2.1." + i, 1000L * i + 500))));
      if (i % 5 == 0) racing.add(index.remove(i % 2 == 0 ? "1" : "2", null, null));
    });
    get(Future.join(racing));

    assertEquals(0, room.count("from image_instance i where not exists (select from image_series e join image_study s "
        + "on s.id = e.study_id where e.id = i.series_id)"));
    assertEquals(0, room.count(
        "from image_series e where not exists (select from image_instance i where i.series_id = e.id)"));
    assertEquals(600, room.count("from image_instance") + room.count("from image_garbage"));
  }

  /** A deadlock costs its loser a second, and a hundred of them end in none but losers. */
  @Test
  void whoeverBringsWhatIsHereWaitsForNobody() {
    get(index.add(entries(0)));
    List<Entry> again = entries(100_000);

    List<Future<List<Known>>> adding = IntStream.range(0, 100).mapToObj(i -> index.add(again)).toList();
    get(Future.all(adding));

    for (Future<List<Known>> each : adding)
      assertTrue(each.result().stream().noneMatch(Known::added));
    assertEquals(20, room.count("from image_instance"));
  }

  private static List<Entry> entries(long offset) {
    return IntStream.range(0, 20).mapToObj(i -> entry("1", "1.1." + i, offset + 1000L * i)).toList();
  }

  @Test
  void aNulInAnAttributeIsLeftOut() {
    Entry entry = entry("1", "1.1", "1.1.1", 64, "Doe\\u0000^John", "20260102");

    assertTrue(get(index.add(List.of(entry))).get(0).added());
    assertEquals(List.of("1"), named("doe^john"));
  }

  @Test
  void movedAndForgottenInstancesAreWhereTheFilesSay() {
    ImageFiles files = new ImageFiles(room.database());
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("2", "2.1.1", 300))));

    Located before = get(files.at("1.1.1"));
    assertFalse(get(files.move(before, new ImageIndex.Place("n", "w0/2.seg", 64, 101, 7))));
    assertTrue(get(files.move(before, new ImageIndex.Place("n", "w0/2.seg", 64, 100, 7))));
    assertFalse(get(files.move(before, new ImageIndex.Place("n", "w0/3.seg", 64, 100, 7))));
    assertEquals("w0/2.seg", get(files.at("1.1.1")).file());
    assertTrue(get(files.isGarbage("n", "w0/1.seg", 64)));
    assertEquals(1, room.count("from image_garbage"));
    assertEquals(List.of("w0/1.seg", "w0/2.seg"), List.copyOf(get(files.files("n", "", 10)).keySet()));
    assertEquals(new ImageFiles.Share(1, 100), get(files.live("n", "w0/2.seg")));
    assertEquals(1, get(files.in("n", "w0/1.seg", -1, 10)).size());

    assertTrue(get(files.forget("n", 10)));
    assertFalse(get(files.forget("n", 10)));
    assertEquals(0, room.count("from image_study"));
  }
}
