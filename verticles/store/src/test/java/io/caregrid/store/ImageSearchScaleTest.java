package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.caregrid.store.ImageQuery.TagKey;
import io.caregrid.store.ImageSearch.Statement;
import io.caregrid.store.ImageTags.Tag;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Searches in an archive of 100,000 instances: 1,000 studies of 2 series, and one series of 5,000 among them. How long they take depends on the machine, so
 * what is judged is how many rows PostgreSQL looks at.
 */
@ExtendWith(Room.Key.class)
class ImageSearchScaleTest {
  private static final int STUDIES = 1000;
  private static final int MOST_ROWS = 5001;
  private static final String LARGE = "1.2.500";
  private static final String LARGE_SERIES = LARGE + ".1";
  private static final String FILL_STUDIES = """
      insert into image_study (study, fp, patient_id, patient_name, patient_words, birth_date, accession, study_date, description, attributes)
      select '1.2.' || s, s, 'p-' || s, 'doe' || s || '^john', ' doe' || s || ' john', '19500101', 'a-' || s,
        to_char(date '2020-01-01' + s, 'YYYYMMDD'), 'ct abdomen',
        jsonb_build_object('0020000D', jsonb_build_object('vr', 'UI', 'Value', jsonb_build_array('1.2.' || s)))
      from generate_series(1, $1::int) s""";
  private static final String FILL_SERIES = """
      insert into image_series (study_id, series, fp, modality, attributes)
      select s.id, s.study || '.' || n, n, case n when 1 then 'ct' else 'mr' end,
        jsonb_build_object('0020000E', jsonb_build_object('vr', 'UI', 'Value', jsonb_build_array(s.study || '.' || n)))
      from image_study s, generate_series(1, 2) n order by s.id, n""";
  private static final String FILL_INSTANCES = """
      insert into image_instance (instance, series_id, sop_class, transfer_syntax, frames, node, file, pos, length, crc, stored, attributes)
      select e.series || '.' || n, e.id, '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.1.2.1', 1, 'n', 'f', n, 500000, 1, now(),
        jsonb_build_object('00080018', jsonb_build_object('vr', 'UI', 'Value', jsonb_build_array(e.series || '.' || n)))
      from image_series e, generate_series(1, case e.series when $1 then 5000 else 48 end) n order by e.id, n""";
  private static final String FILL_TAG = """
      insert into image_tag_value (tag, id, sid, value, number)
      select t.id, i.sid, i.sid, jsonb_build_object('vr', 'DS', 'Value', jsonb_build_array(i.sid % 20000)), i.sid % 20000
      from image_tag t, image_instance i where t.path = '00180050'""";
  private static final String FILL_FEED = """
      insert into image_feed (sequence, at, action, study, series, instance)
      select row_number() over (order by i.sid), timestamptz '2026-01-01T00:00:00Z' + i.sid * interval '1 second', 'C', s.study, e.series, i.instance
      from image_instance i join image_series e on e.id = i.series_id join image_study s on s.id = e.study_id""";
  private static Room room;
  private static ImageIndex index;

  @BeforeAll
  static void fill(Room opened) {
    room = opened;
    index = new ImageIndex(room.database());
    room.sql(FILL_STUDIES, STUDIES);
    room.sql(FILL_SERIES);
    room.sql(FILL_INSTANCES, LARGE_SERIES);
    for (String table : List.of("image_study", "image_series", "image_instance")) room.sql("analyze " + table);
  }

  private static Key key(int tag, String value) {
    return new Key(tag, value.contains("*") ? new Match.Wild(value) : new Match.Exact(value));
  }

  private static Arguments search(Level level, int found, int looks, Key... keys) {
    return Arguments.of(level, found, looks, List.of(keys));
  }

  /** With how many are found and how many rows may be looked at for them; those of a study are counted for each answer. */
  static Stream<Arguments> searches() {
    Key study = key(0x0020000D, LARGE);
    Key series = key(0x0020000E, LARGE_SERIES);
    return Stream.of(search(Level.STUDY, 1, 1000, key(0x00100020, "P-77")),
        search(Level.STUDY, 1, 1000, key(0x00080050, "A-77")),
        search(Level.STUDY, 1, 1000, key(0x0020000D, "1.2.77")),
        search(Level.STUDY, 2, 1500, new Key(0x0020000D, new Match.Any(List.of("1.2.77", "1.2.88", "9.9")))),
        search(Level.STUDY, 11, 3000, key(0x00100010, "DOE77*")),
        search(Level.STUDY, 10, 3000, new Key(0x00080020, new Match.Range("20200201", "20200210"))),
        search(Level.STUDY, 0, 1000, key(0x00080061, "XA")),
        search(Level.SERIES, 2, 1500, key(0x0020000D, "1.2.77")),
        search(Level.SERIES, 2, 1500, key(0x00100020, "P-77")),
        search(Level.INSTANCE, 1, 1500, key(0x00080018, "1.2.77.1.7")),
        search(Level.INSTANCE, 96, 2500, key(0x00100020, "P-77")),
        search(Level.INSTANCE, 0, 1000, key(0x00080060, "XA")),
        search(Level.INSTANCE, MOST_ROWS, 50_000, study),
        search(Level.INSTANCE, 5000, 50_000, study, series));
  }

  @ParameterizedTest(name = "{0} {3}")
  @MethodSource("searches")
  void aSearchLooksAtWhatItFindsAndNotAtTheArchive(Level level, int found, int most, List<Key> keys) {
    ImageQuery query = new ImageQuery(level, keys, false, MOST_ROWS, 0);
    Statement statement = Statement.of(query);

    long looked = looked(statement.sql(), statement.values());

    assertEquals(found, get(index.search(query)).size());
    assertTrue(looked <= most, () -> looked + " rows looked at for " + found);
  }

  @ParameterizedTest
  @MethodSource("pages")
  void aPageOfTheNewestCostsWhatIsOnIt(Level level, int most) {
    Statement statement = Statement.of(new ImageQuery(level, List.of(), false, 26, 0));

    long looked = looked(statement.sql(), statement.values());

    assertTrue(looked <= most, () -> looked + " rows looked at for 26");
  }

  static Stream<Arguments> pages() {
    return Stream.of(Arguments.of(Level.STUDY, 5000), Arguments.of(Level.SERIES, 5000),
        Arguments.of(Level.INSTANCE, 5000));
  }

  @Test
  void oneOfManyInstancesIsLocatedWithoutTheOthers() {
    long looked = looked(ImageIndex.located(LARGE_SERIES, LARGE_SERIES + ".4000"),
        Tuple.of(LARGE, LARGE_SERIES, LARGE_SERIES + ".4000"));

    assertEquals(1, get(index.instances(LARGE, LARGE_SERIES, LARGE_SERIES + ".4000")).size());
    assertTrue(looked <= 10, () -> looked + " rows looked at for one");
    assertEquals(5048, get(index.instances(LARGE, null, null)).size());
    assertEquals(48, get(index.instances(LARGE, LARGE + ".2", null)).size());
  }

  @Test
  void anExtendedQueryTagFindsByItsIndexAndShowsByItsKey() {
    room.sql(
        "insert into image_tag (path, vr, level, ready, operation) values ('00180050', 'DS', 'I', true, gen_random_uuid())");
    room.sql(FILL_TAG);
    room.sql("analyze image_tag_value");
    Tag tag = get(index.tags().list()).at("00180050");
    ImageQuery query = new ImageQuery(Level.INSTANCE, List.of(), false, 100, 0,
        List.of(new TagKey(tag, new Match.Exact("1077"))), List.of(tag));
    Statement statement = Statement.of(query);

    long looked = looked(statement.sql(), statement.values());

    List<Found> found = get(index.search(query));
    assertEquals(5, found.size());
    assertEquals("1077", ImageColumns.text(found.get(0).instance(), "00180050"));
    assertTrue(looked <= 3000, () -> looked + " rows looked at for 5");
  }

  @Test
  void aPageOfTheChangeFeedCostsWhatIsOnIt() {
    room.sql("truncate image_change_queue, image_feed");
    room.sql(FILL_FEED);
    room.sql("update image_feed_head set filled = fill_to, sequence = (select max(sequence) from image_feed)");
    room.sql("analyze image_feed");
    OffsetDateTime since = OffsetDateTime.parse("2026-01-01T00:00:00Z");

    for (Tuple page : List.of(Tuple.of(null, null, 0L, 100L), Tuple.of(null, null, 90_000L, 100L),
        Tuple.of(since, since.plusDays(1), 100L, 100L)))
      assertTrue(looked(ImageChanges.PAGE, page) <= 1000,
          () -> looked(ImageChanges.PAGE, page) + " rows looked at for 100");
    assertEquals(90_001, get(index.changes().read(null, null, 90_000, 100)).get(0).sequence());
  }

  private static long looked(String sql, Tuple values) {
    String explained = Database.PLANNED + "explain (analyze, format json) " + sql.replace(Database.PLANNED, "");
    return looked(get(room.database().ask(explained, values)).iterator().next());
  }

  private static long looked(Row row) {
    return looked(Json.read(("{\"all\":" + row.getValue(0) + "}").getBytes()).at("/all/0/Plan"));
  }

  /** Rows that came out of tables, or were read there in vain. */
  private static long looked(JsonNode node) {
    long rows = 0;
    if (node.has("Relation Name"))
      rows = Math.round((node.path("Actual Rows").asDouble() + node.path("Rows Removed by Filter").asDouble()
          + node.path("Rows Removed by Index Recheck").asDouble()) * node.path("Actual Loops").asDouble());
    for (JsonNode below : node.path("Plans")) rows += looked(below);
    return rows;
  }
}
