package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.caregrid.store.ShardStore.Finding;
import io.caregrid.store.ShardStore.Over;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What rules over measurements found. A row comes in the transaction of the readings that show it, and goes when its resource is written and over: so nothing is
 * lost in between, and writing it again after a crash writes the same.
 *
 * <p>Here too: whom nothing has come of for how long, and when nobody listened, which is not their fault.
 */
public final class Findings {
  /** Devices of one shard at a time: as long as they take its readings wait. */
  private static final int PAGE = 500;
  /** What has ended, and is so again before that was written, goes on. */
  private static final String BEGIN = """
      insert into rule_finding (id, rule, makes, text, severity, device, patient, began)
      select distinct on (n.id) n.* from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
        as n(id, rule, makes, text, severity, device, patient, began)
      where not exists (select 1 from r_device r where r.id = n.device and r.fp = #erased)
        and not exists (select 1 from r_patient r where r.id = n.patient and r.fp = #erased)
        #unless
      order by n.id
      on conflict (id) do update set ended = null, made = false, due = true, tried = now() where rule_finding.ended is not null"""
      .replace("#erased", String.valueOf(Table.ERASED));
  private static final String BEGIN_READ = BEGIN.replace("#unless", "");
  /** Whoever was frozen and wakes up late must not call one silent that has spoken since. */
  private static final String BEGIN_SILENT = BEGIN.replace("#unless",
      "and not exists (select 1 from device_heard h where h.device = n.device and h.type = any($9::text[]) and h.heard > n.began)");
  private static final String END = """
      update rule_finding f set ended = greatest(f.began, n.at), due = true, tried = now() from unnest($1::text[], $2::timestamptz[]) as n(id, at)
      where f.id = n.id and f.ended is null""";
  private static final String DUE = "select * from rule_finding where due and tried <= now() order by tried, id limit $1";
  /** Unless it has ended since it was looked at, or begun again since its end was written: of that one it is known so that its resource has to be looked at. */
  private static final String WRITTEN = """
      with gone as (delete from rule_finding where id = $1 and ended is not null and $2)
      update rule_finding set made = not $2, due = $2, tried = case when $2 then now() else tried end where id = $1 and ended is null""";
  private static final String AGAIN = "update rule_finding set tried = now() + $2 * interval '1 millisecond' where id = $1";
  private static final String LASTING = """
      select f.*, (
        select string_agg(s.state::jsonb ->> f.rule, ' ' order by s.target, s.topic_id, s.epoch, s.shard) from threshold_state s where s.device = f.device) as known
      from rule_finding f where f.ended is null and f.rule = any($1::text[]) and f.id > $2 order by f.id limit $3""";
  /**
   * A limit was passed, nothing has come of it since, and nothing is expected. The shard's row first, as a batch does it: what that one knows of the readings
   * before is never overtaken. When a reading was judged meanwhile, nothing happens.
   */
  private static final String UNHEARD = """
      with held as materialized (
        select p.shard from shard_progress p
        where (p.target, p.topic_id, p.epoch, p.shard) in (select s.target, s.topic_id, s.epoch, s.shard from threshold_state s where s.device = $2)
        order by p.target, p.topic_id, p.epoch, p.shard for update),
      stripped as (
        update threshold_state s set state = (s.state::jsonb - $3::text)::text,
          lasts = exists (select 1 from jsonb_each(s.state::jsonb - $3::text) one where one.value ? 'began')
        where s.device = $2 and (select count(*) from held) >= 0 and strpos($4::text, s.state::jsonb ->> $3::text) > 0 returning 1)
      update rule_finding set ended = greatest(began, now()), due = true, tried = now()
      where id = $1 and ended is null and ($4::text = '' or exists (select 1 from stripped))""";
  /** In one order, so that nobody waits for somebody who does the same the other way round. */
  private static final String COUNT = """
      insert into tell_rule (name, found, errors, error, errored)
      select name, found, errors, error, case when error is not null then now() end
      from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) as w(name, found, errors, error) order by name
      on conflict (name) do update set seen = now(), found = tell_rule.found + excluded.found, errors = tell_rule.errors + excluded.errors,
        error = coalesce(excluded.error, tell_rule.error), errored = coalesce(excluded.errored, tell_rule.errored)""";
  private static final String GONE = """
      <> all($1::text[]) and not exists (select 1 from tell_rule r where r.name = #rule and r.seen > now() - $2 * interval '1 millisecond')""";
  /**
   * Rules that stand in no node's configuration any more; when one comes back, it must not believe that it has found something. As {@link #UNHEARD}, of Devices of one
   * shard: waiting for its batch, and for no other. Gives how many there were; when there are none, nothing is left.
   */
  private static final String END_GONE = """
      with gone as materialized (
        select f.id, f.rule, f.device, (select s.shard from threshold_state s where s.device = f.device order by s.day desc, s.epoch desc limit 1) as shard
        from rule_finding f where f.ended is null and f.rule #gone),
      page as materialized (select * from gone where shard is not distinct from (select min(shard) from gone) order by device limit #page),
      held as materialized (
        select p.shard from shard_progress p
        where (p.target, p.topic_id, p.epoch, p.shard) in (select s.target, s.topic_id, s.epoch, s.shard from threshold_state s join page g on g.device = s.device)
        order by p.target, p.topic_id, p.epoch, p.shard for update),
      stripped as (
        update threshold_state s set state = (s.state::jsonb - m.rules)::text,
          lasts = exists (select 1 from jsonb_each(s.state::jsonb - m.rules) one where one.value ? 'began')
        from (select device, array_agg(rule) as rules from page group by device) m
        where s.device = m.device and (select count(*) from held) >= 0)
      update rule_finding f set ended = greatest(f.began, now()), due = true, tried = now()
      from page g where f.id = g.id and f.ended is null and (select count(*) from held) >= 0"""
      .replace("#gone", GONE.replace("#rule", "f.rule"))
      .replace("#page", String.valueOf(PAGE));
  private static final String KNOWING = "select distinct target, topic_id, epoch, shard from threshold_state order by target, topic_id, epoch, shard";
  /** Before anything is changed of what thresholds know of a shard's Devices: the shard's row, as a batch does it. */
  private static final String HOLD = """
      with held as materialized (
        select p.shard from shard_progress p where p.target = $1 and p.topic_id = $2 and p.epoch = $3 and p.shard = $4 for update),
      """;
  private static final String OF_SHARD = "#t.target = $1 and #t.topic_id = $2 and #t.epoch = $3 and #t.shard = $4";
  /** The same of rules that found nothing: what only waited would go on when the rule comes back, whatever was measured meanwhile. */
  private static final String FORGET_GONE = (HOLD + """
      k as materialized (
        select t.device, array_agg(one.rule) as gone
        from threshold_state t cross join lateral jsonb_object_keys(t.state::jsonb) as one(rule)
        where #t and one.rule #gone
          and not exists (select 1 from rule_finding f where f.rule = one.rule and f.device = t.device and f.ended is null)
        group by t.device order by t.device limit #page)
      update threshold_state s set state = (s.state::jsonb - k.gone)::text,
        lasts = exists (select 1 from jsonb_each(s.state::jsonb - k.gone) one where one.value ? 'began')
      from k where #s and s.device = k.device and (select count(*) from held) >= 0""")
      .replace("#gone", GONE.replace("#rule", "one.rule").replace("$1", "$5").replace("$2", "$6"))
      .replace("#page", String.valueOf(PAGE))
      .replace("#t", OF_SHARD.replace("#t", "t"))
      .replace("#s", OF_SHARD.replace("#t", "s"));
  private static final String IS_ERASED = "exists (select 1 from r_patient r where r.id = one.value ->> 'patient' and r.fp = #erased)";
  /** A Patient's, who was erased while a batch that did not see it wrote of him. */
  private static final String FORGET_ERASED = (HOLD + """
      about as materialized (
        select t.device from threshold_state t
        where #t and exists (select 1 from jsonb_each(t.state::jsonb) one where #is_erased) order by t.device limit #page)
      update threshold_state s set (state, patient, lasts) = (
        select coalesce(jsonb_object_agg(one.key, one.value), '{}')::text,
          coalesce((array_agg(one.value ->> 'patient' order by (one.value ->> 'at')::bigint desc))[1], ''), coalesce(bool_or(one.value ? 'began'), false)
        from jsonb_each(s.state::jsonb) one where not #is_erased)
      from about a where #s and s.device = a.device and (select count(*) from held) >= 0""")
      .replace("#is_erased", IS_ERASED)
      .replace("#erased", String.valueOf(Table.ERASED))
      .replace("#page", String.valueOf(PAGE))
      .replace("#t", OF_SHARD.replace("#t", "t"))
      .replace("#s", OF_SHARD.replace("#t", "s"));
  /** Rows of which nothing is left, and those of Devices that were erased meanwhile. */
  private static final String FORGET_EMPTY = """
      delete from threshold_state where ctid = any (array(
        select s.ctid from threshold_state s where s.patient = '' or exists (select 1 from r_device r where r.id = s.device and r.fp = #erased) for update skip locked))"""
      .replace("#erased", String.valueOf(Table.ERASED));
  private static final String END_ERASED = """
      update rule_finding f set ended = greatest(f.began, now()), due = true, tried = now()
      where f.ended is null and exists (select 1 from r_patient r where r.id = f.patient and r.fp = #erased)"""
      .replace("#erased", String.valueOf(Table.ERASED));
  private static final String FORGET_IDLE = """
      delete from threshold_state where ctid = any (array(
        select ctid from threshold_state where day < current_date - $1::int and not lasts for update skip locked))""";
  private static final String FORGET_DELETED = """
      delete from device_heard where ctid = any (array(
        select h.ctid from device_heard h join r_device r on r.id = h.device where r.del for update of h skip locked))""";

  private static final String NOW = "select now() as now";
  private static final String LISTENED_LAST = """
      select case when count(*) = cardinality($1::text[]) then min(coalesce(known, seen)) end as known from silence_watch where type = any($1::text[])""";
  /** The gap first: of a row that this statement has changed it would see nothing any more. Before the first time, nobody has ever listened. */
  private static final String LISTENED = """
      with before as (select type, seen from silence_watch where type = any($1::text[]) order by type for update),
      gap as (
        insert into silence_gap (type, began, ended)
        select n.type, case when before.seen is null then 'epoch' else least(before.seen, $3::timestamptz) end, now() from unnest($1::text[]) as n(type) left join before on before.type = n.type
        where before.seen is null or before.seen < now() - $2 * interval '1 millisecond'
        on conflict (type, began) do update set ended = excluded.ended returning type),
      old as (delete from silence_gap where ended < now() - interval '62 days')
      insert into silence_watch (type, seen, known) select type, now(), $4::timestamptz from unnest($1::text[]) as n(type) where (select count(*) from gap) >= 0 order by type
      on conflict (type) do update set seen = excluded.seen, known = coalesce(excluded.known, silence_watch.known)""";
  private static final String GAPS = "select type, began, ended from silence_gap where type = any($1::text[]) order by began";
  /** Of each Device the newest; those of a shard up to its own time. Not those of which it is known that they say nothing. */
  private static final String SILENT = """
      select h.device, max(h.heard) as heard, min(w.silent) as silent from device_heard h
        join unnest($3::int[], $4::timestamptz[]) as w(shard, silent) on w.shard = h.shard
      where h.type = any($2::text[]) and h.device > $5 and h.heard <= w.silent
        and exists (select 1 from r_device r where r.id = h.device and not r.del)
        and not exists (select 1 from rule_finding f where f.rule = $1 and f.device = h.device and f.ended is null)
      group by h.device having count(*) = (select count(*) from device_heard o where o.device = h.device and o.type = any($2::text[]))
      order by h.device limit $6""";
  private static final String NEVER = """
      select r.id as device, r.upd as heard, $2::timestamptz as silent from r_device r where not r.del and r.upd <= $2 and r.id > $3
        and not exists (select 1 from device_heard h where h.device = r.id and h.type = any($5::text[]))
        and not exists (select 1 from rule_finding f where f.rule = $1 and f.device = r.id and f.ended is null)
      order by r.id limit $4""";
  private static final String SPOKE = """
      select f.id, max(h.heard) as heard from rule_finding f join device_heard h on h.device = f.device
      where f.rule = $1 and f.ended is null and h.type = any($2::text[]) and h.heard > f.began group by f.id""";
  private static final String APPLIED = """
      select shard, applied from shard_progress where target = $1 and topic_id = $2
        and epoch = (select max(epoch) from shard_progress where target = $1 and topic_id = $2)""";

  private final Database database;

  public Findings(Database database) {
    this.database = database;
  }

  /**
   * What has still to be written.
   *
   * @param ended null: it lasts
   * @param made  the resource has been written
   * @param tried since when it waits to be written
   */
  public record Found(Finding finding, Instant ended, boolean made, Instant tried) {}

  /** What is not over. @param known what thresholds know by which it was found; empty: nothing */
  public record Lasting(Finding finding, String known) {}

  /** A Device of which nothing has come since {@code heard}. @param silent it is silent when that, and all else that is asked, was not later */
  public record Silent(String device, Instant heard, Instant silent) {}

  /** When nobody listened. */
  public record Gap(Instant began, Instant ended) {}

  /** What a rule did since it was last counted. @param error the last one, null when there was none */
  public record Count(String rule, long found, long errors, String error) {}

  static Future<Void> keep(SqlConnection connection, List<Finding> begun, List<Over> over) {
    Future<?> began = begun.isEmpty()
        ? Future.succeededFuture()
        : connection.preparedQuery(BEGIN_READ).execute(begin(begun));
    return began
        .compose(kept -> over.isEmpty()
            ? Future.succeededFuture()
            : connection.preparedQuery(END).execute(end(over)))
        .mapEmpty();
  }

  private static Tuple begin(List<Finding> begun) {
    return Tuple.tuple()
        .addValue(texts(begun, Finding::id))
        .addValue(texts(begun, Finding::rule))
        .addValue(texts(begun, Finding::makes))
        .addValue(texts(begun, Finding::text))
        .addValue(texts(begun, Finding::severity))
        .addValue(texts(begun, Finding::device))
        .addValue(texts(begun, Finding::patient))
        .addValue(times(begun, Finding::began));
  }

  private static Tuple end(List<Over> over) {
    return Tuple.tuple().addValue(texts(over, Over::id)).addValue(times(over, Over::at));
  }

  /**
   * Nothing came: unless it has since.
   *
   * @param types in small letters, of which one had to come; the empty one: any
   * @return how many of them are new
   */
  public Future<Integer> silent(Caller caller, List<Finding> begun, Collection<String> types) {
    if (begun.isEmpty()) return Future.succeededFuture(0);
    return database.ask(BEGIN_SILENT, begin(begun).addValue(types.toArray(String[]::new)))
        .map(rows -> rows.rowCount())
        .recover(Failures::recover);
  }

  public Future<Void> over(Caller caller, List<Over> over) {
    return over.isEmpty() ? Future.succeededFuture() : ask(END, end(over));
  }

  /** What has still to be written, oldest first. */
  public Future<List<Found>> due(Caller caller, int most) {
    return database.ask(DUE, Tuple.of((long) most)).map(Findings::found).recover(Failures::recover);
  }

  /** Of these rules, what is not over, by id. @param after id of the last one of the page before; empty for the first */
  public Future<List<Lasting>> lasting(Caller caller, Collection<String> rules, String after, int most) {
    return database.ask(LASTING, names(rules).addValue(after).addValue((long) most)).map(rows -> {
      List<Lasting> lasting = new ArrayList<>();
      for (Row row : rows)
        lasting.add(new Lasting(finding(row), row.getString("known") == null ? "" : row.getString("known")));
      return lasting;
    }).recover(Failures::recover);
  }

  /** What a threshold found is over without a reading, unless one has been judged since this was known of it. */
  public Future<Void> unheard(Caller caller, Lasting lasting) {
    Finding finding = lasting.finding();
    return ask(UNHEARD, Tuple.of(finding.id(), finding.device(), finding.rule(), lasting.known()));
  }

  /** It is in the store as it was looked at; when it has ended since, it is due again. */
  public Future<Void> written(Caller caller, Found found) {
    return ask(WRITTEN, Tuple.of(found.finding().id(), found.ended() != null));
  }

  public Future<Void> again(Caller caller, Found found, Duration pause) {
    return ask(AGAIN, Tuple.of(found.finding().id(), (double) pause.toMillis()));
  }

  /** Adds to what {@code GET /tell} shows, and says that these rules are there. */
  public Future<Void> count(Caller caller, List<Count> counts) {
    return ask(COUNT, Tuple.tuple()
        .addValue(texts(counts, Count::rule))
        .addValue(counts.stream().map(Count::found).toArray(Long[]::new))
        .addValue(counts.stream().map(Count::errors).toArray(Long[]::new))
        .addValue(texts(counts, Count::error)));
  }

  /**
   * What was found by rules that no node has been configured with for {@code keep} is over. Never waits for one batch while another one waits for it.
   *
   * @param rules that this one has
   */
  public Future<Void> endGone(Caller caller, Collection<String> rules, Duration keep) {
    return untilNone(END_GONE, () -> names(rules).addValue((double) keep.toMillis()));
  }

  /** Of thresholds, what nobody will ask for any more, because the rule is gone as in {@link #endGone}. */
  public Future<Void> forgetGone(Caller caller, Collection<String> rules, Duration keep) {
    return eachShard(FORGET_GONE,
        shard -> shard.addValue(rules.toArray(String[]::new)).addValue((double) keep.toMillis()));
  }

  /** Of Devices of which nothing has come for long, that are deleted, or erased, and of Patients that were erased while a batch wrote of them. */
  public Future<Void> forget(Caller caller) {
    return Future.join(List.of(
        ask(FORGET_IDLE, Tuple.of(ShardStore.JUDGED_DAYS)),
        ask(FORGET_DELETED, Tuple.tuple()),
        ask(END_ERASED, Tuple.tuple()),
        eachShard(FORGET_ERASED, shard -> shard).compose(done -> ask(FORGET_EMPTY, Tuple.tuple()))))
        .mapEmpty();
  }

  /** @param values of the statement, behind those of the shard */
  private Future<Void> eachShard(String sql, UnaryOperator<Tuple> values) {
    return database.ask(KNOWING, Tuple.tuple()).recover(Failures::recover).compose(shards -> {
      Future<Void> done = Future.succeededFuture();
      for (Row shard : shards) {
        ShardKey key = new ShardKey(shard.getString("target"), shard.getUUID("topic_id"), shard.getInteger("epoch"),
            shard.getInteger("shard"));
        done = done.compose(next -> untilNone(sql, () -> values.apply(ShardStore.values(key))));
      }
      return done;
    });
  }

  /** A page after the other, each in a transaction of its own. */
  private Future<Void> untilNone(String sql, Supplier<Tuple> values) {
    return database.ask(sql, values.get())
        .recover(Failures::recover)
        .compose(rows -> rows.rowCount() == 0 ? Future.succeededFuture() : untilNone(sql, values));
  }

  /** By the database's clock, as gaps are. */
  public Future<Instant> now(Caller caller) {
    return database.ask(NOW, Tuple.tuple())
        .map(rows -> instant(rows.iterator().next(), "now"))
        .recover(Failures::recover);
  }

  /** Up to when it was known last what came of all of these, by who said {@link #listened}; null: of one of them nobody has. */
  public Future<Instant> knownLast(Caller caller, Collection<String> types) {
    return database.ask(LISTENED_LAST, names(types))
        .map(rows -> instant(rows.iterator().next(), "known"))
        .recover(Failures::recover);
  }

  /**
   * Somebody listens now. When that was not so for longer than {@code gap}, it is a gap; the first time, all time before is.
   *
   * @param types in small letters; the empty one: any
   * @param from  where a gap begins, if not when somebody listened last, because what came since then may not be known; null: there
   * @param known up to when it is known what came of all devices; null: not yet
   * @return the gaps, by type, oldest first
   */
  public Future<Map<String, List<Gap>>> listened(Caller caller, Collection<String> types, Duration gap, Instant from,
      Instant known) {
    return ask(LISTENED, names(types).addValue((double) gap.toMillis()).addValue(utc(from)).addValue(utc(known)))
        .compose(done -> database.ask(GAPS, names(types)))
        .map(rows -> {
          Map<String, List<Gap>> gaps = new HashMap<>();
          for (Row row : rows)
            gaps.computeIfAbsent(row.getString("type"), first -> new ArrayList<>())
                .add(new Gap(instant(row, "began"), instant(row, "ended")));
          return gaps;
        })
        .recover(Failures::recover);
  }

  /**
   * Those of which nothing has come since, by id.
   *
   * @param types in small letters; the empty one: any
   * @param since by shard: silent is who was heard of then last, or before; Devices of other shards are not looked at
   * @param after id of the last one of the page before; empty for the first
   */
  public Future<List<Silent>> silent(Caller caller, String rule, Collection<String> types, Map<Integer, Instant> since,
      String after, int most) {
    List<Integer> shards = List.copyOf(since.keySet());
    Tuple values = Tuple.of(rule)
        .addValue(types.toArray(String[]::new))
        .addValue(shards.toArray(Integer[]::new))
        .addValue(shards.stream().map(shard -> Version.utc(since.get(shard))).toArray(OffsetDateTime[]::new))
        .addValue(after)
        .addValue((long) most);
    return database.ask(SILENT, values).map(Findings::silent).recover(Failures::recover);
  }

  /** Devices that have been in the store since then as they are, and of which nothing of these types has ever come. */
  public Future<List<Silent>> neverHeard(Caller caller, String rule, Collection<String> types, Instant since,
      String after, int most) {
    Tuple values = Tuple.of(rule, Version.utc(since), after, (long) most).addValue(types.toArray(String[]::new));
    return database.ask(NEVER, values)
        .map(Findings::silent)
        .recover(Failures::recover);
  }

  /** What is over because something came, and when that was. */
  public Future<List<Over>> spoke(Caller caller, String rule, Collection<String> types) {
    return database.ask(SPOKE, Tuple.of(rule).addValue(types.toArray(String[]::new))).map(rows -> {
      List<Over> over = new ArrayList<>();
      for (Row row : rows) over.add(new Over(row.getString("id"), instant(row, "heard")));
      return over;
    }).recover(Failures::recover);
  }

  /** Up to where each shard is in effect. */
  public Future<Map<Integer, Long>> applied(Caller caller, String target, UUID topicId) {
    return database.ask(APPLIED, Tuple.of(target, topicId)).map(rows -> {
      Map<Integer, Long> applied = new HashMap<>();
      for (Row row : rows) applied.put(row.getInteger("shard"), row.getLong("applied"));
      return applied;
    }).recover(Failures::recover);
  }

  private Future<Void> ask(String sql, Tuple values) {
    return database.ask(sql, values).<Void>mapEmpty().recover(Failures::recover);
  }

  private static List<Found> found(Iterable<Row> rows) {
    List<Found> found = new ArrayList<>();
    for (Row row : rows)
      found.add(
          new Found(finding(row), instant(row, "ended"), row.getBoolean("made"), instant(row, "tried")));
    return found;
  }

  private static Finding finding(Row row) {
    return new Finding(row.getString("id"), row.getString("rule"), row.getString("makes"), row.getString("text"),
        row.getString("severity"), row.getString("device"), row.getString("patient"), instant(row, "began"));
  }

  private static List<Silent> silent(Iterable<Row> rows) {
    List<Silent> silent = new ArrayList<>();
    for (Row row : rows)
      silent.add(new Silent(row.getString("device"), instant(row, "heard"), instant(row, "silent")));
    return silent;
  }

  private static Instant instant(Row row, String column) {
    OffsetDateTime at = row.getOffsetDateTime(column);
    return at == null ? null : at.toInstant();
  }

  private static OffsetDateTime utc(Instant at) {
    return at == null ? null : Version.utc(at);
  }

  private static Tuple names(Collection<String> names) {
    return Tuple.tuple().addValue(names.toArray(String[]::new));
  }

  private static <T> String[] texts(List<T> all, Function<T, String> column) {
    return all.stream().map(column).toArray(String[]::new);
  }

  private static <T> OffsetDateTime[] times(List<T> all, Function<T, Instant> column) {
    return all.stream().map(one -> Version.utc(column.apply(one))).toArray(OffsetDateTime[]::new);
  }
}
