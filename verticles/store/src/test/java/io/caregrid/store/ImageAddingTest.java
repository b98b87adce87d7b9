package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Level;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How instances get into the index: whatever comes at once, again, twice, or while somebody removes it. */
class ImageAddingTest extends WithImages {
  private static final int MOST_TRIES = 100;

  private long waiting() {
    return room.count("from pg_locks l join pg_stat_activity a on a.pid = l.pid"
        + " where not l.granted and a.datname = current_database()");
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
  void addingAndRemovingOneStudyAtOnceLeavesNoOrphans() {
    List<Future<?>> racing = new ArrayList<>();
    IntStream.range(0, 300).forEach(i -> {
      racing.add(added(List.of(entry("1", "1.1." + i, 1000L * i), entry("2", "2.1." + i, 1000L * i + 500))));
      if (i % 5 == 0) racing.add(removed(i % 2 == 0 ? "1" : "2", MOST_TRIES));
    });
    get(Future.join(racing));

    assertEquals(0, room.count("from image_instance i where not exists (select from image_series e join image_study s "
        + "on s.id = e.study_id where e.id = i.series_id)"));
    assertEquals(0, room.count(
        "from image_series e where not exists (select from image_instance i where i.series_id = e.id)"));
    assertEquals(600, room.count("from image_instance") + room.count("from image_garbage"));
  }

  /** As whoever keeps pictures does it: without an answer once more, and on a loaded machine a turn may take longer than it is waited for. */
  private Future<List<Known>> added(List<Entry> entries) {
    return index.add(entries).recover(cause -> again(entries, cause, MOST_TRIES));
  }

  private Future<Long> removed(String study, int tries) {
    return index.remove(study, null, null)
        .recover(cause -> cause instanceof Failure.Busy && tries > 1
            ? removed(study, tries - 1)
            : Future.failedFuture(cause));
  }

  private Future<List<Known>> again(List<Entry> entries, Throwable cause, int tries) {
    return cause instanceof Failure.Busy && tries > 1
        ? index.addAgain(entries).recover(still -> again(entries, still, tries - 1))
        : Future.failedFuture(cause);
  }

  /** A deadlock costs its loser a second, and a hundred of them end in none but losers. */
  @Test
  void whoeverBringsWhatIsHereWaitsForNobody() {
    get(index.add(entries(0)));
    List<Entry> again = entries(100_000);

    List<Future<List<Known>>> adding = IntStream.range(0, 100).mapToObj(i -> added(again)).toList();
    get(Future.all(adding));

    for (Future<List<Known>> each : adding)
      assertTrue(each.result().stream().noneMatch(Known::added));
    assertEquals(20, room.count("from image_instance"));
  }

  @Test
  void aNulInAnAttributeIsLeftOut() {
    Entry entry = entry("1", "1.1", "1.1.1", 64, "Doe\\u0000^John", "20260102");

    assertTrue(get(index.add(List.of(entry))).get(0).added());
    assertEquals(List.of("1"), named("doe^john"));
  }

  private static List<Entry> entries(long offset) {
    return IntStream.range(0, 20).mapToObj(i -> entry("1", "1.1." + i, offset + 1000L * i)).toList();
  }
}
