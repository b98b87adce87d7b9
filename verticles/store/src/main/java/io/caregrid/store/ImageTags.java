package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Level;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Extended query tags: attributes beside the usual ones by which pictures are found (as Microsoft's service has them). Any thread.
 *
 * <p>What an instance is indexed by is read while it is taken in, and written with its row. The invariant: <b>an instance whose values were read by an older
 * list than the one in force when its row is written is noted as due</b>, by the database itself, so that no node has to know at once what another was
 * told. Whoever changes the list waits for the rows that are being added (an advisory lock, shared by them): what is there then is walked, what comes later
 * knows the new list or is noted. {@link #due} and {@link #walk} say what is to be read; {@link #put} keeps it and how far that came, in one transaction, so
 * whoever is killed in between goes on where he was.
 */
public final class ImageTags {
  /** Most tags there may be. */
  public static final int MOST = 128;
  /** VRs a tag may have. */
  public static final Set<String> VRS = Set.of("AE", "AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "PN", "SH",
      "SL", "SS", "TM", "UI", "UL", "US");
  /** Those of them that are compared as numbers. */
  public static final Set<String> NUMBERS = Set.of("DS", "FD", "FL", "IS", "SL", "SS", "UL", "US");
  private static final Map<String, Level> LEVELS = Map.of("S", Level.STUDY, "E", Level.SERIES, "I", Level.INSTANCE);

  private static final String LISTED = """
      select h.epoch, t.id, t.path, t.vr, t.level::text as level, t.creator, t.enabled, t.ready, t.operation
      from image_tag_head h left join image_tag t on true order by t.path""";
  private static final String COUNTED = """
      select t.id, (select count(*) from (select from image_tag_error e where e.tag = t.id limit 10000) c) as errors
      from image_tag t where t.id = any($1)""";
  private static final String ADD = "select add_image_tags($1, $2::text::jsonb, $3) as answer";
  private static final String REMOVE = "select remove_image_tag($1) as gone";
  private static final String ENABLE = "update image_tag set enabled = $2 where path = $1";
  private static final String ERRORS = """
      select e.study, e.series, e.instance, e.message, e.at from image_tag_error e
      where e.tag = (select t.id from image_tag t where t.path = $1) order by e.at, e.instance limit $2 offset $3""";
  /** Of all sids up to the last, how many are done. */
  private static final String OPERATION = """
      select o.paths, o.began, o.changed, o.ended,
        (select coalesce(floor(avg(case when w.upto = 0 then 100 else 100.0 * w.done / w.upto end)), 99)::int
          from image_tag_walk w where w.tag = any(o.tags)) as percent
      from image_tag_operation o where o.id = $1""";

  private static final String LOCATED = """
      s.study, e.series, i.instance, i.sop_class, i.transfer_syntax, i.frames, i.node, i.file, i.pos, i.length, i.crc, i.stored, i.sid
      from image_instance i join image_series e on e.id = i.series_id join image_study s on s.id = e.study_id""";
  private static final String DUE = Database.PLANNED + "select " + LOCATED
      + " where i.sid in (select sid from image_tag_due where node = $1 order by sid limit $2) order by i.sid";
  /** Noted, but not there any more. */
  private static final String STALE = """
      delete from image_tag_due d where d.sid in (select sid from image_tag_due where node = $1 order by sid limit $2)
        and not exists (select from image_instance i where i.sid = d.sid)""";
  /** The tags whose next instances these are: those furthest behind, and all that have come as far; up to where the next ones are, so that they go on together. */
  private static final String BEHIND = """
      select w.done, array_agg(w.tag) as tags,
        least(min(w.upto), (select min(a.done) from image_tag_walk a where a.node = $1 and a.done > w.done)) as upto
      from image_tag_walk w where w.node = $1 group by w.done order by w.done limit 1""";
  /** A piece of all rows, whichever folder they lie in: so much is looked at and no more. */
  private static final String PIECE = Database.PLANNED
      + """
      with piece as materialized (select sid, node from image_instance where sid > $2 and sid <= $3 order by sid limit $4)
      select count(*) as looked, max(sid) as last, coalesce(array_agg(sid) filter (where node = $1), '{}') as mine from piece""";
  private static final String MINE = Database.PLANNED + "select " + LOCATED + " where i.sid = any($1) order by i.sid";
  /** What was wrong when they were read before, and may not be any more. */
  private static final String CLEAR = Database.PLANNED + """
      delete from image_tag_error where tag = any(array(select id from image_tag)) and instance = any($1)""";
  private static final String PUT = "select put_image_tags($1::text::jsonb)";
  /** Whoever removes waits, and what he removed before us is not there for the statement behind this. */
  private static final String HOLD = Database.PLANNED + """
      select from image_study where id in (select e.study_id from image_instance i join image_series e on e.id = i.series_id where i.sid = any($1))
      order by study for key share""";
  /** Unless it was read by a list that has changed since. */
  private static final String DONE = """
      delete from image_tag_due where sid = any($1) and $2::int >= (select epoch from image_tag_head)""";
  private static final String WALKED = """
      update image_tag_walk set done = greatest(done, $3) where node = $1 and tag = any($2)""";
  private static final String CHANGED = """
      update image_tag_operation o set changed = now() where o.ended is null and o.tags && $1""";
  private static final String END = "select end_image_tag_walks()";
  private static final String WAITS = """
      select exists (select from image_tag_due where node = $1) or exists (select from image_tag_walk where node = $1)
        or exists (select from image_tag_gone) as waits""";
  private static final int ATTEMPTS = 3;
  private static final String SWEEP = "select sweep_image_tags($1) as swept";
  private static final String LOCK = "select pg_advisory_xact_lock_shared(hashtext('image'), hashtext('tags'))";

  private final Database database;

  public ImageTags(Database database) {
    this.database = database;
  }

  /**
   * A tag.
   *
   * @param id      never used again
   * @param path    eight hexadecimal digits in capitals; of a private one its group, any block, and the element in its creator's block
   * @param creator of a private one, otherwise null
   * @param enabled may be asked for
   * @param ready   what was here before it is indexed
   */
  public record Tag(int id, String path, String vr, Level level, String creator, boolean enabled, boolean ready,
      UUID operation) {
    /** Group in the upper 16 bits, element in the lower. */
    public int number() {
      return Integer.parseUnsignedInt(path, 16);
    }

    /** It may be searched by now. */
    public boolean isSearchable() {
      return enabled && ready;
    }
  }

  /** @param epoch goes up with each tag that comes or goes */
  public record Listed(int epoch, List<Tag> tags) {
    public static final Listed UNREAD = new Listed(0, List.of());

    public Listed {
      tags = List.copyOf(tags);
    }

    /** Null when there is none. */
    public Tag at(String path) {
      return tags.stream().filter(tag -> tag.path().equals(path)).findFirst().orElse(null);
    }
  }

  /** What is asked to be a tag, as in {@link Tag}. */
  public record Wanted(String path, String vr, Level level, String creator) {}

  /**
   * What was read of one instance.
   *
   * @param epoch  of the list by which it was read
   * @param values of tags that the instance has
   */
  public record Tagged(int epoch, List<Value> values) {
    public static final Tagged UNREAD = new Tagged(0, List.of());

    public Tagged {
      values = List.copyOf(values);
    }

    ArrayNode json() {
      ArrayNode all = Json.MAPPER.createArrayNode();
      for (Value value : values) all.add(value.json());
      return all;
    }
  }

  /**
   * A value, or why there is none.
   *
   * @param element of DICOM JSON, found by its first value; null when there is an error
   * @param error   null when there is a value; names no value
   */
  public record Value(Tag tag, ObjectNode element, String error) {
    ObjectNode json() {
      ObjectNode row = Json.MAPPER.createObjectNode().put("tag", tag.id());
      if (error != null) return row.put("error", error);
      row.set("value", element);
      ImageColumns.tag(row, tag.vr(), element);
      return row;
    }
  }

  /** @param message what is wrong with the value, never the value */
  public record Problem(String study, String series, String instance, String message, OffsetDateTime at) {}

  /** @param percent of the instances that were there before, 100 when it has ended and never before */
  public record Operation(UUID id, List<String> paths, OffsetDateTime began, OffsetDateTime changed, boolean ended,
      int percent) {}

  /** All tags in the order of their paths. */
  public Future<Listed> list() {
    return database.ask(LISTED, Tuple.tuple()).map(rows -> {
      List<Tag> tags = new ArrayList<>();
      int epoch = 0;
      for (Row row : rows) {
        epoch = row.getInteger("epoch");
        if (row.getInteger("id") != null) tags.add(tag(row));
      }
      return new Listed(epoch, tags);
    }).recover(Failures::recover);
  }

  private static Tag tag(Row row) {
    return new Tag(row.getInteger("id"), row.getString("path"), row.getString("vr"), LEVELS.get(row.getString("level")),
        row.getString("creator"), row.getBoolean("enabled"), row.getBoolean("ready"), row.getUUID("operation"));
  }

  /** Of each of these tags that is there, by its id: how many values could not be indexed, counted up to 10,000. */
  public Future<Map<Integer, Long>> errors(List<Tag> tags) {
    Integer[] ids = tags.stream().map(Tag::id).toArray(Integer[]::new);
    return database.ask(COUNTED, Tuple.tuple().addValue(ids)).map(rows -> {
      Map<Integer, Long> errors = new HashMap<>();
      for (Row row : rows) errors.put(row.getInteger("id"), row.getLong("errors"));
      return errors;
    }).recover(Failures::recover);
  }

  /**
   * Adds all of them or none. What comes from now on is indexed by them.
   *
   * @return the operation that indexes what is there. Conflict 409: one of them is there; Invalid 400: there would be more than {@value #MOST}
   */
  public Future<UUID> add(List<Wanted> wanted) {
    UUID operation = UUID.randomUUID();
    ArrayNode tags = Json.MAPPER.createArrayNode();
    for (Wanted one : wanted)
      tags.addObject()
          .put("path", one.path())
          .put("vr", one.vr())
          .put("level", letter(one.level()))
          .put("creator", one.creator());
    return changed(ADD, Tuple.of(operation, tags.toString(), MOST), ATTEMPTS).recover(Failures::recover)
        .map(rows -> switch (rows.iterator().next().getString("answer")) {
          case "exists" -> throw new Failure.Conflict("One of these is an extended query tag already");
          case "many" -> throw new Failure.Invalid("There may be at most " + MOST + " extended query tags");
          default -> operation;
        });
  }

  /** Whoever changes the list waits for those who add rows; where two wait for each other, the database lets one try again. */
  private Future<RowSet<Row>> changed(String sql, Tuple values, int attempts) {
    return database.ask(sql, values)
        .recover(cause -> attempts > 1 && Failures.lostRace(cause)
            ? changed(sql, values, attempts - 1)
            : Future.failedFuture(cause));
  }

  private static String letter(Level level) {
    return switch (level) {
      case STUDY -> "S";
      case SERIES -> "E";
      case INSTANCE -> "I";
    };
  }

  /** NotFound 404 when there is none. */
  public Future<Void> remove(String path) {
    return changed(REMOVE, Tuple.of(path), ATTEMPTS).recover(Failures::recover).map(rows -> {
      if (!rows.iterator().next().getBoolean("gone")) throw absent();
      return null;
    });
  }

  /** Whether it may be searched by; NotFound 404 when there is none. */
  public Future<Void> enable(String path, boolean enabled) {
    return database.ask(ENABLE, Tuple.of(path, enabled)).recover(Failures::recover).map(rows -> {
      if (rows.rowCount() == 0) throw absent();
      return null;
    });
  }

  public static Failure absent() {
    return new Failure.NotFound("there is no such extended query tag");
  }

  /** Oldest first. */
  public Future<List<Problem>> problems(String path, int most, int skipped) {
    return database.ask(ERRORS, Tuple.of(path, most, skipped)).map(rows -> {
      List<Problem> problems = new ArrayList<>(rows.size());
      for (Row row : rows)
        problems.add(new Problem(row.getString("study"), row.getString("series"), row.getString("instance"),
            row.getString("message"), row.getOffsetDateTime("at")));
      return problems;
    }).recover(Failures::recover);
  }

  /** Null when there is none. */
  public Future<Operation> operation(UUID id) {
    return database.ask(OPERATION, Tuple.of(id)).map(rows -> {
      if (rows.size() == 0) return null;
      Row row = rows.iterator().next();
      boolean ended = row.getOffsetDateTime("ended") != null;
      return new Operation(id, List.of(row.getArrayOfStrings("paths")), row.getOffsetDateTime("began"),
          row.getOffsetDateTime("changed"), ended, ended ? 100 : Math.min(99, row.getInteger("percent")));
    }).recover(Failures::recover);
  }

  /** Whether there is anything to be read in this archive folder, or to be swept. */
  public Future<Boolean> waits(String node) {
    return database.ask(WAITS, Tuple.of(node))
        .map(rows -> rows.iterator().next().getBoolean("waits"))
        .recover(Failures::recover);
  }

  /** An instance to be read, and the row it has. */
  public record ToRead(long sid, Located where) {}

  /**
   * What is to be read next.
   *
   * @param tags ids of those it is walked for, none when it was noted as due
   * @param last sid up to which these tags have come when all of it is read
   */
  public record Piece(List<ToRead> instances, List<Integer> tags, long last) {
    public Piece {
      instances = List.copyOf(instances);
      tags = List.copyOf(tags);
    }
  }

  /** Instances in this archive folder that came with an older list, to be read by all tags; those that came first, first. */
  public Future<List<ToRead>> due(String node, int most) {
    return database.ask(STALE, Tuple.of(node, most))
        .compose(gone -> database.ask(DUE, Tuple.of(node, most)))
        .map(ImageTags::toRead)
        .recover(Failures::recover);
  }

  /**
   * The next of the instances that were there before some tags, null when there are none to look at. It may hold no instance of this folder: {@link #put} it
   * all the same.
   *
   * @param most rows looked at
   */
  public Future<Piece> walk(String node, int most) {
    return database.ask(BEHIND, Tuple.of(node)).compose(rows -> {
      if (rows.size() == 0) return Future.<Piece>succeededFuture();
      Row behind = rows.iterator().next();
      List<Integer> tags = List.of(behind.getArrayOfIntegers("tags"));
      long upto = behind.getLong("upto");
      return database.ask(PIECE, Tuple.of(node, behind.getLong("done"), upto, most))
          .compose(found -> piece(found.iterator().next(), tags, upto, most));
    }).recover(Failures::recover);
  }

  private Future<Piece> piece(Row row, List<Integer> tags, long upto, int most) {
    long last = row.getLong("looked") < most ? upto : row.getLong("last");
    Long[] mine = row.getArrayOfLongs("mine");
    if (mine.length == 0) return Future.succeededFuture(new Piece(List.of(), tags, last));
    return database.ask(MINE, Tuple.tuple().addValue(mine)).map(rows -> new Piece(toRead(rows), tags, last));
  }

  private static List<ToRead> toRead(RowSet<Row> rows) {
    List<ToRead> found = new ArrayList<>(rows.size());
    for (Row row : rows) found.add(new ToRead(row.getLong("sid"), ImageIndex.located(row)));
    return found;
  }

  /**
   * Keeps what was read of a piece, and that it was. What was read by a list that has changed since is noted for being read again when it was due.
   *
   * @param read by sid
   */
  public Future<Void> put(String node, Piece piece, Map<Long, Tagged> read) {
    ArrayNode rows = Json.MAPPER.createArrayNode();
    read.forEach((sid, tagged) -> {
      if (tagged.values().isEmpty()) return;
      rows.addObject().put("sid", sid).set("values", tagged.json());
    });
    Long[] sids = piece.instances().stream().map(ToRead::sid).toArray(Long[]::new);
    String[] instances = piece.instances().stream().map(one -> one.where().instance()).toArray(String[]::new);
    Integer[] tags = piece.tags().toArray(Integer[]::new);
    int epoch = read.values().stream().mapToInt(Tagged::epoch).min().orElse(Integer.MAX_VALUE);
    return database.transaction(connection -> connection.preparedQuery(LOCK)
        .execute()
        .compose(locked -> connection.preparedQuery(HOLD).execute(Tuple.tuple().addValue(sids)))
        .compose(held -> connection.preparedQuery(CLEAR).execute(Tuple.tuple().addValue(instances)))
        .compose(cleared -> connection.preparedQuery(PUT).execute(Tuple.of(ImageAdding.text(rows))))
        .compose(kept -> tags.length == 0
            ? done(connection, sids, epoch)
            : walked(connection, node, tags, piece.last())))
        .recover(Failures::recover);
  }

  private static Future<Void> done(SqlConnection connection, Long[] sids, int epoch) {
    return connection.preparedQuery(DONE).execute(Tuple.tuple().addValue(sids).addInteger(epoch)).mapEmpty();
  }

  private static Future<Void> walked(SqlConnection connection, String node, Integer[] tags, long last) {
    return connection.preparedQuery(WALKED)
        .execute(Tuple.tuple().addString(node).addValue(tags).addLong(last))
        .compose(advanced -> connection.preparedQuery(CHANGED).execute(Tuple.tuple().addValue(tags)))
        .compose(changed -> connection.preparedQuery(END).execute())
        .mapEmpty();
  }

  /** Removes some values of tags that are no more; how many. */
  public Future<Integer> sweep(int most) {
    return database.ask(SWEEP, Tuple.of(most))
        .map(rows -> rows.iterator().next().getInteger("swept"))
        .recover(Failures::recover);
  }
}
