package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * How often tokens stand in a type's table, by PostgreSQL's own statistics. The planner knows the frequent ones, and takes each of the others for half as
 * frequent as the least frequent of those: where nothing lies between a status and an identifier, it looks for the identifier by walking through the whole
 * table. What is not among the frequent ones is rare, and so is everything in a small table that PostgreSQL has not looked at yet. Any thread.
 */
final class Frequencies {
  /** Rows that are looked up and sorted in a few milliseconds. */
  private static final double RARE = 2_000;
  /** Of a table without statistics, where everything is rare: it is looked through in a few milliseconds. */
  private static final long SMALL_BYTES = 8 << 20;
  /** More alternatives together may mean many rows, though each is rare. */
  private static final int FEW = 100;
  private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(5);
  /** While the table has no statistics. */
  private static final long GUESSED_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final String ASKED = """
      select s.attname is not null as seen, pg_relation_size(c.oid) as bytes,
        c.reltuples::float8 / greatest(1, c.relpages) * (pg_relation_size(c.oid) / current_setting('block_size')::int) as tuples,
        s.most_common_elems::text::bigint[] as tokens, s.most_common_elem_freqs as shares
      from pg_class c left join pg_stats s on s.schemaname = current_schema() and s.tablename = c.relname and s.attname = 'tok'
      where c.oid = to_regclass($1)""";

  /** @param seen whether there are statistics @param tuples rows there are now, about @param shares of the frequent tokens, of all rows */
  private record Of(long read, boolean seen, long bytes, double tuples, Map<Long, Float> shares) {
    boolean isFresh() {
      return System.nanoTime() - read < (seen ? KEPT_NANOS : GUESSED_NANOS);
    }

    Of beingAsked() {
      return new Of(System.nanoTime(), seen, bytes, tuples, shares);
    }

    boolean isRare(Long[] any) {
      if (!seen) return bytes <= SMALL_BYTES;
      double rows = 0;
      for (Long token : any) rows += shares.getOrDefault(token, 0f) * tuples;
      return rows <= RARE;
    }
  }

  private final Map<String, Of> known = new ConcurrentHashMap<>();

  /** Whether one of these, of which each must be met, is met by few rows only, for all that is known. */
  Future<Boolean> isRare(SqlClient on, String type, List<Long[]> musts) {
    List<Long[]> telling = musts.stream().filter(any -> any.length <= FEW).toList();
    if (telling.isEmpty()) return Future.succeededFuture(false);
    return of(on, type).map(of -> telling.stream().anyMatch(of::isRare));
  }

  /** Nobody waits for what is known to be asked anew; in a transaction it is not asked anew. */
  private Future<Of> of(SqlClient on, String type) {
    Of there = known.get(type);
    if (there == null) return read(on, type);
    if (!there.isFresh() && on instanceof Pool && known.replace(type, there, there.beingAsked())) read(on, type);
    return Future.succeededFuture(there);
  }

  private Future<Of> read(SqlClient on, String type) {
    return on.preparedQuery(ASKED)
        .execute(Tuple.of("r_" + type.toLowerCase(Locale.ROOT)))
        .timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .map(rows -> {
          Of fresh = of(rows);
          known.put(type, fresh);
          return fresh;
        })
        .recover(away -> Future.succeededFuture(of(List.of()))); // whatever is wrong, the search itself meets it too
  }

  private static Of of(Iterable<Row> rows) {
    Map<Long, Float> shares = new HashMap<>();
    boolean seen = false;
    long bytes = Long.MAX_VALUE;
    double tuples = 0;
    for (Row row : rows) {
      seen = row.getBoolean("seen");
      bytes = row.getLong("bytes");
      tuples = row.getDouble("tuples");
      Long[] tokens = row.getArrayOfLongs("tokens");
      Float[] each = row.getArrayOfFloats("shares");
      for (int i = 0; tokens != null && i < tokens.length; i++) shares.put(tokens[i], each[i]);
    }
    return new Of(System.nanoTime(), seen, bytes, tuples, shares);
  }

  /** Asks anew, of all types. */
  void forget() {
    known.clear();
  }
}
