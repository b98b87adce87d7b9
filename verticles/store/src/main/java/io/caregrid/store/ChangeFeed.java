package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Change;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that changed, in an order on which all agree. A listener reads from its cursor, does its work, then commits the cursor: so it sees every
 * change at least once, and of one resource in the order of its versions.
 *
 * <p>A cursor names the mark its position got when it was stamped. When the feed does not have that mark there, the database was restored behind the
 * listener's back: the incarnation is raised, and every listener is told that it is {@link Lost}.
 */
public final class ChangeFeed {
  private static final Logger log = LoggerFactory.getLogger(ChangeFeed.class);

  private static final String HEAD = """
      select h.incarnation, h.position, f.mark from feed_head h left join feed f on f.incarnation = h.incarnation and f.position = h.position""";
  /** {@code first} is the lowest position that is kept. The first row is the cursor's own, if it is there. */
  private static final String READ = """
      select h.incarnation as current,
        coalesce((select min(position) from feed where incarnation = h.incarnation), h.position + 1) as first,
        f.position, f.mark, f.type, f.id, f.ver, f.op, f.at
      from feed_head h left join lateral (
        select * from feed where incarnation = $1 and position between $2 and $2 + $3 order by position) f on true
      order by f.position""";
  private static final String RAISE = """
      update feed_head set incarnation = greatest(incarnation, $1) + 1, position = 0 where incarnation = $2""";
  private static final String REGISTER = """
      insert into feed_listener (name, incarnation, position, mark) values ($1, $2, $3, $4) on conflict (name) do nothing""";
  private static final String CURSOR = "select incarnation, position, mark from feed_listener where name = $1";
  private static final String COMMIT = "update feed_listener set incarnation = $2, position = $3, mark = $4 where name = $1";
  private static final String FORGET = "delete from feed_listener where name = $1";
  /**
   * The oldest ones below every cursor of this incarnation that are older than a minute, for those who only ask what was {@link #touched}; when there is
   * no cursor, those older than a day. The row of a cursor, and the last one, stay.
   * A range of the key, so that no plan, whatever it was made for, has to compare row by row; one node at a time, the others find nothing to do.
   */
  private static final String PRUNE = """
      with head as (select incarnation, position from feed_head where pg_try_advisory_xact_lock(hashtext('feed'), hashtext('prune'))),
      kept as (select min(l.position) as position from feed_listener l join head using (incarnation)),
      oldest as (select f.incarnation, f.position from feed f, head order by f.incarnation, f.position limit 1),
      gone as materialized (
        select o.incarnation, o.position as first,
          case when o.incarnation < h.incarnation then 'infinity'
            else now() - case when k.position is null then interval '24 hours' else interval '1 minute' end end as before,
          case when o.incarnation < h.incarnation then o.position + $1 - 1
            else least(o.position + $1 - 1, h.position - 1, coalesce(k.position, h.position) - 1) end as last
        from oldest o, head h, kept k)
      delete from feed where incarnation = (select incarnation from gone)
        and position between (select first from gone) and (select last from gone)
        and stamped < (select before from gone)""";
  static final long MOST_PRUNED = 20_000;
  /** {@code whole}: all that followed the cursor is still there. One more is told than may be: then it is said that there are too many. */
  private static final String TOUCHED = """
      select h.incarnation, h.position, f.mark, coalesce(t.touched, '{}') as touched,
        case when $2 > 0 then exists (select from feed where incarnation = $1 and position = $2 and mark = $4)
          else coalesce((select min(position) from feed where incarnation = $1), h.position + 1) = 1 end as whole
      from feed_head h
      left join feed f on f.incarnation = h.incarnation and f.position = h.position
      left join lateral (select array_agg(type || '/' || id) as touched from (
        select distinct type, id from feed
        where incarnation = $1 and position > $2 and position <= h.position and type = any($3) limit %s) as found) t on true""";
  static final int MOST_TOUCHED = 10_000;
  private static final Map<String, Change.Op> OPS = Map.of("C", Change.Op.CREATE, "U", Change.Op.UPDATE, "D",
      Change.Op.DELETE);

  private final Database database;

  /**
   * A place in the feed: everything up to and with {@code position} has been seen.
   *
   * @param mark of that position; null only at position 0
   */
  public record Cursor(int incarnation, long position, UUID mark) {
    public Cursor {
      if (position > 0 && mark == null) throw new IllegalArgumentException("a cursor needs the mark of its position");
    }
  }

  /** What reading gives. */
  public sealed interface Answer {}

  /** @param next the cursor behind these; the same as before when there are none */
  public record Changes(List<Change> changes, Cursor next) implements Answer {}

  /**
   * The feed no longer leads on from this cursor: the database was restored, or the feed was pruned while nobody had registered this cursor.
   *
   * @param start take everything in the store anew, then go on from here
   */
  public record Lost(Cursor start) implements Answer {}

  public ChangeFeed(Database database) {
    this.database = database;
  }

  /** The end of the feed as it is now. */
  public Future<Cursor> head(Caller caller) {
    return ask(HEAD, Tuple.tuple()).map(rows -> cursor(rows.iterator().next()));
  }

  /** The listener's durable cursor; one that is new begins at the end of the feed. From now on nothing behind its cursor is pruned. */
  public Future<Cursor> register(Caller caller, String name) {
    return head(caller).compose(head -> ask(REGISTER, Tuple.of(name, head.incarnation(), head.position(), head.mark())))
        .compose(there -> ask(CURSOR, Tuple.of(name)))
        .map(rows -> cursor(rows.iterator().next()));
  }

  /** Keeps how far this listener has come. A name that is not registered stays so. */
  public Future<Void> commit(Caller caller, String name, Cursor cursor) {
    return ask(COMMIT, Tuple.of(name, cursor.incarnation(), cursor.position(), cursor.mark())).mapEmpty();
  }

  /** The listener is no more; the feed no longer waits for it. */
  public Future<Void> forget(Caller caller, String name) {
    return ask(FORGET, Tuple.of(name)).mapEmpty();
  }

  /** At most {@code max} changes behind the cursor. */
  public Future<Answer> read(Caller caller, Cursor cursor, int max) {
    return ask(READ, Tuple.of(cursor.incarnation(), cursor.position(), (long) max))
        .compose(rows -> answer(caller, cursor, rows));
  }

  /**
   * What a listener needs that only has to know what is out of date.
   *
   * @param references {@code Type/id} of what has changed, each once; null: anything may have
   * @param head       the end of the feed, from where to ask on
   */
  public record Touched(Set<String> references, Cursor head) {}

  /**
   * Which resources of these types have changed behind this cursor. Nothing is registered: who asks less than once a minute may be told that anything may
   * have, since what was between is pruned.
   */
  public Future<Touched> touched(Caller caller, Cursor since, Set<String> types) {
    Tuple values = Tuple.of(since.incarnation(), since.position(), types.toArray(String[]::new),
        since.mark());
    return ask(TOUCHED.formatted(MOST_TOUCHED + 1), values).map(rows -> {
      Row row = rows.iterator().next();
      Cursor head = cursor(row);
      Set<String> references = Set.of(row.getArrayOfStrings("touched"));
      boolean on = head.incarnation() == since.incarnation() && row.getBoolean("whole");
      return new Touched(on && references.size() <= MOST_TOUCHED ? references : null, head);
    });
  }

  private Future<Answer> answer(Caller caller, Cursor cursor, RowSet<Row> rows) {
    Row head = rows.iterator().next();
    int current = head.getInteger("current");
    long first = head.getLong("first");
    boolean pruned = cursor.position() == 0 ? first > 1 : cursor.position() < first;
    if (cursor.incarnation() < current || cursor.incarnation() == current && pruned) return lost(caller);
    boolean known = cursor.position() == 0 || cursor.mark().equals(head.getUUID("mark"));
    boolean same = cursor.incarnation() == current && known;
    return same ? Future.succeededFuture(changes(cursor, rows)) : raise(caller, cursor, current);
  }

  private static Changes changes(Cursor cursor, RowSet<Row> rows) {
    List<Change> changes = new ArrayList<>();
    for (Row row : rows) {
      if (row.getLong("position") != null && row.getLong("position") > cursor.position()) changes.add(change(row));
    }
    if (changes.isEmpty()) return new Changes(changes, cursor);
    Change last = changes.get(changes.size() - 1);
    return new Changes(changes, new Cursor(cursor.incarnation(), last.position(), last.mark()));
  }

  private static Change change(Row row) {
    return new Change(row.getLong("position"), row.getUUID("mark"), row.getString("type"), row.getString("id"),
        row.getInteger("ver"),
        OPS.get(row.getString("op")), row.getOffsetDateTime("at").toInstant());
  }

  private Future<Answer> raise(Caller caller, Cursor cursor, int current) {
    return ask(RAISE, Tuple.of(cursor.incarnation(), current)).compose(raised -> {
      log.error(
          "the database went back behind a listener, every listener starts anew subject={} incarnation={} position={}",
          caller.subject(),
          cursor.incarnation(), cursor.position());
      return lost(caller);
    });
  }

  private Future<Answer> lost(Caller caller) {
    return head(caller).map(Lost::new);
  }

  private static Cursor cursor(Row row) {
    return new Cursor(row.getInteger("incarnation"), row.getLong("position"), row.getUUID("mark"));
  }

  /** How many rows are gone; bounded, so call it again while it gives much. */
  Future<Integer> prune() {
    return ask(PRUNE, Tuple.of(MOST_PRUNED)).map(RowSet::rowCount);
  }

  private Future<RowSet<Row>> ask(String sql, Tuple values) {
    return database.ask(sql, values).recover(Failures::recover);
  }
}
