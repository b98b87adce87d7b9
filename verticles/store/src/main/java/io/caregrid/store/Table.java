package io.caregrid.store;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The statements of one resource type; only the tables' names differ between types, and those come from {@link Definition} alone.
 * Each statement that changes something queues its change while it holds the row, in the same statement.
 */
record Table(String type, String read, String vread, String versions, String create, String update, String erase,
    String forget, String createMany, String replaceMany, String delete, String deleteMany, String hold, String newest,
    String oldest,
    String made, String timed, String lock, String insertMany,
    String mergeMany, String indexMany, String keepMany) {

  private static final Map<String, Table> TABLES = new ConcurrentHashMap<>();

  /** In {@code fp} of a row that stands for what was erased: version and time, nothing else. No index has it, so no fingerprint can be mistaken for it. */
  static final long ERASED = Long.MIN_VALUE;

  private static final String READ = "select id, ver, upd, del, body, fp = " + ERASED
      + " as erased from r_@ where id = $1";

  private static final String VREAD = """
      select id, ver, upd, del, body, false as erased from r_@ where id = $1 and ver = $2 and fp <> #erased
      union all select id, ver, upd, del, body, false from h_@ where id = $1 and ver = $2""";

  /** Of a page in this order no more than {@value #PAGE_BYTES} of JSON, passed by one row at most; each row tells in {@code fetched} how many there would be. */
  private static final String BOUNDED = """
      select * from (
        select p.*, count(*) over () as fetched,
          coalesce(sum(%1$s) over (order by %2$s rows between unbounded preceding and 1 preceding), 0) as before
        from (%3$s) p) q
      where before < %4$s order by %2$s""";
  private static final int PAGE_BYTES = 16 << 20;

  /**
   * id, versions above and below which, since, before, limit; newest first. However many versions there are, no more are read than it gives, and the others counted in the index; where
   * the time is bounded, their rows are looked at.
   */
  private static final String HISTORY = """
      select v.*, case when $4 <= timestamptz '0001-01-01 00:00:00+00' and $5 >= timestamptz '10000-01-01 00:00:00+00'
          then (select count(*) from r_@ where id = $1 and fp <> #erased) + (select count(*) from h_@ where id = $1)
          else (select count(*) from (select upd from r_@ where id = $1 and fp <> #erased union all select upd from h_@ where id = $1) u where upd >= $4 and upd < $5)
        end as versions
      from (
        select id, ver, upd, del, body from r_@ where id = $1 and fp <> #erased and ver > $2 and ver < $3 and upd >= $4 and upd < $5
        union all
        (select id, ver, upd, del, body from h_@ where id = $1 and ver > $2 and ver < $3 and upd >= $4 and upd < $5 order by ver #direction limit $6)) v
      order by ver #direction limit $6""";

  /** id, time: when the version was made that was current then; null when there was none. */
  private static final String MADE = """
      select max(upd) as made from (select upd from r_@ where id = $1 and fp <> #erased and upd <= $2 union all select upd from h_@ where id = $1 and upd <= $2) u""";

  /** since, before, their hours: how many versions were made in between. */
  private static final String TIMED = """
      (select count(*) from r_@ where hour <= $4 and hour >= $3 and upd >= $1 and upd < $2 and fp <> #erased) + (select count(*) from h_@ where upd >= $1 and upd < $2)""";

  /** The key of the row before (time, id, version, type), since, before, their hours, limit: the history of all resources of this type. */
  private static final String NEWEST = """
      select * from (
        (select '#'::text collate "C" as type, id, ver, upd, del, body from r_@
          where hour <= $8 and hour >= $7 and upd >= $5 and upd < $6 and (upd, id, ver, '#'::text collate "C") < ($1, $2, $3, $4) and fp <> #erased
          order by hour desc, upd desc, id desc, ver desc limit $9)
        union all
        (select '#'::text collate "C" as type, id, ver, upd, del, body from h_@
          where upd >= $5 and upd < $6 and (upd, id, ver, '#'::text collate "C") < ($1, $2, $3, $4) order by upd desc, id desc, ver desc limit $9)) v
      order by upd desc, id desc, ver desc, type desc limit $9""";

  private static final String OLDEST = NEWEST.replace("\"C\") <", "\"C\") >")
      .replace(" desc", "");

  /** id, upd, hour, pat, d0, d1, fp, tok, body, key, words */
  private static final String CREATE = """
      with made as (
        insert into r_@ (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body, key, words)
        values ($1, 1, $2, $3, false, false, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (id) do nothing returning id, ver, upd)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'C', upd from made""";

  /** id, upd, hour, pat, d0, d1, fp, tok, body (null: deleted), key, words, version it was, whether that is kept, which what was erased never is */
  private static final String UPDATE = """
      with old as materialized (select id, ver, upd, del, device, body, fp from r_@ where id = $1 and ver = $12 for update),
      kept as (insert into h_@ (id, ver, upd, del, device, body) select id, ver, upd, del, device, body from old where $13 and fp <> #erased),
      made as (
        update r_@ r set ver = $12 + 1, upd = $2, hour = $3, del = $9::bytea is null, device = false, pat = $4, d0 = $5, d1 = $6, fp = $7, tok = $8, body = $9,
          key = $10, words = $11
        from old where r.id = old.id returning r.id, r.ver, r.upd, r.del)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, case when del then 'D' else 'U' end, upd from made""";

  /**
   * As {@link #UPDATE} to a deletion, and nothing of the versions before stays, nor of what rules know of a Device's or a Patient's readings;
   * {@link ExportJobs} hear of it. The same parameters but the last. What rules know of a Device may concern several Patients: of the others it stays.
   * What they found of a Device that is erased is over, and has still to be ended at its Patient. Their rows are locked in the order of batches, and taken as they are
   * by then; a batch's first row of a Device, not committed yet, is not seen: {@link Findings#forget}.
   */
  private static final String ERASE = """
      with old as materialized (select id from r_@ where id = $1 and ver = $12 for update),
      past as (delete from h_@ h using old where h.id = old.id),
      known as (delete from capture_state c using old where c.patient = old.id and '#' = 'Patient' or c.device = old.id and '#' = 'Device'),
      locked as materialized (
        select c.target, c.topic_id, c.epoch, c.shard, c.device, c.state from threshold_state c
        where '#' = 'Patient' and (c.patient = (select id from old) or strpos(c.state, '"' || (select id from old) || '"') > 0)
          or '#' = 'Device' and c.device = (select id from old)
        order by c.target, c.topic_id, c.epoch, c.shard, c.device collate "C" for update),
      about as materialized (
        select c.target, c.topic_id, c.epoch, c.shard, c.device, k.state, k.patient, k.lasts
        from old, locked c cross join lateral (
          select jsonb_object_agg(one.key, one.value) as state, (array_agg(one.value ->> 'patient' order by (one.value ->> 'at')::bigint desc))[1] as patient,
            bool_or(one.value ? 'began') as lasts
          from jsonb_each(c.state::jsonb) one where '#' = 'Patient' and one.value ->> 'patient' <> old.id) k),
      judged as (
        delete from threshold_state c using about a
        where a.state is null and c.target = a.target and c.topic_id = a.topic_id and c.epoch = a.epoch and c.shard = a.shard and c.device = a.device),
      rejudged as (
        update threshold_state c set state = a.state::text, patient = a.patient, lasts = a.lasts from about a
        where a.state is not null and c.target = a.target and c.topic_id = a.topic_id and c.epoch = a.epoch and c.shard = a.shard and c.device = a.device),
      heard as (delete from device_heard c using old where c.device = old.id and '#' = 'Device'),
      found as (delete from rule_finding c using old where c.patient = old.id and '#' = 'Patient'),
      over as (
        update rule_finding c set ended = greatest(c.began, now()), due = true, tried = now() from old
        where c.device = old.id and '#' = 'Device' and c.ended is null),
      made as (
        update r_@ r set ver = $12 + 1, upd = $2, hour = $3, del = $9::bytea is null, device = false, pat = $4, d0 = $5, d1 = $6, fp = $7, tok = $8, body = $9,
          key = $10, words = $11
        from old where r.id = old.id returning r.id, r.ver, r.upd),
      noted as (insert into erasure (type) select '#' from made on conflict do nothing)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'D', upd from made""";

  /** id, version it is. Gives its row if it still is: then nothing of the versions before stays. */
  private static final String FORGET = """
      with current as materialized (select id from r_@ where id = $1 and ver = $2 for update),
      past as (delete from h_@ h using current where h.id = current.id)
      select id from current""";

  /** Arrays: ids, upds, pats, d0s, d1s, fps, the toks of all of them, bodies, keys, words, where each one's first token is, and its last. Gives the ids that were free. */
  private static final String CREATE_MANY = """
      with made as (
        insert into r_@ (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body, key, words)
        select id, 1, upd, floor(extract(epoch from upd) / 3600), false, false, pat, d0, d1, fp, ($7::bigint[])[first:last], body, key, words
        from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $8::bytea[],
            $9::text[], $10::text[], $11::int[], $12::int[]) as n(id, upd, pat, d0, d1, fp, body, key, words, first, last)
        on conflict (id) do nothing returning id, ver, upd),
      queued as (insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'C', upd from made)
      select id from made""";

  /**
   * Arrays as {@link #CREATE_MANY}, bodies null for deletions, and versions they were, and whether those are kept. Gives the ids that were replaced: not those
   * that are of another version by now, nor those that somebody else holds.
   */
  private static final String REPLACE_MANY = """
      with old as materialized (
        select n.*, o.* from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $8::bytea[],
            $9::text[], $10::text[], $11::int[], $12::int[], $13::int[], $14::boolean[])
            as n(id, next, pat, d0, d1, fp, content, key, words, first, last, was, keep)
          cross join lateral (select r.ver, r.upd, r.del, r.device, r.body, r.fp <> #erased as lasts
            from r_@ r where r.id = n.id and r.ver = n.was for update skip locked) o),
      kept as (insert into h_@ (id, ver, upd, del, device, body) select id, ver, upd, del, device, body from old where keep and lasts),
      made as (
        update r_@ r set ver = o.was + 1, upd = o.next, hour = floor(extract(epoch from o.next) / 3600), del = o.content is null, device = false,
          pat = o.pat, d0 = o.d0, d1 = o.d1, fp = o.fp, tok = ($7::bigint[])[o.first:o.last], body = o.content, key = o.key, words = o.words
        from old o where r.id = o.id returning r.id, r.ver, r.upd, r.del),
      queued as (insert into change_queue (type, id, ver, op, at) select '#', id, ver, case when del then 'D' else 'U' end, upd from made)
      select id from made""";

  /**
   * Behind {@code old}, what is there and held. Soft deletions whatever the version is, each with its history row and its change, so that nothing has to be read before. Parameters: ids, time,
   * versions that must be the current ones (null: any may be), whether those go into the history, d0, d1, fp, whether the bodies are wanted. Gives what was there ({@code ver}, {@code upd},
   * {@code del}, {@code body}), and in {@code gone} the time of the deletion: null where there is none, because it was deleted before or is of another version.
   */
  private static final String GONE = """
      ,
      going as materialized (select * from old where not del and (was is null or was = ver)),
      kept as (insert into h_@ (id, ver, upd, del, device, body) select id, ver, upd, del, device, body from going where $4 and lasts),
      made as (
        update r_@ r set ver = g.ver + 1, upd = g.next, hour = floor(extract(epoch from g.next) / 3600), del = true, device = false,
          pat = null, d0 = $5, d1 = $6, fp = $7, tok = '{}', body = null, key = '', words = null
        from going g where r.id = g.id returning r.id, r.ver, r.upd),
      queued as (insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'D', upd from made)
      select o.id, o.ver, o.upd, o.del, case when $8 then o.body end as body, m.upd as gone from old o left join made m on m.id = o.id""";

  private static final String DELETE = """
      with old as materialized (select $3::int as was, greatest($2, upd) as next, id, ver, upd, del, device, body, fp <> #erased as lasts
        from r_@ where id = $1 for update)""" + GONE;

  /** Bytes in its row, below which a resource is deleted together with others: all of a group come back in one answer. */
  static final int SMALL = 64 << 10;

  /** Arrays of ids and versions; gives nothing of those that somebody else holds, and of those that are not {@link #SMALL}. */
  private static final String DELETE_MANY = """
      with old as materialized (
        select n.was, greatest($2, o.upd) as next, o.* from unnest($1::text[], $3::int[]) as n(key, was)
          cross join lateral (select r.id, r.ver, r.upd, r.del, r.device, r.body, r.fp <> #erased as lasts
            from r_@ r where r.id = n.key and coalesce(octet_length(r.body), 0) < #small for update skip locked) o)"""
      + GONE;

  /** ids. Whoever needs several waits for them in one order, and so for nobody who waits for him. */
  private static final String HOLD = """
      select id, ver, upd, del, body, fp = #erased as erased from r_@ where id = any ($1) order by id for update""";

  private static final String LOCK = "select id, ver, upd, del, device, d1, fp, body from r_@ where id = any ($1) order by id for update";

  /** Arrays: upds, ids, pats, d0s, d1s, fps, toks as text, bodies */
  private static final String INSERT_MANY = """
      with made as (
        insert into r_@ (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body)
        select id, 1, upd, floor(extract(epoch from upd) / 3600), false, true, pat, d0, d1, fp, tok::bigint[], body
        from unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::text[], $8::bytea[])
          as n(upd, id, pat, d0, d1, fp, tok, body)
        returning id, ver, upd)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'C', upd from made""";

  /** Touches no indexed column but hour. Arrays: upds, ids, versions before, d1s, bodies */
  private static final String MERGE_MANY = """
      with made as (
        update r_@ r set ver = n.ver + 1, upd = n.upd, hour = floor(extract(epoch from n.upd) / 3600), del = false, device = true, d1 = n.d1, body = n.body
        from unnest($1::timestamptz[], $2::text[], $3::int[], $4::timestamptz[], $5::bytea[]) as n(upd, id, ver, d1, body)
        where r.id = n.id and r.ver = n.ver returning r.id, r.ver, r.upd)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'U', upd from made""";

  /** For those of a merge whose indexed columns did change. Arrays: ids, pats, d0s, fps, toks as text */
  private static final String INDEX_MANY = """
      update r_@ r set pat = n.pat, d0 = n.d0, fp = n.fp, tok = n.tok::bigint[]
      from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::text[]) as n(id, pat, d0, fp, tok) where r.id = n.id""";

  private static final String KEEP_MANY = """
      insert into h_@ (id, ver, upd, del, device, body) select id, ver, upd, del, device, body from r_@ where id = any ($1)""";

  static Table of(Definition definition) {
    return TABLES.computeIfAbsent(definition.type(), Table::named);
  }

  private static Table named(String type) {
    return new Table(type, sql(READ, type), sql(VREAD, type), sql(HISTORY, type), sql(CREATE, type), sql(UPDATE, type),
        sql(ERASE, type), sql(FORGET, type), sql(CREATE_MANY, type), sql(REPLACE_MANY, type),
        sql(DELETE, type), sql(DELETE_MANY, type), sql(HOLD, type), sql(NEWEST, type),
        sql(OLDEST, type), sql(MADE, type), sql(TIMED, type), sql(LOCK, type), sql(INSERT_MANY, type),
        sql(MERGE_MANY, type), sql(INDEX_MANY, type),
        sql(KEEP_MANY, type));
  }

  /** The history of one resource, this way round. */
  String history(boolean oldestFirst) {
    String direction = oldestFirst ? "asc" : "desc";
    return bounded(versions.replace("#direction", direction), "ver " + direction);
  }

  /** Of rows with a {@code body}. */
  static String bounded(String sql, String order) {
    return BOUNDED.formatted(Body.PLAIN_LENGTH, order, sql, PAGE_BYTES);
  }

  private static String sql(String pattern, String type) {
    return pattern.replace("#erased", String.valueOf(ERASED))
        .replace("#small", String.valueOf(SMALL))
        .replace("@", type.toLowerCase(Locale.ROOT))
        .replaceAll("#(?!direction)", type);
  }
}
