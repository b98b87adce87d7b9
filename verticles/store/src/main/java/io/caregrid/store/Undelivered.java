package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What targets were not told of and never will be, unless somebody says so: the dead letters of {@link Deliveries}. A letter is an address, as what waits is.
 *
 * <p>Replaying puts a letter back among what waits, at the place in the order that it had: before whatever of its resource still waits. While it is done no end of
 * a sending is kept, so that of each resource only the oldest row is due afterwards, too. What was told meanwhile stays told: a letter that is told again is old
 * news, and says its version.
 */
public final class Undelivered {
  /** Told again at a time. */
  public static final int MOST = 1_000;
  private static final Pattern KEY = Pattern.compile("(\\d{1,9})-(\\d{1,18})");
  private static final Pattern MARK = Pattern.compile("(\\d{1,17})-" + KEY);

  private static final String PAGE = """
      select incarnation, position, type, id, ver, op, at, tries, error, died from tell_dead
      where target = $1 and died <= coalesce($3::timestamptz, 'infinity')
        and (died < coalesce($3::timestamptz, 'infinity') or (incarnation, position) > ($4::int, $5::bigint))
      order by died desc, incarnation, position limit $2""";
  private static final String NOW = "select now() as now, exists (select from tell_target where name = $1) as known";
  /** No end of a sending is kept meanwhile ({@link Deliveries}). */
  private static final String ALONE = "select term from tell_teller for no key update";
  private static final String GONE = """
      with gone as (
        delete from tell_dead where (target, incarnation, position) in (
          select target, incarnation, position from tell_dead
          where target = $1 and died <= coalesce($2::timestamptz, 'infinity') and ($4::int is null or incarnation = $4 and position = $5::bigint)
          order by incarnation, position limit $3)
        returning incarnation, position, type, id, ver, op, at, bare),""";
  /** As it was. */
  private static final String AGAIN = GONE + """
      again as (
        insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare)
        select $1, incarnation, position, type, id, ver, op, at, bare from gone on conflict do nothing)
      select type, id from gone order by incarnation, position""";
  /**
   * Each Observation once, as it is now, unless it waits anyway; its filter is asked when it is sent. One that was deleted since only where deletions are
   * told: its letter has a version that would make it anew there.
   */
  private static final String AS_IT_IS = GONE + """
      first as (select distinct on (type, id) * from gone order by type, id, incarnation, position),
      again as (
        insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare)
        select $1, f.incarnation, f.position, f.type, f.id, coalesce(r.ver, f.ver),
          case when r.id is null then f.op when r.del then 'D' else 'U' end, coalesce(r.upd, f.at), false
        from first f left join r_observation r on f.type = 'Observation' and r.id = f.id
        where (r.id is null or not r.del or $6)
          and not exists (select from tell_delivery d where d.target = $1 and d.type = f.type and d.id = f.id)
        on conflict do nothing)
      select type, id from gone order by incarnation, position""";
  /** What comes behind another one waits for it again. */
  private static final String BEHIND = """
      update tell_delivery d set due = null from (select distinct * from unnest($2::text[], $3::text[]) as w(type, id)) w
      where d.target = $1 and d.type = w.type and d.id = w.id and d.due is not null and exists (
        select from tell_delivery o where o.target = d.target and o.type = d.type and o.id = d.id
          and (o.incarnation, o.position) < (d.incarnation, d.position))""";

  private final Database database;

  public Undelivered(Database database) {
    this.database = database;
  }

  /** @param key of the change; @param at when it happened; @param died when it was given up */
  public record Letter(String key, String type, String id, int version, String op, Instant at, int tries, String error,
      Instant died) {
    /** For the page behind it. */
    public String mark() {
      return ChronoUnit.MICROS.between(Instant.EPOCH, died) + "-" + key;
    }
  }

  /**
   * How the resources of a target are told again.
   *
   * @param asTheyAre as they are now, each once, and what was deleted since not at all; else each letter as it was
   * @param deletes   where that is so, whether the target hears of deletions, so that what was deleted since is told as that
   */
  public record Way(boolean asTheyAre, boolean deletes) {}

  /** @param resources {@code Type/id}, each once, of the letters that wait now; @param more there are others */
  public record Replayed(int letters, List<String> resources, boolean more) {}

  /** The newest ones first. @param after {@link Letter#mark}, null: from the beginning. Invalid 400 */
  public Future<List<Letter>> page(Caller caller, String target, int most, String after) {
    Tuple place = Tuple.of(target, (long) most);
    if (after == null) place.addValue((OffsetDateTime) null).addValue(-1).addValue(-1L);
    else if (!mark(after, place)) return Future.failedFuture(new Failure.Invalid("_after is what an answer said"));
    return ask(PAGE, place).map(rows -> {
      List<Letter> letters = new ArrayList<>();
      for (Row row : rows)
        letters.add(new Letter(row.getInteger("incarnation") + "-" + row.getLong("position"), row.getString("type"),
            row.getString("id"), row.getInteger("ver"), row.getString("op"), row.getOffsetDateTime("at").toInstant(),
            row.getInteger("tries"), row.getString("error"), row.getOffsetDateTime("died").toInstant()));
      return letters;
    });
  }

  private static boolean mark(String after, Tuple place) {
    Matcher parts = MARK.matcher(after);
    if (!parts.matches()) return false;
    Instant died = Instant.EPOCH.plus(Long.parseLong(parts.group(1)), ChronoUnit.MICROS);
    place.addValue(died.atOffset(ZoneOffset.UTC))
        .addValue(Integer.parseInt(parts.group(2)))
        .addValue(Long.parseLong(parts.group(3)));
    return true;
  }

  /** The database's time, so that what dies again is not told again by the same call. NotFound 404. */
  public Future<Instant> now(Caller caller, String target) {
    return ask(NOW, Tuple.of(target)).map(rows -> {
      Row row = rows.iterator().next();
      if (!row.getBoolean("known")) throw new Failure.NotFound("There is no such target");
      return row.getOffsetDateTime("now").toInstant();
    });
  }

  /** The one letter of this {@link Letter#key key} waits again. NotFound 404. */
  public Future<Replayed> replay(Caller caller, String target, Way way, String key) {
    Matcher parts = KEY.matcher(key);
    Future<Replayed> none = Future.failedFuture(new Failure.NotFound("There is no such dead letter"));
    if (!parts.matches()) return none;
    Tuple which = Tuple.tuple()
        .addValue(target)
        .addValue((OffsetDateTime) null)
        .addValue(1L)
        .addValue(Integer.parseInt(parts.group(1)))
        .addValue(Long.parseLong(parts.group(2)));
    return replay(way, target, which).compose(done -> done.letters() == 0 ? none : Future.succeededFuture(done));
  }

  /** The oldest {@link #MOST} of those that were given up by then. */
  public Future<Replayed> replay(Caller caller, String target, Way way, Instant until) {
    return replay(way, target, Tuple.of(target, until.atOffset(ZoneOffset.UTC), (long) MOST)
        .addValue((Integer) null)
        .addValue((Long) null));
  }

  private Future<Replayed> replay(Way way, String target, Tuple which) {
    if (way.asTheyAre()) which.addValue(way.deletes());
    return FhirStore.answer(() -> database.transaction(connection -> run(connection, ALONE, Tuple.tuple())
        .compose(alone -> run(connection, way.asTheyAre() ? AS_IT_IS : AGAIN, which))
        .compose(gone -> {
          List<Row> rows = new ArrayList<>();
          gone.forEach(rows::add);
          List<String> resources = rows.stream()
              .map(row -> row.getString("type") + "/" + row.getString("id"))
              .distinct()
              .toList();
          Tuple what = Tuple.of(target)
              .addValue(Deliveries.texts(rows, row -> row.getString("type")))
              .addValue(Deliveries.texts(rows, row -> row.getString("id")));
          Replayed replayed = new Replayed(rows.size(), resources, rows.size() == MOST);
          if (rows.isEmpty()) return Future.succeededFuture(replayed);
          return run(connection, BEHIND, what)
              .compose(done -> Deliveries.heads(connection, target, gone))
              .map(replayed);
        })));
  }

  private Future<RowSet<Row>> ask(String sql, Tuple values) {
    return database.ask(sql, values).recover(Failures::recover);
  }

  private static Future<RowSet<Row>> run(SqlConnection connection, String sql, Tuple values) {
    return connection.preparedQuery(sql).execute(values);
  }
}
