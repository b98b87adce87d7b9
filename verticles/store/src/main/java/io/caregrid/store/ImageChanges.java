package io.caregrid.store;

import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/**
 * The change feed of pictures: what became of which instance, in the order in which everybody could see it. Any thread.
 *
 * <p>A change waits in a queue, written in the transaction that changes the index, until one at a time gives it its place: the next sequence, and the time
 * of that. Whoever reads gives places first, so that he sees what was answered as stored before he asked; {@link Sequencer} does it when nobody reads. So
 * sequences are 1, 2, 3 …, neither they nor the times ever go back, and behind what was read comes only what is read next: a transaction that began early and
 * ends late gets its place when it has ended. Nothing is ever taken out.
 *
 * <p>Instances that were here before there was a feed come first, as created, some thousand with each pass. Until that is done the feed is behind.
 */
public final class ImageChanges {
  /** In one pass: a statement of well under a second. */
  static final int MOST = 5_000;
  /** One who reads does no more for it than this. */
  private static final int PASSES = 4;

  private static final String STAMP = "select stamp_image_changes($1, $2) as stamped";
  /** Sequences have no gaps, so rows are skipped by counting and not by reading. */
  private static final String WITHIN = """
      with window_ as (
        select coalesce((select f.sequence from image_feed f where f.at >= coalesce($1::timestamptz, '-infinity') order by f.at, f.sequence limit 1), h.sequence + 1) as first,
          coalesce((select f.sequence from image_feed f where f.at >= coalesce($2::timestamptz, 'infinity') order by f.at, f.sequence limit 1), h.sequence + 1) as behind
        from image_feed_head h),
      page as materialized (
        select f.* from image_feed f where f.sequence >= (select w.first + $3 from window_ w) and f.sequence < (select w.behind from window_ w)
        order by f.sequence limit $4)""";
  private static final String LAST = "with page as (select * from image_feed order by sequence desc limit 1)";
  /** With what the latest change of the instance was, and where it is when this is it: one by one, by keys. */
  private static final String TOLD = """

      select p.sequence, p.at, p.action::text as action, p.study as told_study, p.series as told_series, p.instance as told_instance,
        l.sequence as last_sequence, l.action::text as last_action,
        w.*
      from page p
      cross join lateral (select x.sequence, x.action from image_feed x where x.instance = p.instance order by x.sequence desc limit 1) l
      left join lateral (
        select s.study, e.series, i.instance, i.sop_class, i.transfer_syntax, i.frames, i.node, i.file, i.pos, i.length, i.crc, i.stored
        from image_instance i join image_series e on e.id = i.series_id join image_study s on s.id = e.study_id
        where i.instance = p.instance and l.sequence = p.sequence and p.action <> 'D' limit 1) w on true
      order by p.sequence""";
  static final String PAGE = Database.PLANNED + WITHIN + TOLD;

  private final Database database;

  public ImageChanges(Database database) {
    this.database = database;
  }

  public enum Action {
    CREATE, UPDATE, DELETE
  }

  /** Of what an entry tells of, now. */
  public enum State {
    /** The instance is as this entry says. */
    CURRENT,
    /** It is another one now, or another change came since. */
    REPLACED,
    /** It is not there any more. */
    DELETED
  }

  /**
   * One entry.
   *
   * @param sequence 1 and up, without gaps
   * @param at       when it got its place in the feed
   * @param where    of the instance when it is {@link State#CURRENT}, otherwise null; also null while its index is made anew
   */
  public record Told(long sequence, OffsetDateTime at, Action action, State state, String study, String series,
      String instance, Located where) {}

  /**
   * Entries in ascending order.
   *
   * @param from   the earliest time, null: since ever
   * @param before the time that none reaches, null: until now
   * @param skipped entries left out in front, at least 0
   * @param most    at least 1
   */
  public Future<List<Told>> read(OffsetDateTime from, OffsetDateTime before, long skipped, int most) {
    Tuple values = Tuple.tuple();
    values.addOffsetDateTime(from).addOffsetDateTime(before).addLong(skipped).addLong((long) most);
    return stamped().compose(done -> database.ask(PAGE, values))
        .map(ImageChanges::told)
        .recover(Failures::recover);
  }

  /** The last entry, null when there is none. */
  public Future<Told> latest() {
    return stamped().compose(done -> database.ask(Database.PLANNED + LAST + TOLD, Tuple.tuple())).map(rows -> {
      List<Told> told = told(rows);
      return told.isEmpty() ? null : told.get(0);
    }).recover(Failures::recover);
  }

  private Future<Integer> stamped() {
    return passes(PASSES);
  }

  private Future<Integer> passes(int left) {
    return stamp(database, true)
        .compose(given -> given >= MOST && left > 1 ? passes(left - 1) : Future.succeededFuture(given));
  }

  /**
   * Gives at most {@link #MOST} changes their place.
   *
   * @param waits for another who does so, instead of leaving it to him; not while what was here before the feed is entered
   * @return how many it looked at; those that are no news get none
   */
  static Future<Integer> stamp(Database database, boolean waits) {
    return database.ask(STAMP, Tuple.of(MOST, waits)).map(rows -> rows.iterator().next().getInteger("stamped"));
  }

  private static List<Told> told(RowSet<Row> rows) {
    List<Told> told = new ArrayList<>(rows.size());
    for (Row row : rows) told.add(told(row));
    return told;
  }

  private static Told told(Row row) {
    boolean last = row.getLong("sequence").equals(row.getLong("last_sequence"));
    State state = row.getString("last_action").equals("D")
        ? State.DELETED
        : last ? State.CURRENT : State.REPLACED;
    boolean here = state == State.CURRENT && row.getString("file") != null;
    return new Told(row.getLong("sequence"), row.getOffsetDateTime("at"), action(row.getString("action")), state,
        row.getString("told_study"), row.getString("told_series"), row.getString("told_instance"),
        here ? ImageIndex.located(row) : null);
  }

  private static Action action(String letter) {
    return switch (letter) {
      case "C" -> Action.CREATE;
      case "U" -> Action.UPDATE;
      case "D" -> Action.DELETE;
      default -> throw new IllegalStateException("an action " + letter);
    };
  }
}
