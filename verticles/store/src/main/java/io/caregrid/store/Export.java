package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything the store has, page by page, for whoever has to begin anew. Any thread.
 *
 * <p>How not to miss and not to repeat anything while others keep writing: take the feed's head, read all pages, then ask {@link #seen}. What is in no page
 * has its change behind that head; what is in a page and has a change behind that head has it before {@code seen}.
 */
public final class Export {
  /** sid and version of the last one read, resources, bytes. The first resource is the last one again, for the rest of its versions. */
  private static final String PAGE = """
      select sid, id, ver, upd, del, device, body, current, erased from (
        select p.sid, v.*, current and p.fp = #erased as erased, coalesce(sum(octet_length(v.body)) over (order by p.sid, v.ver rows between unbounded preceding and 1 preceding), 0) as before
        from (select * from r_@ where sid >= $1 order by sid limit $3) p cross join lateral (
          select p.id, p.ver, p.upd, p.del, p.device, p.body, true as current
          union all select h.id, h.ver, h.upd, h.del, h.device, h.body, false from h_@ h where h.id = p.id) v
        where p.sid > $1 or v.ver > $2) f
      where before < $4 order by sid, ver"""
      .replace("#erased", String.valueOf(Table.ERASED));
  private static final String LAST_SERIAL = "select coalesce(max(serial), 0) as serial from change_queue";
  private static final String WAITING = "select exists (select from change_queue where serial <= $1) as waiting";
  private static final int RESOURCES = 1_000;
  private static final long LOOK_MILLIS = 50;
  private static final int LOOKS = 1_200;

  private final Database database;

  public Export(Database database) {
    this.database = database;
  }

  /** Where a page ended. Of a resource whose current version was in it nothing more comes, though it has newer ones since: their changes are in the feed. */
  public record Place(long sid, int version) {
    public static final Place START = new Place(0, 0);
  }

  /** @param current the resource is like that now, or deleted; otherwise a version before */
  public record Exported(Bodies.Found found, boolean current) {}

  /** @param rows by sid, then by version; none: that was all */
  public record Page(List<Exported> rows, Place end) {}

  /**
   * The next versions of this type, the current ones and those before, in one statement.
   *
   * @param bytes packed as they lie in their rows; passed by at most one of them
   */
  public Future<Page> page(Caller caller, String type, Place after, long bytes) {
    return database
        .ask(Bodies.sql(PAGE, Definition.of(type)), Tuple.of(after.sid(), after.version(), (long) RESOURCES, bytes))
        .compose(rows -> database.offLoop(() -> page(type, rows, after)))
        .recover(Failures::recover);
  }

  private static Page page(String type, RowSet<Row> rows, Place after) {
    List<Exported> exported = new ArrayList<>(rows.size());
    Place end = after;
    try (Body body = new Body()) {
      for (Row row : rows) {
        exported.add(new Exported(Bodies.found(type, row, body), row.getBoolean("current")));
        end = new Place(row.getLong("sid"), row.getBoolean("current") ? Integer.MAX_VALUE : row.getInteger("ver"));
      }
    }
    return new Page(exported, end);
  }

  /** A place in the feed behind the changes of everything that can be seen now. Busy 503 when no sequencer gives them their places within a minute. */
  public Future<ChangeFeed.Cursor> seen(Caller caller) {
    return database.ask(LAST_SERIAL, Tuple.tuple())
        .map(rows -> rows.iterator().next().getLong("serial"))
        .compose(serial -> stamped(serial, LOOKS))
        .recover(Failures::recover)
        .compose(stamped -> new ChangeFeed(database).head(caller));
  }

  private Future<Void> stamped(long serial, int looks) {
    return database.ask(WAITING, Tuple.of(serial)).compose(rows -> {
      if (!rows.iterator().next().getBoolean("waiting")) return Future.succeededFuture();
      if (looks == 1) return Future.failedFuture(new Failure.Busy("No sequencer is at work; try again shortly"));
      return database.vertx().timer(LOOK_MILLIS).compose(fired -> stamped(serial, looks - 1));
    });
  }
}
