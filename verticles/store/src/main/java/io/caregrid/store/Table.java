package io.caregrid.store;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The statements of one resource type; only the tables' names differ between types, and those come from {@link Definition} alone.
 * Each statement that changes something queues its change while it holds the row, in the same statement.
 */
record Table(String type, String read, String vread, String history, String create, String update, String lock,
    String insertMany, String mergeMany,
    String indexMany, String keepMany) {

  private static final Map<String, Table> TABLES = new ConcurrentHashMap<>();

  private static final String READ = "select id, ver, upd, del, body from r_@ where id = $1";

  private static final String VREAD = """
      select id, ver, upd, del, body from r_@ where id = $1 and ver = $2
      union all select id, ver, upd, del, body from h_@ where id = $1 and ver = $2""";

  /** id, below version, since, limit */
  private static final String HISTORY = """
      with v as materialized (select id, ver, upd, del, body from r_@ where id = $1
        union all select id, ver, upd, del, body from h_@ where id = $1)
      select v.*, (select count(*) from v where upd >= $3) as versions
      from v where ver < $2 and upd >= $3 order by ver desc limit $4""";

  /** id, upd, hour, pat, d0, d1, fp, tok, body, key, words */
  private static final String CREATE = """
      with made as (
        insert into r_@ (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body, key, words)
        values ($1, 1, $2, $3, false, false, $4, $5, $6, $7, $8, $9, $10, $11)
        on conflict (id) do nothing returning id, ver, upd)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, 'C', upd from made""";

  /** id, upd, hour, pat, d0, d1, fp, tok, body (null: deleted), key, words, version it was */
  private static final String UPDATE = """
      with old as materialized (select id, ver, upd, del, device, body from r_@ where id = $1 and ver = $12 for update),
      kept as (insert into h_@ (id, ver, upd, del, device, body) select id, ver, upd, del, device, body from old),
      made as (
        update r_@ r set ver = $12 + 1, upd = $2, hour = $3, del = $9::bytea is null, device = false, pat = $4, d0 = $5, d1 = $6, fp = $7, tok = $8, body = $9,
          key = $10, words = $11
        from old where r.id = old.id returning r.id, r.ver, r.upd, r.del)
      insert into change_queue (type, id, ver, op, at) select '#', id, ver, case when del then 'D' else 'U' end, upd from made""";

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
        sql(LOCK, type),
        sql(INSERT_MANY, type), sql(MERGE_MANY, type), sql(INDEX_MANY, type), sql(KEEP_MANY, type));
  }

  private static String sql(String pattern, String type) {
    return pattern.replace("@", type.toLowerCase(Locale.ROOT)).replace("#", type);
  }
}
