package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.store.ChangeFeed.Cursor;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Which target has still to be told of which change, and how it is with each. Rows are written in the transaction that moves the listener's cursor, so nothing
 * is lost in between, and the feed can be pruned however long a target is away.
 *
 * <p>One node tells, in a term of its own ({@link #begin}). What an earlier one still wants to write fails with Conflict 409: a teller that was frozen and wakes
 * up changes nothing. Of each resource only the oldest row is ever {@link #due}.
 */
public final class Deliveries {
  /** Name of the listener of the change feed. */
  public static final String LISTENER = "tell";
  /** Resource type of the news that a target has to synchronise anew. */
  public static final String EVERYTHING = "*";
  private static final Duration DEAD_KEPT = Duration.ofDays(30);
  /** So many dead letters are made at a time. */
  public static final int BURIED = 2_000;
  /** More are not counted. */
  public static final int COUNTED = 100_000;

  /** So many of what was there before a target are enrolled at a time, unless ten times as many wait. */
  public static final int FILLED = 500;
  private static final int FULL = 10 * FILLED;
  /** The same with those that have failed and are tried again, such as those of a Patient whom the target does not know. */
  private static final int OVERFULL = 100 * FILLED;

  private static final String BEGIN = "update tell_teller set term = term + 1, seen = now() returning term";
  private static final String IN_TERM = "select term from tell_teller where term = $1 for no key update";
  private static final String SEEN = "update tell_teller set seen = now()";
  private static final String KNOW = """
      insert into tell_target (name) select unnest($1::text[]) on conflict (name) do update set seen = now()""";
  private static final String KNOW_FROM_START = """
      insert into tell_target (name, filled) select name, '' from unnest($1::text[]) as name on conflict do nothing""";
  private static final String FILL_ANEW = "update tell_target set filled = '' where name = any($1::text[])";
  /** By id, as far as there is room: what is tried again only now and then keeps nobody else out. */
  private static final String FILL = """
      with place as (
        select filled from tell_target where name = $1 and filled is not null
          and (select count(*) < $5 and count(*) filter (where failed is null) < $3
               from (select failed from tell_delivery where target = $1 limit $5) waiting)),
      found as (
        select r.sid, r.id, r.ver, r.upd from place, lateral (
          select sid, id, ver, upd from r_@ where id > place.filled and not del order by id limit $2) r),
      moved as (
        update tell_target t set filled = case when (select count(*) from found) = $2 then (select max(id) from found) end
        from place where t.name = $1),
      enrolled as (
        insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare, due)
        select $1, 0, f.sid, $4, f.id, f.ver, 'U', f.upd, false, now() from found f
        where not exists (select from tell_delivery d where d.target = $1 and d.type = $4 and d.id = f.id)
        on conflict do nothing)
      select count(*) as found from found""";
  private static final String KNOW_RULES = """
      insert into tell_rule (name) select unnest($1::text[]) on conflict (name) do update set seen = now()""";
  /** Those that no node was configured with for so long, and what they remember. */
  private static final String FORGET_RULES = """
      with gone as (delete from tell_rule where name <> all($1::text[]) and seen < now() - $2 * interval '1 millisecond' returning name)
      delete from tell_found where rule in (select name from gone)""";
  /** Those that no node was configured with for so long, and everything of theirs. */
  private static final String FORGET_TARGETS = """
      with gone as (delete from tell_target where name <> all($1::text[]) and seen < now() - $2 * interval '1 millisecond' returning name),
      letters as (delete from tell_dead where target in (select name from gone))
      delete from tell_delivery where target in (select name from gone)""";
  private static final String FORGET_DEAD = "delete from tell_dead where died < now() - $1 * interval '1 millisecond'";
  private static final String LEAVE = """
      with left_long_ago as (select from tell_teller where seen < now() - $1 * interval '1 millisecond'),
      rows as (delete from tell_delivery where exists (select from left_long_ago)),
      found as (delete from tell_found where exists (select from left_long_ago)),
      letters as (delete from tell_dead where died < now() - $3 * interval '1 millisecond')
      delete from feed_listener where name = $2 and exists (select from left_long_ago)""";
  private static final String MOVE = """
      update feed_listener set incarnation = $2, position = $3, mark = $4
      where name = $1 and (incarnation, position) = ($5, $6)""";
  private static final String ENROL = """
      insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare, wait)
      select w.target, $1, w.position, w.type, w.id, w.ver, w.op, w.at, w.bare, w.wait
      from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::int[], $7::text[], $8::timestamptz[], $9::boolean[], $10::int[])
        as w(target, position, type, id, ver, op, at, bare, wait)
      on conflict do nothing""";
  /** A row that was not tried yet says what is newest. One that is being sent at this moment stays when that ends, since its version is another by then. */
  private static final String NEWER = """
      update tell_delivery d set ver = w.ver, op = w.op, at = w.at, bare = w.bare
      from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::timestamptz[], $7::boolean[])
        as w(target, type, id, ver, op, at, bare)
      where d.target = w.target and d.type = w.type and d.id = w.id and (d.due is null or d.due > now() and d.tries = 0)
      returning d.target, d.type, d.id""";
  /** The oldest row of each of these resources is due, unless it has its time already. */
  private static final String HEADS = """
      update tell_delivery d set due = greatest(now(), d.enrolled + d.wait * interval '1 millisecond') from (
        select distinct on (n.target, n.type, n.id) n.target, n.incarnation, n.position
        from (select distinct * from unnest($1::text[], $2::text[], $3::text[]) as w(target, type, id)) w
        join tell_delivery n on n.target = w.target and n.type = w.type and n.id = w.id
        order by n.target, n.type, n.id, n.incarnation, n.position) first
      where d.target = first.target and d.incarnation = first.incarnation and d.position = first.position and d.due is null""";
  private static final String UNFIT = """
      update tell_target t set unfit = t.unfit + w.n from unnest($1::text[], $2::bigint[]) as w(name, n) where t.name = w.name""";
  private static final String JUDGED = """
      update tell_rule r set found = r.found + w.found, errors = r.errors + w.errors,
        error = coalesce(w.error, r.error), errored = case when w.error is null then r.errored else now() end
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) as w(name, found, errors, error) where r.name = w.name""";
  private static final String FITS = """
      insert into tell_found (rule, type, id, ver) select * from unnest($1::text[], $2::text[], $3::text[], $4::int[])
      on conflict (rule, type, id) do update set ver = excluded.ver""";
  private static final String FITS_NOT = """
      delete from tell_found f using unnest($1::text[], $2::text[], $3::text[]) as w(rule, type, id)
      where f.rule = w.rule and f.type = w.type and f.id = w.id""";
  private static final String FOUND = """
      select f.rule, f.type, f.id, f.ver from (select distinct * from unnest($1::text[], $2::text[]) as w(type, id)) w
      cross join unnest($3::text[]) as r(rule) join tell_found f on f.rule = r.rule and f.type = w.type and f.id = w.id""";

  private static final String DUE = """
      select incarnation, position, type, id, ver, op, at, bare, tries, failed, enrolled
      from tell_delivery where target = $1 and due <= now() order by due, incarnation, position limit $2""";
  /** For one that fails, when it is tried again: whatever is due first, be it not due yet. */
  private static final String PROBE = """
      select incarnation, position, type, id, ver, op, at, bare, tries, failed, enrolled
      from tell_delivery where target = $1 and due is not null order by due, incarnation, position limit 1""";
  private static final String TOLD = """
      delete from tell_delivery d using unnest($2::int[], $3::bigint[], $4::int[]) as w(incarnation, position, ver)
      where d.target = $1 and d.incarnation = w.incarnation and d.position = w.position and d.ver = w.ver returning d.type, d.id""";
  private static final String DIED = """
      with gone as (
        delete from tell_delivery d using unnest($2::int[], $3::bigint[], $4::int[], $5::text[]) as w(incarnation, position, ver, error)
        where d.target = $1 and d.incarnation = w.incarnation and d.position = w.position and d.ver = w.ver
        returning d.incarnation, d.position, d.type, d.id, d.ver, d.op, d.at, d.bare, d.tries + 1 as tries, w.error),
      kept as (
        insert into tell_dead (target, incarnation, position, type, id, ver, op, at, bare, tries, error)
        select $1, incarnation, position, type, id, ver, op, at, bare, tries, error from gone on conflict do nothing)
      select type, id from gone""";
  /** Unless something older of its resource waits by now, having been {@link Undelivered given up} before: then it has no time of its own any more. */
  private static final String AGAIN = """
      update tell_delivery d set tries = tries + 1, failed = coalesce(failed, now()), error = w.error,
        due = case when not exists (
          select from tell_delivery o where o.target = d.target and o.type = d.type and o.id = d.id
            and (o.incarnation, o.position) < (d.incarnation, d.position)) then now() + w.millis * interval '1 millisecond' end
      from unnest($2::int[], $3::bigint[], $4::int[], $5::float8[], $6::text[]) as w(incarnation, position, ver, millis, error)
      where d.target = $1 and d.incarnation = w.incarnation and d.position = w.position and d.ver = w.ver""";
  private static final String STATE = """
      update tell_target set failures = $2, failing = case when $3 then coalesce(failing, now()) end,
        pause = case when $3 then now() + $4 * interval '1 millisecond' end,
        answered = case when $8 then now() else answered end, status = $5, error = coalesce($6, error), sent = sent + $7 where name = $1""";
  /** Of those that wait longest, who have waited too long. */
  private static final String TOO_LONG = """
      select incarnation, position, ver, error from (
        select incarnation, position, ver, enrolled, error from tell_delivery where target = $1 order by incarnation, position limit $3) first
      where enrolled < now() - $2 * interval '1 millisecond'""";
  private static final String NOW = """
      with woken as (update tell_target set pause = null where name = $1 returning name)
      update tell_delivery set due = now(), tries = 0 where target in (select name from woken) and due is not null""";
  private static final String IS_TARGET = "select name from tell_target where name = $1";
  private static final String TARGETS = """
      select t.*, coalesce(w.waiting, 0) as waiting, o.oldest, coalesce(d.dead, 0) as dead,
        (extract(epoch from t.pause - now()) * 1000)::float8 as pause_millis
      from tell_target t left join lateral (
        select count(*) as waiting from (select from tell_delivery where target = t.name limit $1) counted) w on true left join lateral (
        select enrolled as oldest from tell_delivery where target = t.name order by incarnation, position limit 1) o on true left join lateral (
        select count(*) as dead from (select from tell_dead where target = t.name limit $1) counted) d on true
      order by t.name""";
  private static final String STATES = """
      select t.*, 0::bigint as waiting, null::timestamptz as oldest, 0::bigint as dead,
        (extract(epoch from t.pause - now()) * 1000)::float8 as pause_millis
      from tell_target t""";
  private static final String RULES = "select * from tell_rule order by name";
  private static final String FAILING = "select count(*) as failing from tell_target where failing is not null and name = any($1::text[])";
  private static final Map<String, Change.Op> OPS = Map.of("C", Change.Op.CREATE, "U", Change.Op.UPDATE, "D",
      Change.Op.DELETE);

  private final Database database;

  public Deliveries(Database database) {
    this.database = database;
  }

  /** @param op null: synchronise anew */
  public record News(String target, long position, String type, String id, int version, Change.Op op, Instant at,
      boolean bare) {
    public static News of(String target, Change change, boolean bare) {
      return new News(target, change.position(), change.type(), change.id(), change.version(), change.op(), change.at(),
          bare);
    }

    /** That a target cannot be told everything that happened before there. */
    public static News anew(String target, Cursor start, Instant now) {
      return new News(target, start.position(), EVERYTHING, EVERYTHING, 0, null, now, true);
    }
  }

  /** What fits a rule since a version; version 0: it does no longer. */
  public record Fit(String rule, String type, String id, int version) {}

  /** What a rule did in one pass. @param error the last one, null when there was none; without a value of a resource */
  public record Judged(String rule, long found, long errors, String error) {}

  /** What one pass of the feed came to. @param unfit target → changes on which its filter failed */
  public record Pass(List<News> news, List<Fit> fits, List<Judged> judged, Map<String, Long> unfit) {}

  /**
   * One change that one target has to be told of.
   *
   * @param op       null: synchronise anew
   * @param bare     nothing of the resource may be sent with it
   * @param tries    that failed
   * @param failed   when the first one did, null when none has
   * @param enrolled since when it waits
   */
  public record Delivery(int incarnation, long position, String type, String id, int version, Change.Op op, Instant at,
      boolean bare, int tries, Instant failed, Instant enrolled) {
    /** The same however often it is sent. */
    public String key() {
      return incarnation + "-" + position;
    }
  }

  /** How sending one ended. @param again null: it is a dead letter; @param error null: it was told; @param isHeard something was sent, which may count */
  public record Ended(Delivery delivery, Duration again, String error, boolean isHeard) {
    public Ended(Delivery delivery, Duration again, String error) {
      this(delivery, again, error, true);
    }

    /** There was nothing to tell. */
    public static Ended ofNothing(Delivery delivery) {
      return new Ended(delivery, null, null, false);
    }

    public boolean isTold() {
      return error == null;
    }
  }

  /** How a target is after that. @param error the last one, null when all was taken */
  public record Health(int failures, boolean failing, Duration pause, int status, String error) {}

  /** @param pause nothing is tried before it is over, zero when nothing has to wait; @param filling some of what was there before it is not enrolled yet */
  public record State(String name, int failures, Instant failing, Duration pause, Instant answered, Integer status,
      String error, long sent, long unfit, long waiting, Instant oldest, long dead, boolean filling) {}

  public record RuleState(String name, long found, long errors, String error, Instant errored) {}

  /** Takes over. @return the term, for everything that this teller writes */
  public Future<Integer> begin(Caller caller, Collection<String> targets, Collection<String> rules) {
    return begin(caller, targets, rules, List.of());
  }

  /** @param fromStart those that, when they are new, are told of everything that is there already ({@link #fill}) */
  public Future<Integer> begin(Caller caller, Collection<String> targets, Collection<String> rules,
      Collection<String> fromStart) {
    return transaction(connection -> run(connection, BEGIN, Tuple.tuple())
        .compose(term -> run(connection, KNOW_FROM_START, names(fromStart))
            .compose(done -> run(connection, KNOW, names(targets)))
            .compose(done -> run(connection, KNOW_RULES, names(rules)))
            .map(done -> term.iterator().next().getInteger("term"))));
  }

  /** To be done now and then: what was configured once and is not any more goes after {@code keep}, dead letters after a month. */
  public Future<Void> tidy(Caller caller, Collection<String> targets, Collection<String> rules, Duration keep) {
    return ask(SEEN, Tuple.tuple())
        .compose(done -> ask(KNOW, names(targets)))
        .compose(done -> ask(KNOW_RULES, names(rules)))
        .compose(done -> ask(FORGET_RULES, names(rules).addValue(millis(keep))))
        .compose(done -> ask(FORGET_TARGETS, names(targets).addValue(millis(keep))))
        .compose(done -> ask(FORGET_DEAD, Tuple.of(millis(DEAD_KEPT))))
        .mapEmpty();
  }

  /** Where nobody is to be told: when no node has told anything for {@code keep}, the feed no longer waits for a teller. To be done now and then; dead letters go after a month. */
  public Future<Void> leave(Caller caller, Duration keep) {
    return ask(LEAVE, Tuple.of(millis(keep), LISTENER, millis(DEAD_KEPT))).mapEmpty();
  }

  /**
   * Of what was there before a target, the next {@link #FILLED} resources of a type, as if they had changed: before every change of theirs. To be done now and
   * then. @return how many; fewer when nothing is left, or too much waits. Conflict 409: somebody else tells
   */
  public Future<Integer> fill(Caller caller, int term, String target, String type) {
    String sql = FILL.replace("@", type.toLowerCase(Locale.ROOT));
    return inTerm(term,
        connection -> run(connection, sql, Tuple.of(target, (long) FILLED, (long) FULL, type, (long) OVERFULL))
            .map(rows -> rows.iterator().next().getLong("found").intValue()));
  }

  /** Changes were lost to these: they are told of everything that is there. */
  public Future<Void> fillAnew(Caller caller, int term, Collection<String> targets) {
    if (targets.isEmpty()) return Future.succeededFuture();
    return inTerm(term, connection -> run(connection, FILL_ANEW, names(targets)).mapEmpty());
  }

  /** Writes what a pass came to and moves the cursor, or nothing. Conflict 409: somebody else tells, or the cursor is no longer there. */
  public Future<Void> enrol(Caller caller, int term, Cursor from, Cursor to, Pass pass) {
    return enrol(caller, term, from, to, pass, Map.of());
  }

  /**
   * The same. @param gathering target → how long a change waits for the next one of its resource; such a target is told how the resource is then, not of each
   * change
   */
  public Future<Void> enrol(Caller caller, int term, Cursor from, Cursor to, Pass pass,
      Map<String, Duration> gathering) {
    return inTerm(term, connection -> run(connection, MOVE,
        Tuple.of(LISTENER, to.incarnation(), to.position(), to.mark(), from.incarnation(), from.position()))
        .compose(moved -> moved.rowCount() == 1 ? Future.succeededFuture() : Future.failedFuture(overtaken()))
        .compose(ours -> gathered(connection, pass.news(), gathering))
        .compose(news -> news(connection, to.incarnation(), news, gathering))
        .compose(done -> judged(connection, pass))
        .mapEmpty());
  }

  private record Resource(String target, String type, String id) {}

  /** Without what a row that waits anyway says now. */
  private static Future<List<News>> gathered(SqlConnection connection, List<News> news,
      Map<String, Duration> gathering) {
    Map<Resource, News> last = new LinkedHashMap<>();
    List<News> rest = new ArrayList<>();
    for (News one : news) {
      if (one.op() == null || !gathering.containsKey(one.target())) rest.add(one);
      else last.put(new Resource(one.target(), one.type(), one.id()), one);
    }
    if (last.isEmpty()) return Future.succeededFuture(news);
    List<News> newest = List.copyOf(last.values());
    return run(connection, NEWER, resources(newest)
        .addValue(newest.stream().map(News::version).toArray(Integer[]::new))
        .addValue(texts(newest, Deliveries::op))
        .addValue(newest.stream().map(one -> one.at().atOffset(ZoneOffset.UTC)).toArray(OffsetDateTime[]::new))
        .addValue(newest.stream().map(News::bare).toArray(Boolean[]::new))).map(rows -> {
          for (Row row : rows)
            last.remove(new Resource(row.getString("target"), row.getString("type"), row.getString("id")));
          rest.addAll(last.values());
          return rest;
        });
  }

  private static String op(News one) {
    return one.op() == null ? "X" : one.op().name().substring(0, 1);
  }

  private static Tuple resources(List<News> news) {
    return Tuple.tuple()
        .addValue(texts(news, News::target))
        .addValue(texts(news, News::type))
        .addValue(texts(news, News::id));
  }

  private static Future<?> news(SqlConnection connection, int incarnation, List<News> news,
      Map<String, Duration> gathering) {
    if (news.isEmpty()) return Future.succeededFuture();
    Tuple rows = Tuple.of(incarnation)
        .addValue(texts(news, News::target))
        .addValue(news.stream().map(News::position).toArray(Long[]::new))
        .addValue(texts(news, News::type))
        .addValue(texts(news, News::id))
        .addValue(news.stream().map(News::version).toArray(Integer[]::new))
        .addValue(texts(news, Deliveries::op))
        .addValue(news.stream().map(one -> one.at().atOffset(ZoneOffset.UTC)).toArray(OffsetDateTime[]::new))
        .addValue(news.stream().map(News::bare).toArray(Boolean[]::new))
        .addValue(news.stream().map(one -> wait(one, gathering)).toArray(Integer[]::new));
    return run(connection, ENROL, rows).compose(done -> run(connection, HEADS, resources(news)));
  }

  private static Integer wait(News one, Map<String, Duration> gathering) {
    return one.op() == null ? 0 : (int) gathering.getOrDefault(one.target(), Duration.ZERO).toMillis();
  }

  private static Future<?> judged(SqlConnection connection, Pass pass) {
    List<Fit> fits = pass.fits().stream().filter(fit -> fit.version() > 0).toList();
    List<Fit> not = pass.fits().stream().filter(fit -> fit.version() == 0).toList();
    List<String> unfit = List.copyOf(pass.unfit().keySet());
    Future<?> done = Future.succeededFuture();
    if (!pass.judged().isEmpty())
      done = done.compose(next -> run(connection, JUDGED, Tuple.tuple()
          .addValue(texts(pass.judged(), Judged::rule))
          .addValue(pass.judged().stream().map(Judged::found).toArray(Long[]::new))
          .addValue(pass.judged().stream().map(Judged::errors).toArray(Long[]::new))
          .addValue(texts(pass.judged(), Judged::error))));
    if (!fits.isEmpty())
      done = done.compose(next -> run(connection, FITS,
          rulesOf(fits).addValue(fits.stream().map(Fit::version).toArray(Integer[]::new))));
    if (!not.isEmpty()) done = done.compose(next -> run(connection, FITS_NOT, rulesOf(not)));
    if (!unfit.isEmpty())
      done = done.compose(next -> run(connection, UNFIT, names(unfit)
          .addValue(unfit.stream().map(pass.unfit()::get).toArray(Long[]::new))));
    return done;
  }

  private static Tuple rulesOf(List<Fit> fits) {
    return Tuple.tuple()
        .addValue(texts(fits, Fit::rule))
        .addValue(texts(fits, Fit::type))
        .addValue(texts(fits, Fit::id));
  }

  /** What of these resources fits which rule since when, as it is kept. */
  public Future<List<Fit>> fits(Caller caller, Collection<Change> changes, Collection<String> rules) {
    if (changes.isEmpty() || rules.isEmpty()) return Future.succeededFuture(List.of());
    List<Change> all = List.copyOf(changes);
    Tuple values = Tuple.tuple()
        .addValue(texts(all, Change::type))
        .addValue(texts(all, Change::id))
        .addValue(rules.toArray(String[]::new));
    return ask(FOUND, values).map(rows -> {
      List<Fit> fits = new ArrayList<>();
      for (Row row : rows)
        fits.add(new Fit(row.getString("rule"), row.getString("type"), row.getString("id"), row.getInteger("ver")));
      return fits;
    });
  }

  /** What may be sent now, of each resource one at most. */
  public Future<List<Delivery>> due(Caller caller, String target, int most) {
    return ask(DUE, Tuple.of(target, (long) most)).map(Deliveries::deliveries);
  }

  /** The one to try a failing target with. */
  public Future<List<Delivery>> probe(Caller caller, String target) {
    return ask(PROBE, Tuple.of(target)).map(Deliveries::deliveries);
  }

  private static List<Delivery> deliveries(RowSet<Row> rows) {
    List<Delivery> deliveries = new ArrayList<>();
    for (Row row : rows)
      deliveries.add(new Delivery(row.getInteger("incarnation"), row.getLong("position"), row.getString("type"),
          row.getString("id"), row.getInteger("ver"), OPS.get(row.getString("op")), instant(row, "at"),
          row.getBoolean("bare"), row.getInteger("tries"), instant(row, "failed"), instant(row, "enrolled")));
    return deliveries;
  }

  /** Keeps how sending ended: what was told goes, and the next one of its resource is due. Conflict 409: somebody else tells. */
  public Future<Void> settle(Caller caller, int term, String target, List<Ended> ended, Health health) {
    List<Ended> told = ended.stream().filter(Ended::isTold).toList();
    List<Ended> dead = ended.stream().filter(one -> !one.isTold() && one.again() == null).toList();
    List<Ended> again = ended.stream().filter(one -> !one.isTold() && one.again() != null).toList();
    return inTerm(term, connection -> gone(connection, target, TOLD, places(target, told), told.isEmpty())
        .compose(done -> gone(connection, target, DIED,
            places(target, dead).addValue(texts(dead, Ended::error)), dead.isEmpty()))
        .compose(done -> again.isEmpty()
            ? Future.succeededFuture()
            : run(connection, AGAIN, places(target, again)
                .addValue(again.stream().map(one -> millis(one.again())).toArray(Double[]::new))
                .addValue(texts(again, Ended::error))))
        .compose(done -> run(connection, STATE,
            Tuple.of(target, health.failures(), health.failing(), millis(health.pause()), health.status(),
                health.error())
                .addValue(told.stream().filter(Ended::isHeard).count())
                .addValue(ended.stream().anyMatch(Ended::isHeard))))
        .mapEmpty());
  }

  private static Future<?> gone(SqlConnection connection, String target, String sql, Tuple values, boolean none) {
    if (none) return Future.succeededFuture();
    return run(connection, sql, values).compose(rows -> heads(connection, target, rows));
  }

  static Future<?> heads(SqlConnection connection, String target, RowSet<Row> resources) {
    List<Row> rows = new ArrayList<>();
    resources.forEach(rows::add);
    if (rows.isEmpty()) return Future.succeededFuture();
    return run(connection, HEADS, Tuple.tuple()
        .addValue(texts(rows, row -> target))
        .addValue(texts(rows, row -> row.getString("type")))
        .addValue(texts(rows, row -> row.getString("id"))));
  }

  private static Tuple places(String target, List<Ended> ended) {
    return Tuple.of(target)
        .addValue(ended.stream().map(one -> one.delivery().incarnation()).toArray(Integer[]::new))
        .addValue(ended.stream().map(one -> one.delivery().position()).toArray(Long[]::new))
        .addValue(ended.stream().map(one -> one.delivery().version()).toArray(Integer[]::new));
  }

  /** Of a target that fails: what has waited for longer becomes dead letters, some thousands at a time. @return how many */
  public Future<Integer> bury(Caller caller, int term, String target, Duration longest) {
    return inTerm(term, connection -> run(connection, TOO_LONG, Tuple.of(target, millis(longest), (long) BURIED))
        .compose(rows -> {
          List<Row> late = new ArrayList<>();
          rows.forEach(late::add);
          if (late.isEmpty()) return Future.succeededFuture(0);
          Tuple values = Tuple.of(target)
              .addValue(late.stream().map(row -> row.getInteger("incarnation")).toArray(Integer[]::new))
              .addValue(late.stream().map(row -> row.getLong("position")).toArray(Long[]::new))
              .addValue(late.stream().map(row -> row.getInteger("ver")).toArray(Integer[]::new))
              .addValue(texts(late, row -> row.getString("error") == null
                  ? "the target was away for too long"
                  : row.getString("error")));
          return gone(connection, target, DIED, values, false).map(done -> late.size());
        }));
  }

  /** Whatever waits for its next try is due now, and has all its tries again. NotFound 404. */
  public Future<Void> now(Caller caller, String target) {
    return ask(IS_TARGET, Tuple.of(target)).compose(rows -> rows.size() == 0
        ? Future.failedFuture(new Failure.NotFound("There is no such target"))
        : ask(NOW, Tuple.of(target)).mapEmpty());
  }

  /** With what waits and what was given up, up to {@link #COUNTED} of each. */
  public Future<List<State>> targets(Caller caller) {
    return ask(TARGETS, Tuple.of((long) COUNTED)).map(Deliveries::states);
  }

  /** How they are, but for what waits and what was given up: nothing is counted. */
  public Future<List<State>> states(Caller caller) {
    return ask(STATES, Tuple.tuple()).map(Deliveries::states);
  }

  private static List<State> states(RowSet<Row> rows) {
    List<State> states = new ArrayList<>();
    for (Row row : rows) states.add(state(row));
    return states;
  }

  private static State state(Row row) {
    Double pause = row.getDouble("pause_millis");
    return new State(row.getString("name"), row.getInteger("failures"), instant(row, "failing"),
        Duration.ofMillis(pause == null ? 0 : Math.max(0, pause.longValue())), instant(row, "answered"),
        row.getInteger("status"), row.getString("error"), row.getLong("sent"), row.getLong("unfit"),
        row.getLong("waiting"), instant(row, "oldest"), row.getLong("dead"), row.getString("filled") != null);
  }

  public Future<List<RuleState>> rules(Caller caller) {
    return ask(RULES, Tuple.tuple()).map(rows -> {
      List<RuleState> states = new ArrayList<>();
      for (Row row : rows)
        states.add(new RuleState(row.getString("name"), row.getLong("found"), row.getLong("errors"),
            row.getString("error"), instant(row, "errored")));
      return states;
    });
  }

  /** False: one of these fails. */
  public Future<Boolean> areWell(Collection<String> targets) {
    return ask(FAILING, names(targets)).map(rows -> rows.iterator().next().getLong("failing") == 0);
  }

  private <T> Future<T> inTerm(int term, Function<SqlConnection, Future<T>> work) {
    return transaction(connection -> run(connection, IN_TERM, Tuple.of(term))
        .compose(rows -> rows.size() == 1 ? work.apply(connection) : Future.failedFuture(overtaken())));
  }

  private static Failure overtaken() {
    return new Failure.Conflict("Another node tells now");
  }

  private <T> Future<T> transaction(Function<SqlConnection, Future<T>> work) {
    return FhirStore.answer(() -> database.transaction(work));
  }

  private Future<RowSet<Row>> ask(String sql, Tuple values) {
    return database.ask(sql, values).recover(Failures::recover);
  }

  private static Future<RowSet<Row>> run(SqlConnection connection, String sql, Tuple values) {
    return connection.preparedQuery(sql).execute(values);
  }

  private static Tuple names(Collection<String> names) {
    return Tuple.tuple().addValue(names.toArray(String[]::new));
  }

  static <T> String[] texts(List<T> all, Function<T, String> text) {
    return all.stream().map(text).toArray(String[]::new);
  }

  private static double millis(Duration duration) {
    return duration.toMillis();
  }

  private static Instant instant(Row row, String column) {
    OffsetDateTime at = row.getOffsetDateTime(column);
    return at == null ? null : at.toInstant();
  }
}
