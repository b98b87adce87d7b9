package io.caregrid.store;

import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageIndex.Place;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The image index seen from the files: which instances lie in one, what of it is garbage, and how they move. For the keeper of the files alone. */
public final class ImageFiles {
  private static final String IN_FILE = """
      select s.study, e.series, i.instance, i.sop_class, i.transfer_syntax, i.frames, i.node, i.file, i.pos, i.length, i.crc, i.stored
      from image_instance i join image_series e on e.id = i.series_id join image_study s on s.id = e.study_id
      where i.node = $1 and i.file = $2 and i.pos > $3 order by i.pos limit $4""";
  private static final String AT = """
      select s.study, e.series, i.instance, i.sop_class, i.transfer_syntax, i.frames, i.node, i.file, i.pos, i.length, i.crc, i.stored
      from image_instance i join image_series e on e.id = i.series_id join image_study s on s.id = e.study_id where i.instance = $1""";
  private static final String FILES = """
      select file, count(*) as instances, sum(length)::bigint as bytes from image_instance where node = $1 and file > $2
      group by file order by file limit $3""";
  private static final String LIVE = """
      select count(*) as instances, coalesce(sum(length), 0)::bigint as bytes from image_instance where node = $1 and file = $2""";
  private static final String GARBAGE = """
      select id, node, file, pos, length from image_garbage where node = $1 and file like $2 and id > $3 order by id limit $4""";
  private static final String IS_GARBAGE = "select from image_garbage where node = $1 and file = $2 and pos = $3";
  private static final String ERASED = "delete from image_garbage where id = any($1)";
  private static final String MOVE = """
      with moved as (update image_instance set file = $5, pos = $6
        where instance = $1 and node = $2 and file = $3 and pos = $4 and length = $7 and crc = $8 returning node)
      insert into image_garbage (node, file, pos, length) select node, $3, $4, $7 from moved""";
  private static final String REPLACE = """
      with replaced as (update image_instance set file = $5, pos = $6, length = $7, crc = $8
        where instance = $1 and node = $2 and file = $3 and pos = $4 returning node, sid),
      due as (insert into image_tag_due (sid, node) select sid, node from replaced
        where exists (select from image_tag_head where epoch > 0) on conflict do nothing)
      insert into image_garbage (node, file, pos, length) select node, $3, $4, $9 from replaced""";
  private static final String FORGET = """
      with mine as (select i.instance, e.study_id from image_instance i join image_series e on e.id = i.series_id where i.node = $1 limit $2),
      gone as (delete from image_instance i using mine where i.instance = mine.instance returning mine.study_id)
      select coalesce(array_agg(distinct s.study), '{}') as studies from image_study s where s.id in (select study_id from gone)""";
  private static final String DROP_EMPTY = "select drop_empty_images($1)";

  private final Database database;

  ImageFiles(Database database) {
    this.database = database;
  }

  static Place place(Row row) {
    return new Place(row.getString("node"), row.getString("file"), row.getLong("pos"), row.getLong("length"),
        row.getInteger("crc"));
  }

  /** Instances in one file in the order of their offsets, at most {@code most}, those after {@code after}. */
  public Future<List<Located>> in(String node, String file, long after, int most) {
    return database.ask(IN_FILE, Tuple.of(node, file, after, most)).map(rows -> {
      List<Located> found = new ArrayList<>(rows.size());
      for (Row row : rows) found.add(ImageIndex.located(row));
      return found;
    }).recover(Failures::recover);
  }

  /** Where an instance is now; null when it is not. */
  public Future<Located> at(String instance) {
    return database.ask(AT, Tuple.of(instance))
        .map(rows -> rows.size() == 0 ? null : ImageIndex.located(rows.iterator().next()))
        .recover(Failures::recover);
  }

  /** What the index says is in a file. */
  public record Share(long instances, long bytes) {}

  /** Files with instances, in the order of their names, those after {@code after}, at most {@code most}. */
  public Future<Map<String, Share>> files(String node, String after, int most) {
    return database.ask(FILES, Tuple.of(node, after, most)).map(rows -> {
      Map<String, Share> files = new LinkedHashMap<>();
      for (Row row : rows)
        files.put(row.getString("file"), new Share(row.getLong("instances"), row.getLong("bytes")));
      return files;
    }).recover(Failures::recover);
  }

  public Future<Share> live(String node, String file) {
    return database.ask(LIVE, Tuple.of(node, file)).map(rows -> {
      Row row = rows.iterator().next();
      return new Share(row.getLong("instances"), row.getLong("bytes"));
    }).recover(Failures::recover);
  }

  /** Bytes to be erased; the row stays until {@link #erased}. */
  public record Garbage(long id, String node, String file, long offset, long length) {}

  /** @param folder the file names' beginning, without wildcards of LIKE */
  public Future<List<Garbage>> garbage(String node, String folder, long after, int most) {
    return database.ask(GARBAGE, Tuple.of(node, folder + "%", after, most)).map(rows -> {
      List<Garbage> found = new ArrayList<>();
      for (Row row : rows)
        found.add(new Garbage(row.getLong("id"), row.getString("node"), row.getString("file"),
            row.getLong("pos"), row.getLong("length")));
      return found;
    }).recover(Failures::recover);
  }

  /** Whether a place is noted as garbage. */
  public Future<Boolean> isGarbage(String node, String file, long offset) {
    return database.ask(IS_GARBAGE, Tuple.of(node, file, offset))
        .map(rows -> rows.rowCount() > 0)
        .recover(Failures::recover);
  }

  /** The bytes are gone from the disk. */
  public Future<Void> erased(List<Long> ids) {
    return database.ask(ERASED, Tuple.tuple().addValue(ids.toArray(Long[]::new)))
        .<Void>mapEmpty()
        .recover(Failures::recover);
  }

  /**
   * The same bytes lie elsewhere in the same folder now; where they were is noted as garbage.
   *
   * @return false: the instance is not where it was any more, or these are other bytes
   */
  public Future<Boolean> move(Located from, Place to) {
    return database
        .ask(MOVE, Tuple.tuple(List.of(from.instance(), from.node(), from.file(), from.offset(), to.file(), to.offset(),
            to.length(), to.crc32c())))
        .map(done -> done.rowCount() == 1)
        .recover(Failures::recover);
  }

  /**
   * An instance whose bytes are damaged has whole ones in the same folder now; where the damaged ones are is noted as garbage. Its attributes stay: only
   * for bytes with the same data set; extended query tags, which may have missed it, read it again.
   *
   * @return false: the instance is not there any more
   */
  public Future<Boolean> replace(Located whole, Place damaged) {
    return database
        .ask(REPLACE, Tuple.tuple(List.of(whole.instance(), damaged.node(), damaged.file(), damaged.offset(),
            whole.file(), whole.offset(), whole.length(), whole.crc32c(), damaged.length())))
        .map(done -> done.rowCount() == 1)
        .recover(Failures::recover);
  }

  /**
   * Forgets some instances of one folder, without noting garbage: the index is about to be made anew from the files.
   *
   * @return false when nothing of it was left
   */
  public Future<Boolean> forget(String node, int most) {
    return database.ask(FORGET, Tuple.of(node, most)).compose(rows -> {
      String[] studies = rows.iterator().next().getArrayOfStrings("studies");
      if (studies.length == 0) return Future.succeededFuture(false);
      return database.ask(DROP_EMPTY, Tuple.tuple().addValue(studies)).map(dropped -> true);
    }).recover(Failures::recover);
  }
}
