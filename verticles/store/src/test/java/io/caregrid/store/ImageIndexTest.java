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
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ImageIndexTest extends WithImages {

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
  @Tag("full")
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
