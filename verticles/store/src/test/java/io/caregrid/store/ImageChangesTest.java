package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.store.ImageChanges.Told;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Transaction;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The change feed of pictures: order under concurrent commits, states, windows, and a store that was filled before there was one. */
class ImageChangesTest extends WithImages {
  /** As the version before V023 wrote it: without what is newer. */
  private static final String AS_BEFORE = """
      insert into image_instance (instance, series_id, sop_class, transfer_syntax, frames, node, file, pos, length, crc, stored, attributes)
        select '%1$s', id, 'c', 't', 1, 'n', 'w0/1.seg', %2$d, 100, 7, now(), '{}' from image_series limit 1""";
  private static final int BEFORE = 22;
  private ImageChanges changes;

  @BeforeEach
  void emptyFeed() {
    room.sql("truncate image_change_queue, image_feed");
    room.sql("update image_feed_head set sequence = 0, at = '-infinity', filled = 0, fill_to = 0");
    changes = index.changes();
  }

  private List<String> all() {
    return told(get(changes.read(null, null, 0, 200)));
  }

  private static List<String> told(List<Told> told) {
    return told.stream()
        .map(one -> one.sequence() + " " + one.instance() + " "
            + (one.action() + " " + one.state()).toLowerCase(Locale.ROOT))
        .toList();
  }

  @Test
  void whatIsCommittedLateComesBehindWhatWasReadBefore() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    SqlConnection late = get(room.database().pool().getConnection());
    Transaction open = get(late.begin());
    get(late.query(AS_BEFORE.formatted("1.1.2", 200)).execute());
    get(index.add(List.of(entry("2", "2.1.1", 300))));
    List<String> read = all();

    get(open.commit());
    get(late.close());

    assertEquals(List.of("1 1.1.1 create current", "2 2.1.1 create current"), read);
    assertEquals(List.of("1 1.1.1 create current", "2 2.1.1 create current", "3 1.1.2 create current"), all());
  }

  @Test
  void whatIsTakenBackIsNeverTold() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    SqlConnection failed = get(room.database().pool().getConnection());
    Transaction open = get(failed.begin());
    get(failed.query(AS_BEFORE.formatted("1.1.2", 200)).execute());

    get(open.rollback());
    get(failed.close());

    assertEquals(List.of("1 1.1.1 create current"), all());
  }

  @Test
  void statesAreThoseOfTheInstanceNow() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    assertNotNull(get(changes.latest()).where());
    get(index.remove("1", null, null));
    assertEquals(List.of("1 1.1.1 create deleted", "2 1.1.1 delete deleted"), all());
    assertNull(get(changes.latest()).where());

    get(index.add(List.of(entry("1", "1.1.1", 300))));

    assertEquals(List.of("1 1.1.1 create replaced", "2 1.1.1 delete replaced", "3 1.1.1 create current"), all());
    assertEquals(300, get(changes.latest()).where().offset());
  }

  @Test
  void aDuplicateIsNoNewsAndNeitherIsAnIndexMadeAnew() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    get(index.add(List.of(entry("1", "1.1.1", 200))));
    List<String> before = all();

    get(index.files().forget("n", 100));
    get(index.addAgain(List.of(entry("1", "1.1.1", 64))));

    assertEquals(List.of("1 1.1.1 create current"), before);
    assertEquals(before, all());
  }

  @Test
  void windowsAreByTheTimeOfThePlaceAndRowsAreSkippedWithinThem() {
    for (int n = 1; n <= 3; n++) {
      get(index.add(List.of(entry("1", "1.1." + n, 100L * n))));
      all(); // each has a time of its own
    }
    List<Told> three = get(changes.read(null, null, 0, 200));
    OffsetDateTime second = three.get(1).at();

    assertEquals(List.of(2L, 3L), get(changes.read(second, null, 0, 200)).stream().map(Told::sequence).toList());
    assertEquals(List.of(1L), get(changes.read(null, second, 0, 200)).stream().map(Told::sequence).toList());
    assertEquals(List.of(3L), get(changes.read(second, null, 1, 200)).stream().map(Told::sequence).toList());
    assertEquals(List.of(1L, 2L), get(changes.read(null, null, 0, 2)).stream().map(Told::sequence).toList());
    assertEquals(List.of(), get(changes.read(null, null, 3, 200)));
    assertFalse(three.get(1).at().isBefore(three.get(0).at()));
  }

  /** Four write, each in transactions that end in another order than they began; one follows by sequence, one by windows of time. */
  @Test
  void whoeverFollowsWhileManyWriteMissesNothingAndSeesNothingTwice() throws Exception {
    int each = 30;
    List<Thread> writers = IntStream.range(1, 5).mapToObj(w -> new Thread(() -> {
      for (int n = 1; n <= each; n++) get(index.add(List.of(entry(String.valueOf(w), w + ".1." + n, 100L * n))));
    })).toList();
    writers.forEach(Thread::start);
    List<Told> bySequence = new ArrayList<>();
    List<Told> byTime = new ArrayList<>();
    OffsetDateTime from = null;
    Room.until("no writer is left", () -> {
      bySequence.addAll(get(changes.read(null, null, bySequence.size(), 7)));
      return writers.stream().noneMatch(Thread::isAlive);
    });
    for (List<Told> page = get(changes.read(null, null, bySequence.size(), 200)); !page.isEmpty(); page = get(
        changes.read(null, null, bySequence.size(), 200)))
      bySequence.addAll(page);
    for (List<Told> page = get(changes.read(from, null, 0, 200)); !page
        .isEmpty(); page = get(changes.read(from, null, 0, 200))) {
      byTime.addAll(page);
      from = page.get(page.size() - 1).at().plusNanos(1000);
    }

    assertEquals(LongStream.rangeClosed(1, 4L * each).boxed().toList(),
        bySequence.stream().map(Told::sequence).toList());
    assertEquals(4 * each, bySequence.stream().map(Told::instance).distinct().count());
    assertEquals(bySequence.stream().map(Told::instance).toList(), byTime.stream().map(Told::instance).toList());
  }

  @Test
  void aTimeThatWasReadNeverComesAgainEvenIfTheClockIsSetBack() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    OffsetDateTime read = get(changes.latest()).at();
    room.sql("update image_feed_head set at = '2999-01-01T00:00:00Z'");

    get(index.add(List.of(entry("1", "1.1.2", 200))));

    assertTrue(get(changes.latest()).at().isAfter(OffsetDateTime.parse("2999-01-01T00:00:00Z")));
    assertEquals(List.of(2L),
        get(changes.read(read.plusNanos(1000), null, 0, 10)).stream().map(Told::sequence).toList());
  }

  /** The table is locked for those who write into it: between its look and its insert the pass waits. */
  @Test
  void onePictureThatIsRemovedWhileOlderOnesAreEnteredCostsNoOtherItsPlace() {
    for (int n = 1; n <= 6; n++) get(index.add(List.of(entry("1", "1.1." + n, 100L * n))));
    room.sql("truncate image_change_queue");
    room.sql("update image_feed_head set fill_to = (select max(sid) from image_instance)");
    SqlConnection lock = get(room.database().pool().getConnection());
    Transaction held = get(lock.begin());
    get(lock.query("lock table image_feed in share mode").execute());
    Future<RowSet<Row>> pass = room.database().pool().query("select stamp_image_changes(2, true)").execute();
    Room.until("the pass has seen the first two",
        () -> room.count("from pg_locks where not granted and relation = 'image_feed'::regclass") > 0);

    get(index.remove("1", "1.1", "1.1.2"));
    get(held.commit());
    get(lock.close());
    get(pass);

    assertEquals(
        List.of("1 1.1.1 create current", "2 1.1.3 create current", "3 1.1.4 create current", "4 1.1.5 create current",
            "5 1.1.6 create current", "6 1.1.2 delete deleted"),
        all());
  }

  @Test
  void whoReadsWhileNothingIsNewLocksNothing() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    List<String> before = all();
    SqlConnection other = get(room.database().pool().getConnection());
    Transaction open = get(other.begin());
    get(other.query("select from image_feed_head for update").execute());

    assertEquals(before, all());

    get(open.rollback());
    get(other.close());
  }

  @Test
  void newsBehindManyThatAreNoneIsToldAtOnce() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    all();
    room.sql(
        "insert into image_change_queue (action, study, series, instance) select 'C', '1', '1.1', '1.1.1' from generate_series(1, $1::int)",
        ImageChanges.MOST);
    get(index.add(List.of(entry("1", "1.1.2", 200))));

    assertEquals(List.of("1 1.1.1 create current", "2 1.1.2 create current"), all());
  }

  @Test
  void aStatementThatAddsManyIsOneLineOfTheQueueAndEachOfThemHasAPlace() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    get(index.add(List.of(entry("2", "2.1.1", 200))));
    assertEquals(2, room.count("from image_change_queue"));

    get(index.add(List.of(entry("1", "1.1.2", 300), entry("2", "2.1.2", 400), entry("1", "1.1.3", 500))));

    assertEquals(3, room.count("from image_change_queue"));
    assertEquals(List.of("1 1.1.1 create current", "2 2.1.1 create current", "3 1.1.2 create current",
        "4 1.1.3 create current", "5 2.1.2 create current"), all());
    assertEquals("2", get(changes.latest()).study());
    assertEquals("2.1", get(changes.latest()).series());
  }

  /** A pass looks at whole lines: at more than it was asked for only where one line has more. */
  @Test
  void aPassGivesPlacesToWholeLinesUntilItHasAsManyAsItWasAskedFor() {
    get(index.add(List.of(entry("1", "1.1.1", 64))));
    all();
    get(index.add(List.of(entry("1", "1.1.2", 200), entry("1", "1.1.3", 300), entry("1", "1.1.4", 400))));
    get(index.remove("1", "1.1", "1.1.3"));
    get(index.add(List.of(entry("1", "1.1.5", 500))));

    assertEquals(List.of(3, 2, 0), IntStream.range(0, 3)
        .mapToObj(pass -> room.sql("select stamp_image_changes(2, true) as given").iterator().next().getInteger(0))
        .toList());
    assertEquals(List.of("1 1.1.1 create current", "2 1.1.2 create current", "3 1.1.3 create deleted",
        "4 1.1.4 create current", "5 1.1.3 delete deleted", "6 1.1.5 create current"), all());
  }

  @Test
  void whatWasHereBeforeTheFeedComesFirstInTheOrderItCame(Postgres postgres) {
    DatabaseConfig config = postgres.createDatabase();
    Vertx vertx = Vertx.vertx();
    try {
      Database older = get(
          Database.open(vertx, config, new Migrations(Migrations.shipped().steps().subList(0, BEFORE))));
      get(older.pool().query("insert into image_study (study, fp, attributes) values ('1', 0, '{}')").execute());
      get(older.pool()
          .query(
              "insert into image_series (study_id, series, fp, attributes) select id, '1.1', 0, '{}' from image_study")
          .execute());
      for (int n = 1; n <= 3; n++) get(older.pool().query(AS_BEFORE.formatted("1.1." + (9 - n), 100 * n)).execute());
      get(older.close());

      Database now = get(Database.open(vertx, config));
      get(now.pool().query(AS_BEFORE.formatted("1.1.1", 900)).execute());
      ImageIndex filled = new ImageIndex(now);
      get(filled.remove("1", "1.1", "1.1.7"));
      get(filled.changes().latest());

      assertEquals(List.of("1 1.1.8 create current", "2 1.1.6 create current", "3 1.1.1 create current",
          "4 1.1.7 delete deleted"), told(get(filled.changes().read(null, null, 0, 200))));
      get(now.close());
    } finally {
      get(vertx.close());
    }
  }
}
