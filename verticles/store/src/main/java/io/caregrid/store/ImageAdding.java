package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Adds instances to the index. Mostly their study and series are here and say the same: then one plain statement adds them, a quarter of the database's
 * work. What it did not add (the first of a series, a changed name, a duplicate) goes through {@code add_images}, which knows every case.
 *
 * <p>The study's row is locked before the series': whoever removes takes FOR UPDATE on the study first, so nobody is filed in a series that goes away. A
 * place that is noted as garbage takes no row: its bytes are about to be erased.
 *
 * <p>The plain statement sees what was committed before it began. When it waits for the lock of somebody who removes, it does not see the garbage notes of
 * him it waited for (READ COMMITTED; the study's row was locked only, so nothing is looked at again). For a place that nobody added before that does not
 * matter: there was no row to remove, so there is no note to overlook, however long the statement waits. Whoever asks a second time goes straight to
 * {@code add_images}, whose insert is a statement of its own behind the lock and sees every note.
 */
final class ImageAdding {
  private static final String TO_KNOWN = """
      with here as (
        select n.nr, e.id as series_id, n.study from unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::bigint[])
            as n(nr, study, study_fp, series, fp)
          join image_study s on s.study = n.study and s.fp = n.study_fp
          join image_series e on e.study_id = s.id and e.series = n.series and e.fp = n.fp
          order by n.study, n.series for key share of s, e),
      added as (
        insert into image_instance (instance, series_id, sop_class, transfer_syntax, frames, node, file, pos, length, crc, stored, attributes,
            tag_epoch, tag_values)
          select n.instance, h.series_id, n.sop_class, n.transfer_syntax, n.frames, n.node, n.file, n.pos, n.length, n.crc, n.stored, n.attributes::jsonb,
            n.tag_epoch, n.tag_values::jsonb
          from unnest($6::int[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::int[],
              $16::timestamptz[], $17::text[], $18::int[], $19::text[])
            as n(series, instance, sop_class, transfer_syntax, frames, node, file, pos, length, crc, stored, attributes, tag_epoch, tag_values)
          join here h on h.nr = n.series
          where not exists (select from image_garbage g where g.node = n.node and g.file = n.file and g.pos = n.pos)
          order by n.instance, n.pos
          on conflict (instance) do nothing
          returning series_id, instance, node, file, pos),
      noted as (
        insert into image_study_change (study)
          select distinct h.study from here h where exists (select from added a where a.series_id = h.series_id))
      select instance, node, file, pos from added""";
  private static final String ADD = "select * from add_images($1::text::jsonb, $2::text::jsonb, $3::text::jsonb)";
  private static final String GARBAGE = """
      select n.nr from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as n(node, file, pos, nr)
      where exists (select from image_garbage g where g.node = n.node and g.file = n.file and g.pos = n.pos)""";
  private static final int ATTEMPTS = 3;
  /** An escaped NUL; where a backslash is escaped before it, it is six letters of somebody's text. */
  private static final Pattern NUL = Pattern.compile("(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000");

  private final Database database;

  ImageAdding(Database database) {
    this.database = database;
  }

  Future<List<Known>> add(List<Entry> entries) {
    return toKnown(entries).compose(known -> others(entries, known),
        cause -> isWorthAnother(cause) ? addAgain(entries) : Future.failedFuture(cause));
  }

  private Future<List<Known>> others(List<Entry> entries, List<Known> known) {
    List<Entry> others = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) if (known.get(i) == null) others.add(entries.get(i));
    if (others.isEmpty()) return Future.succeededFuture(known);
    return addAgain(others).map(rest -> filled(known, rest));
  }

  /** For places that an earlier attempt may have added. */
  Future<List<Known>> addAgain(List<Entry> entries) {
    return toAny(entries, ATTEMPTS);
  }

  private Future<List<Known>> toAny(List<Entry> entries, int attempts) {
    return toAny(entries).recover(cause -> attempts > 1 && isWorthAnother(cause)
        ? toAny(entries, attempts - 1)
        : Future.failedFuture(cause));
  }

  private static boolean isWorthAnother(Throwable cause) {
    return Failures.lostRace(cause) || cause instanceof Failure.Conflict;
  }

  private static List<Known> filled(List<Known> known, List<Known> rest) {
    List<Known> all = new ArrayList<>(known.size());
    int next = 0;
    for (Known each : known) all.add(each != null ? each : rest.get(next++));
    return all;
  }

  /** One for each entry: null where it was not added. */
  private Future<List<Known>> toKnown(List<Entry> entries) {
    return database.askAdding(TO_KNOWN, columns(entries)).map(rows -> {
      Map<Place, String> added = new HashMap<>();
      for (Row row : rows) added.put(place(row), row.getString("instance"));
      List<Known> known = new ArrayList<>(entries.size());
      for (Entry entry : entries) {
        Located at = entry.located();
        boolean mine = at.instance().equals(added.get(new Place(at.node(), at.file(), at.offset(), 0, 0)));
        known.add(mine
            ? new Known(true, at.study(), at.series(),
                new Place(at.node(), at.file(), at.offset(), at.length(), at.crc32c()))
            : null);
      }
      return known;
    });
  }

  private static Place place(Row row) {
    return new Place(row.getString("node"), row.getString("file"), row.getLong("pos"), 0, 0);
  }

  private static Tuple columns(List<Entry> entries) {
    Map<String, Integer> numbers = new HashMap<>();
    List<Entry> series = new ArrayList<>();
    List<Integer> of = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      int number = numbers.computeIfAbsent(entry.located().study() + ' ' + entry.located().series(),
          first -> numbers.size());
      if (number == series.size()) series.add(entry);
      else series.set(number, entry); // the latest one speaks for its series
      of.add(number);
    }
    Tuple values = Tuple.tuple();
    values.addArrayOfInteger(IntStream.range(0, series.size()).boxed().toArray(Integer[]::new));
    values.addArrayOfString(strings(series, entry -> entry.located().study()));
    values.addArrayOfLong(longs(series, entry -> fingerprint(entry.study())));
    values.addArrayOfString(strings(series, entry -> entry.located().series()));
    values.addArrayOfLong(longs(series, entry -> fingerprint(entry.series())));
    values.addArrayOfInteger(of.toArray(Integer[]::new));
    return located(values, entries);
  }

  private static Tuple located(Tuple values, List<Entry> entries) {
    values.addArrayOfString(strings(entries, entry -> entry.located().instance()));
    values.addArrayOfString(strings(entries, entry -> entry.located().sopClass()));
    values.addArrayOfString(strings(entries, entry -> entry.located().transferSyntax()));
    values.addArrayOfLong(longs(entries, entry -> entry.located().frames()));
    values.addArrayOfString(strings(entries, entry -> entry.located().node()));
    values.addArrayOfString(strings(entries, entry -> entry.located().file()));
    values.addArrayOfLong(longs(entries, entry -> entry.located().offset()));
    values.addArrayOfLong(longs(entries, entry -> entry.located().length()));
    values.addArrayOfInteger(entries.stream().map(entry -> entry.located().crc32c()).toArray(Integer[]::new));
    values.addArrayOfOffsetDateTime(
        entries.stream().map(entry -> entry.located().storedAt()).toArray(OffsetDateTime[]::new));
    values.addArrayOfString(strings(entries, entry -> text(entry.instance())));
    values.addArrayOfInteger(entries.stream().map(entry -> entry.tagged().epoch()).toArray(Integer[]::new));
    values.addArrayOfString(strings(entries, entry -> tagValues(entry)));
    return values;
  }

  /** Null when there are none. */
  private static String tagValues(Entry entry) {
    ArrayNode values = entry.tagged().json();
    return values.isEmpty() ? null : text(values);
  }

  private static String[] strings(List<Entry> entries, Function<Entry, String> of) {
    return entries.stream().map(of).toArray(String[]::new);
  }

  private static Long[] longs(List<Entry> entries, Function<Entry, Long> of) {
    return entries.stream().map(of).toArray(Long[]::new);
  }

  /** One for each entry. */
  private Future<List<Known>> toAny(List<Entry> entries) {
    return database.askAdding(ADD, objects(entries)).compose(rows -> {
      List<Known> known = answers(entries, rows);
      List<Entry> missing = new ArrayList<>();
      for (int i = 0; i < entries.size(); i++) if (known.get(i) == null) missing.add(entries.get(i));
      return missing.isEmpty() ? Future.succeededFuture(known) : removed(missing).map(gone -> filled(known, gone));
    });
  }

  /** Of those that are neither at their own place nor at another: who was removed before we came, and all of them, or they are tried again. */
  private Future<List<Known>> removed(List<Entry> missing) {
    Tuple places = Tuple.of(strings(missing, entry -> entry.located().node()),
        strings(missing, entry -> entry.located().file()), longs(missing, entry -> entry.located().offset()));
    return database.askAdding(GARBAGE, places).map(rows -> {
      if (rows.size() < missing.size())
        throw new Failure.Conflict("An instance was added and removed at once; try again");
      return missing.stream().map(entry -> Known.REMOVED).toList();
    });
  }

  private static Tuple objects(List<Entry> entries) {
    // in the same order for everybody who changes them, or two would wait for each other
    Map<String, ObjectNode> studies = new TreeMap<>();
    Map<String, ObjectNode> series = new TreeMap<>();
    ArrayNode instances = Json.MAPPER.createArrayNode();
    for (Entry entry : entries) {
      Located at = entry.located();
      ObjectNode study = study(at, entry.study());
      studies.put(at.study(), study);
      series.put(at.study() + ' ' + at.series(), series(at, entry.series()).set("study_fp", study.get("fp")));
      instances.add(instance(at, entry));
    }
    return Tuple.of(text(Json.MAPPER.createArrayNode().addAll(studies.values())),
        text(Json.MAPPER.createArrayNode().addAll(series.values())), text(instances));
  }

  /** PostgreSQL's text takes no NUL, and an escaped one neither. */
  static String text(JsonNode json) {
    String all = json.toString();
    return all.contains("\\u0000") ? NUL.matcher(all).replaceAll("$1") : all;
  }

  private static long fingerprint(ObjectNode attributes) {
    return Hash.of(attributes.toString());
  }

  private static ObjectNode study(Located at, ObjectNode attributes) {
    ObjectNode row = Json.MAPPER.createObjectNode();
    row.put("study", at.study()).put("fp", fingerprint(attributes));
    ImageColumns.study(row, attributes);
    row.set("attributes", attributes);
    return row;
  }

  private static ObjectNode series(Located at, ObjectNode attributes) {
    ObjectNode row = Json.MAPPER.createObjectNode();
    row.put("study", at.study()).put("series", at.series()).put("fp", fingerprint(attributes));
    ImageColumns.series(row, attributes);
    row.set("attributes", attributes);
    return row;
  }

  private static ObjectNode instance(Located at, Entry entry) {
    ObjectNode row = Json.MAPPER.createObjectNode();
    row.put("study", at.study()).put("series", at.series()).put("instance", at.instance());
    row.put("sop_class", at.sopClass()).put("transfer_syntax", at.transferSyntax()).put("frames", at.frames());
    row.put("node", at.node()).put("file", at.file()).put("pos", at.offset()).put("length", at.length());
    row.put("crc", at.crc32c()).put("stored", at.storedAt().toString());
    row.set("attributes", entry.instance());
    row.put("tag_epoch", entry.tagged().epoch());
    ArrayNode values = entry.tagged().json();
    if (!values.isEmpty()) row.set("tag_values", values);
    return row;
  }

  /** One for each entry: null where the instance is nowhere. */
  private static List<Known> answers(List<Entry> entries, RowSet<Row> rows) {
    Map<String, Known> here = new HashMap<>();
    for (Row row : rows)
      here.put(row.getString("instance"), new Known(true, row.getString("study"),
          row.getString("series"), ImageFiles.place(row)));
    List<Known> answers = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      Known known = here.get(entry.located().instance());
      boolean added = known != null && entry.located().sameBytesAs(known.place());
      answers.add(known == null ? null : new Known(added, known.study(), known.series(), known.place()));
    }
    return answers;
  }
}
