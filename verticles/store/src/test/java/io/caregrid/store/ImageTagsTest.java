package io.caregrid.store;

import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.caregrid.store.ImageQuery.TagKey;
import io.caregrid.store.ImageTags.Listed;
import io.caregrid.store.ImageTags.Piece;
import io.caregrid.store.ImageTags.Tag;
import io.caregrid.store.ImageTags.Tagged;
import io.caregrid.store.ImageTags.ToRead;
import io.caregrid.store.ImageTags.Value;
import io.caregrid.store.ImageTags.Wanted;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Transaction;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Extended query tags: indexed with the row, by walking what was here before, and noted as due where neither. */
class ImageTagsTest extends WithImages {
  private static final Wanted THICKNESS = new Wanted("00180050", "DS", Level.INSTANCE, null);
  private static final Wanted STATION = new Wanted("00081010", "SH", Level.STUDY, null);
  private ImageTags tags;

  @BeforeEach
  void noTags() {
    room.sql(
        "truncate image_tag, image_tag_walk, image_tag_due, image_tag_value, image_tag_error, image_tag_operation, image_tag_gone");
    room.sql("update image_tag_head set epoch = 0");
    tags = index.tags();
  }

  private Listed listed() {
    return get(tags.list());
  }

  private Entry tagged(Entry entry, Listed by, String thickness) {
    Tag tag = by.at("00180050");
    List<Value> values = tag == null
        ? List.of()
        : List.of(new Value(tag, json("{'vr':'DS','Value':[" + thickness + "]}"), null));
    return new Entry(entry.located(), entry.study(), entry.series(), entry.instance(), new Tagged(by.epoch(), values));
  }

  private List<String> found(Tag tag, String value) {
    return found(tag, new Match.Exact(value));
  }

  private List<String> found(Tag tag, Match match) {
    List<Found> found = get(index.search(new ImageQuery(Level.INSTANCE, List.of(), false, 100, 0,
        List.of(new TagKey(tag, match)), List.of(tag))));
    return found.stream()
        .map(one -> ImageColumns.text(one.instance(), "00080018") + " " + ImageColumns.text(one.instance(), tag.path()))
        .toList();
  }

  /** What a node that reads files would say of them: all have this thickness. */
  private Map<Long, Tagged> read(Piece piece, String thickness) {
    Listed by = listed();
    Map<Long, Tagged> read = new HashMap<>();
    for (ToRead one : piece.instances()) read.put(one.sid(), tagged(entry("1", "1", 1), by, thickness).tagged());
    return read;
  }

  @Test
  void aNewInstanceIsFoundByItsTagAtOnceAndItsValueIsReturned() {
    get(tags.add(List.of(THICKNESS)));
    Listed by = listed();
    assertTrue(by.at("00180050").ready(), "nothing was here before");

    get(index.add(List.of(tagged(entry("1", "1.1.1", 64), by, "2.5"), tagged(entry("1", "1.1.2", 200), by, "3"))));
    get(index.add(List.of(tagged(entry("1", "1.1.3", 300), by, "2.5"))));

    assertEquals(List.of("1.1.3 2.5", "1.1.1 2.5"), found(by.at("00180050"), "2.5"));
    assertEquals(List.of(), get(tags.due("n", 100)));
    get(index.remove("1", null, null));
    assertEquals(0, room.count("from image_tag_value"));
  }

  @Test
  void whoKnewAnOlderListIsNotedAndReadAgain() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    Listed older = listed();
    get(tags.add(List.of(THICKNESS)));
    get(index.add(List.of(tagged(entry("1", "1.1.2", 200), older, "-"))));

    List<ToRead> due = get(tags.due("n", 100));
    assertEquals(List.of("1.1.2"), due.stream().map(one -> one.where().instance()).toList());
    Piece piece = new Piece(due, List.of(), 0);
    get(tags.put("n", piece, read(piece, "7")));

    assertEquals(List.of(), get(tags.due("n", 100)));
    assertEquals(List.of("1.1.2 7"), found(listed().at("00180050"), "7"));
  }

  @Test
  void whatWasReadByAListThatHasChangedSinceStaysDue() {
    get(tags.add(List.of(THICKNESS)));
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    Piece piece = new Piece(get(tags.due("n", 100)), List.of(), 0);
    Map<Long, Tagged> read = read(piece, "7");
    get(tags.add(List.of(STATION)));

    get(tags.put("n", piece, read));

    assertEquals(1, get(tags.due("n", 100)).size());
  }

  @Test
  void aWalkThatBreaksOffGoesOnBehindTheLastPieceThatWasKept() {
    for (int n = 1; n <= 5; n++) get(index.add(List.of(entry("1", "1.1." + n, 100L * n))));
    UUID operation = get(tags.add(List.of(THICKNESS)));
    Piece first = get(tags.walk("n", 2));
    get(tags.put("n", first, read(first, "7")));
    Piece broken = get(tags.walk("n", 2)); // read, and killed before it was kept

    Piece again = get(new ImageTags(room.database()).walk("n", 2));

    assertEquals(List.of("1.1.1", "1.1.2"), instances(first));
    assertEquals(List.of("1.1.3", "1.1.4"), instances(broken));
    assertEquals(instances(broken), instances(again));
    assertFalse(listed().at("00180050").ready());
    assertFalse(get(tags.operation(operation)).ended());
    room.sql("update image_tag_walk set done = 999, upto = 1000");
    assertEquals(99, get(tags.operation(operation)).percent(), "100 is what has ended");
    room.sql(
        "update image_tag_walk set done = (select sid from image_instance where instance = '1.1.2'), upto = (select max(sid) from image_instance)");
    for (Piece next = again; next != null; next = get(tags.walk("n", 2))) get(tags.put("n", next, read(next, "7")));
    assertTrue(listed().at("00180050").ready());
    assertTrue(get(tags.operation(operation)).ended());
    assertEquals(5, found(listed().at("00180050"), "7").size());
  }

  private static List<String> instances(Piece piece) {
    return piece.instances().stream().map(one -> one.where().instance()).toList();
  }

  @Test
  void ofAStudyTheInstanceThatCameLastDecidesInWhicheverOrderTheyAreRead() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    get(tags.add(List.of(STATION)));
    Piece walked = get(tags.walk("n", 10));
    Tag station = listed().at("00081010");
    Tagged newer = new Tagged(listed().epoch(), List.of(new Value(station, json("{'vr':'SH','Value':['NEW']}"), null)));
    Tagged older = new Tagged(listed().epoch(), List.of(new Value(station, json("{'vr':'SH','Value':['OLD']}"), null)));
    Entry second = entry("1", "1.1.2", 200);
    get(index.add(List.of(new Entry(second.located(), second.study(), second.series(), second.instance(), newer))));

    get(tags.put("n", walked, Map.of(walked.instances().get(0).sid(), older)));

    assertEquals(List.of("1.1.2 NEW", "1.1.1 NEW"), found(station, "new"));
  }

  private Tagged station(String name) {
    Listed by = listed();
    return new Tagged(by.epoch(),
        List.of(new Value(by.at("00081010"), json("{'vr':'SH','Value':['" + name + "']}"), null)));
  }

  private static Entry with(Entry entry, Tagged tagged) {
    return new Entry(entry.located(), entry.study(), entry.series(), entry.instance(), tagged);
  }

  @Test
  void theSameValueAgainFromALaterInstanceIsNotLostToAnEarlierOneThatIsReadAfterIt() {
    for (int n = 1; n <= 2; n++) get(index.add(List.of(entry("1", "1.1." + n, 100L * n))));
    get(tags.add(List.of(STATION)));
    Piece first = get(tags.walk("n", 1));
    get(tags.put("n", first, Map.of(first.instances().get(0).sid(), station("A"))));
    get(index.add(List.of(with(entry("1", "1.1.3", 300), station("A")))));

    Piece second = get(tags.walk("n", 1));
    get(tags.put("n", second, Map.of(second.instances().get(0).sid(), station("B"))));

    assertEquals(3, found(listed().at("00081010"), "a").size());
  }

  @Test
  void ofTwoFoldersWhoseWalksEndAtOnceOneMakesTheTagReady() {
    Entry here = entry("1", "1.1.1", 64);
    get(index.add(List.of(here, elsewhere("m", entry("2", "2.1.1", 64)))));
    get(tags.add(List.of(THICKNESS)));
    Piece other = get(tags.walk("m", 10));
    SqlConnection one = get(room.database().pool().getConnection());
    Transaction open = get(one.begin());
    get(one.query("update image_tag_walk set done = upto where node = 'n'").execute());
    get(one.query("select end_image_tag_walks()").execute());

    Future<Void> second = tags.put("m", other, read(other, "7"));
    Room.until("the second waits for the first",
        () -> room.count("from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") > 0);
    get(open.commit());
    get(one.close());
    get(second);

    assertTrue(listed().at("00180050").ready());
  }

  private static Entry elsewhere(String node, Entry entry) {
    Located at = entry.located();
    return new Entry(
        new Located(at.study(), at.series(), at.instance(), at.sopClass(), at.transferSyntax(), at.frames(),
            node, at.file(), at.offset(), at.length(), at.crc32c(), at.storedAt()),
        entry.study(), entry.series(), entry.instance());
  }

  @Test
  void whatIsRemovedWhileItsFileIsReadLeavesNoValue() {
    get(index.add(List.of(entry("1", "1.1.1", 64), entry("1", "1.1.2", 200))));
    get(tags.add(List.of(THICKNESS, STATION)));
    Piece piece = get(tags.walk("n", 10));
    SqlConnection remover = get(room.database().pool().getConnection());
    Transaction open = get(remover.begin());
    get(remover.query("select remove_images('1', null, null)").execute());

    Future<Void> put = tags.put("n", piece, read(piece, "7"));
    Room.until("whoever indexes waits for whoever removes",
        () -> room.count("from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") > 0);
    get(open.commit());
    get(remover.close());
    get(put);

    assertEquals(0, room.count("from image_tag_value"));
    assertTrue(listed().at("00180050").ready());
  }

  @Test
  void aTagThatIsRemovedWhileItIsIndexedLeavesNothingAndComesAgainAsAnother() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    UUID operation = get(tags.add(List.of(THICKNESS)));
    Tag before = listed().at("00180050");
    Piece piece = get(tags.walk("n", 10));
    Map<Long, Tagged> read = read(piece, "7");
    get(tags.remove("00180050"));
    while (get(tags.sweep(10)) > 0);

    get(tags.put("n", piece, read));

    assertEquals(0, room.count("from image_tag_value"));
    assertTrue(get(tags.operation(operation)).ended());
    get(tags.add(List.of(THICKNESS)));
    assertNotEquals(before.id(), listed().at("00180050").id());
    assertFalse(listed().at("00180050").ready());
  }

  @Test
  void ofTwoNodesThatAddTheSameTagAtOnceOneIsToldThatItIsThere() {
    Future<UUID> one = tags.add(List.of(THICKNESS));
    Future<UUID> other = tags.add(List.of(STATION, THICKNESS));

    get(Future.join(one, other).transform(done -> Future.succeededFuture()));

    assertTrue(one.succeeded() ^ other.succeeded());
    fails(Failure.Conflict.class, 409, one.failed() ? one : other);
    assertEquals(one.succeeded() ? 1 : 2, listed().tags().size());
  }

  @Test
  void thereAreAtMostAHundredAndTwentyEightAndTagsAddedLaterWalkOnWithTheOthers() {
    for (int n = 1; n <= 6; n++) get(index.add(List.of(entry("1", "1.1." + n, 100L * n))));
    List<Wanted> many = IntStream.range(0, 127)
        .mapToObj(n -> new Wanted(String.format("12051%03X", n), "LO", Level.INSTANCE, "ACME"))
        .toList();
    get(tags.add(many));
    Piece first = get(tags.walk("n", 4));
    get(tags.put("n", first, read(first, "7")));
    get(tags.add(List.of(THICKNESS)));
    fails(Failure.Invalid.class, 400, tags.add(List.of(STATION)));

    Piece behind = get(tags.walk("n", 100));
    get(tags.put("n", behind, read(behind, "7")));
    Piece together = get(tags.walk("n", 100));
    get(tags.put("n", together, read(together, "7")));

    assertEquals(List.of("1.1.1", "1.1.2", "1.1.3", "1.1.4"), instances(behind));
    assertEquals(List.of("1.1.5", "1.1.6"), instances(together));
    assertEquals(128, together.tags().size());
    assertNull(get(tags.walk("n", 100)));
    assertTrue(listed().tags().stream().allMatch(Tag::ready));
    assertEquals(6, found(listed().at("00180050"), "7").size());
    assertFalse(get(tags.waits("n")));
  }

  @Test
  void numbersAreComparedAsNumbersAndTimesByWhatTheClockShowed() {
    get(tags.add(List.of(THICKNESS, new Wanted("0008002A", "DT", Level.INSTANCE, null))));
    Listed by = listed();
    Tag moment = by.at("0008002A");
    get(index.add(List.of(with(entry("1", "1.1.1", 64), new Tagged(by.epoch(),
        List.of(new Value(by.at("00180050"), json("{'vr':'DS','Value':[1E+1]}"), null),
            new Value(moment, json("{'vr':'DT','Value':['20260102101500.5+0100']}"), null)))))));

    assertEquals(1, found(by.at("00180050"), "10.0").size());
    assertEquals(1, found(moment, "20260102101500.5").size());
    assertEquals(1, found(moment, new Match.Range("202601021015", "202601021015")).size());
    assertEquals(0, found(moment, new Match.Range("202601021016", null)).size());
  }

  @Test
  void whatCannotBeIndexedIsListed() {
    get(tags.add(List.of(THICKNESS)));
    Tag tag = listed().at("00180050");
    Entry entry = entry("1", "1.1.1", 64);
    get(index.add(List.of(new Entry(entry.located(), entry.study(), entry.series(), entry.instance(),
        new Tagged(listed().epoch(), List.of(new Value(tag, null, "its value is not of VR DS")))))));

    assertEquals(List.of("1.1.1 its value is not of VR DS"), get(tags.problems("00180050", 10, 0)).stream()
        .map(one -> one.instance() + " " + one.message())
        .toList());
    assertEquals(Map.of(tag.id(), 1L), get(tags.errors(List.of(tag))));
  }

  @Test
  void anErrorGoesWhenTheFileIsReadWellLater() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    get(tags.add(List.of(THICKNESS)));
    Tag tag = listed().at("00180050");
    Piece piece = get(tags.walk("n", 10));
    long sid = piece.instances().get(0).sid();
    get(tags.put("n", piece,
        Map.of(sid, new Tagged(listed().epoch(), List.of(new Value(tag, null, "its file is damaged"))))));
    assertEquals(1, get(tags.problems("00180050", 10, 0)).size());
    Located damaged = piece.instances().get(0).where();
    Located whole = entry("1", "1.1.1", 300).located();
    assertTrue(get(index.files()
        .replace(whole, new ImageIndex.Place(damaged.node(),
            damaged.file(), damaged.offset(), damaged.length(), damaged.crc32c()))));

    Piece again = new Piece(get(tags.due("n", 10)), List.of(), 0);
    get(tags.put("n", again, read(again, "7")));

    assertEquals(List.of(), get(tags.problems("00180050", 10, 0)));
    assertEquals(List.of("1.1.1 7"), found(tag, "7"));
  }

  @Test
  void aTagThatIsThereIsAConflictAndOneThatIsGoneLeavesNothing() {
    get(tags.add(List.of(THICKNESS)));
    get(index.add(List.of(tagged(entry("1", "1.1.1", 64), listed(), "7"))));
    fails(Failure.Conflict.class, 409, tags.add(List.of(STATION, THICKNESS)));
    assertNull(listed().at("00081010"), "all or none");

    get(tags.remove("00180050"));
    while (get(tags.sweep(10)) > 0);

    fails(Failure.NotFound.class, 404, tags.remove("00180050"));
    fails(Failure.NotFound.class, 404, tags.enable("00180050", true));
    assertEquals(0, room.count("from image_tag_value"));
  }

  private Entry both(Entry entry, Listed by) {
    return with(entry, new Tagged(by.epoch(),
        List.of(new Value(by.at("00180050"), json("{'vr':'DS','Value':[7]}"), null),
            new Value(by.at("00081010"), json("{'vr':'SH','Value':['A']}"), null))));
  }

  private long holding(Tag tag) {
    return room.count("from image_instance where tag_values @> jsonb_build_array(jsonb_build_object('tag', $1::int))",
        tag.id());
  }

  @Test
  void aRemovedTagsValuesAreTakenOutOfTheRowsPieceByPieceAndNoOthers() {
    get(tags.add(List.of(THICKNESS, STATION)));
    Listed by = listed();
    for (int n = 1; n <= 5; n++) get(index.add(List.of(both(entry("1", "1.1." + n, 100L * n), by))));
    get(index.add(List.of(tagged(entry("1", "1.1.6", 600), by, "7"))));
    get(tags.remove("00180050"));
    while (room.count("from image_tag_value where tag = $1", by.at("00180050").id()) > 0) get(tags.sweep(10));

    get(tags.sweep(2));
    assertEquals(4, holding(by.at("00180050")), "two of six rows were looked at");
    while (get(new ImageTags(room.database()).sweep(2)) > 0);

    assertEquals(0, holding(by.at("00180050")));
    assertEquals(5, holding(by.at("00081010")));
    assertEquals(1, room.count("from image_instance where tag_values is null"));
    assertFalse(get(tags.waits("n")));
    assertEquals(6, found(by.at("00081010"), "a").size());
  }

  @Test
  void tagsThatAreGoneTogetherLeaveTheIndexFirstAndTheRowsInOneWalk() {
    get(tags.add(List.of(THICKNESS, STATION)));
    Listed by = listed();
    for (int n = 1; n <= 4; n++) get(index.add(List.of(both(entry("1", "1.1." + n, 100L * n), by))));
    get(tags.remove("00180050"));
    get(tags.remove("00081010"));

    while (room.count("from image_tag_value") > 0) {
      assertTrue(get(tags.sweep(10)) > 0);
      assertEquals(4, holding(by.at("00180050")), "no walk while the index has some");
    }
    get(tags.sweep(2));
    get(tags.sweep(2));
    assertEquals(0, holding(by.at("00180050")) + holding(by.at("00081010")), "two pieces of two rows for both");
    while (get(tags.sweep(2)) > 0);

    assertFalse(get(tags.waits("n")));
  }

  @Test
  void aRowThatSomebodyHoldsIsNotWaitedForAndLosesItsValuesLater() {
    get(tags.add(List.of(THICKNESS)));
    Listed by = listed();
    for (int n = 1; n <= 3; n++) get(index.add(List.of(tagged(entry("1", "1.1." + n, 100L * n), by, "7"))));
    get(tags.remove("00180050"));
    SqlConnection other = get(room.database().pool().getConnection());
    Transaction open = get(other.begin());
    get(other.query("select from image_instance where instance = '1.1.2' for update").execute());

    while (get(tags.sweep(10)) > 0);

    assertEquals(1, holding(by.at("00180050")));
    assertTrue(get(tags.waits("n")));
    get(open.rollback());
    get(other.close());
    while (get(tags.sweep(10)) > 0);
    assertEquals(0, holding(by.at("00180050")));
    assertFalse(get(tags.waits("n")));
  }

  @Test
  void whoComesWithARemovedTagsValueBringsItIntoNoRow() {
    get(tags.add(List.of(THICKNESS, STATION)));
    Listed older = listed();
    get(tags.remove("00180050"));
    while (get(tags.sweep(10)) > 0);

    get(index.add(List.of(both(entry("1", "1.1.1", 64), older))));

    assertEquals(0, holding(older.at("00180050")));
    assertEquals(1, holding(older.at("00081010")));
    assertEquals(1, get(tags.due("n", 10)).size());
  }

  /** The version that removed it left them there. */
  @Test
  void whatWasLeftByTagsRemovedBeforeIsTakenOutAsWell() {
    get(tags.add(List.of(THICKNESS)));
    Listed by = listed();
    get(index.add(List.of(tagged(entry("1", "1.1.1", 64), by, "7"))));
    room.sql("delete from image_tag");
    room.sql("insert into image_tag_gone (tag) values (0)");

    while (get(tags.sweep(10)) > 0);

    assertEquals(0, holding(by.at("00180050")));
  }
}
