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
  /** Rows in between that are walked through to a page, and looked up, cost alike where the square of the rows that are meant is so many times the table's. */
  private static final double DENSE = 100;
  /** So many rows that lead to Patients are looked up in five milliseconds; were they more, a Patient asked after the other would fill a page sooner. */
  private static final double LOOKED_UP = 5_000;
  /** Patients that are walked through, and such that are looked up, cost alike where the square of the rows that lead to them is so many times all Patients. */
  private static final double WALKED = 20;
  /** Rows of a patient that are read as fast as a page is found along the index that has them in its order. */
  private static final double SHORT = 300;
  /** More alternatives together may mean many rows, though each is rare. */
  private static final int FEW = 100;
  private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(5);
  /** While the table has no statistics. */
  private static final long GUESSED_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final String ASKED = """
      select s.attname is not null as seen, pg_relation_size(c.oid) as bytes,
        c.reltuples::float8 / greatest(1, c.relpages) * (pg_relation_size(c.oid) / current_setting('block_size')::int) as tuples,
        s.most_common_elems::text::bigint[] as tokens, s.most_common_elem_freqs as shares,
        p.most_common_vals::text::bigint[] as patients, p.most_common_freqs as patient_shares, p.n_distinct::float8 as distinct_patients
      from pg_class c left join pg_stats s on s.schemaname = current_schema() and s.tablename = c.relname and s.attname = 'tok'
        left join pg_stats p on p.schemaname = current_schema() and p.tablename = c.relname and p.attname = 'pat'
      where c.oid = to_regclass($1)""";

  /**
   * @param seen    whether there are statistics
   * @param tuples  rows there are now, about
   * @param shares  of the frequent tokens, of all rows
   * @param busiest of all rows, those of the patients who have most
   * @param each    rows that any other patient has, about
   */
  private record Of(long read, boolean seen, long bytes, double tuples, Map<Long, Float> shares,
      Map<Long, Float> busiest, double each) {
    boolean isFresh() {
      return System.nanoTime() - read < (seen ? KEPT_NANOS : GUESSED_NANOS);
    }

    Of beingAsked() {
      return new Of(System.nanoTime(), seen, bytes, tuples, shares, busiest, each);
    }

    boolean isRare(Long[] any) {
      return seen ? rows(any) <= RARE : bytes <= SMALL_BYTES;
    }

    /** In a small table a page may be full before as many rows were walked through. */
    boolean isDense(Long[] any) {
      double rows = rows(any);
      return seen && rows * rows > DENSE * tuples;
    }

    private double rows(Long[] any) {
      double rows = 0;
      for (Long token : any) rows += shares.getOrDefault(token, 0f) * tuples;
      return rows;
    }

    boolean haveFew(Long[] patients, double few) {
      if (!seen) return false;
      double rows = 0;
      for (Long patient : patients) rows += busiest.containsKey(patient) ? busiest.get(patient) * tuples : each;
      return rows <= few;
    }
  }

  private final Map<String, Of> known = new ConcurrentHashMap<>();

  /** Whether one of the tokens that must be there is in few rows only, for all that is known. */
  Future<Boolean> isRare(SqlClient on, SearchPlan plan) {
    List<Long[]> telling = telling(plan);
    if (telling.isEmpty()) return Future.succeededFuture(false);
    return of(on, plan.definition().type()).map(of -> telling.stream().anyMatch(of::isRare));
  }

  /** How Patients are found soonest by what leads to them, for all that is known. */
  Future<SearchPlan.Lead> lead(SqlClient on, SearchPlan plan) {
    List<Long[]> telling = telling(plan);
    if (telling.isEmpty()) return Future.succeededFuture(SearchPlan.Lead.JOINED);
    return of(on, plan.definition().type()).compose(from -> {
      double rows = telling.stream().mapToDouble(from::rows).min().orElseThrow();
      boolean few = from.seen ? rows <= LOOKED_UP : from.bytes <= SMALL_BYTES;
      if (!few) return Future.succeededFuture(SearchPlan.Lead.JOINED);
      return of(on, "Patient").map(all -> rows * rows > WALKED * all.tuples
          ? SearchPlan.Lead.ALL
          : SearchPlan.Lead.EACH);
    });
  }

  /** By what it is found soonest, for all that is known. */
  Future<SearchPlan.Way> way(SqlClient on, SearchPlan plan) {
    List<Long[]> telling = telling(plan);
    Long[] patients = plan.patients();
    if (telling.isEmpty() && (patients == null || plan.musts().isEmpty()))
      return Future.succeededFuture(SearchPlan.Way.PLANNED);
    return of(on, plan.definition().type()).map(of -> {
      if (telling.stream().anyMatch(any -> of.isRare(any) && !of.isDense(any))) return SearchPlan.Way.RARE;
      return patients != null
          && of.haveFew(patients, plan.order() == null || !plan.order().isOfPatients() ? RARE : SHORT)
              ? SearchPlan.Way.THEIRS
              : SearchPlan.Way.PLANNED;
    });
  }

  private static List<Long[]> telling(SearchPlan plan) {
    return plan.musts().stream().filter(any -> any.length <= FEW).toList();
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
    for (Row row : rows) {
      double tuples = row.getDouble("tuples");
      Map<Long, Float> busiest = shares(row, "patients", "patient_shares");
      return new Of(System.nanoTime(), row.getBoolean("seen"), row.getLong("bytes"), tuples,
          shares(row, "tokens", "shares"), busiest, each(row.getDouble("distinct_patients"), tuples, busiest));
    }
    return new Of(System.nanoTime(), false, Long.MAX_VALUE, 0, Map.of(), Map.of(), 0);
  }

  /** The shares of elements are followed by three more numbers. */
  private static Map<Long, Float> shares(Row row, String of, String are) {
    Map<Long, Float> shares = new HashMap<>();
    Long[] values = row.getArrayOfLongs(of);
    Float[] each = row.getArrayOfFloats(are);
    for (int i = 0; values != null && i < values.length; i++) shares.put(values[i], each[i]);
    return shares;
  }

  /** @param distinct as pg_stats has it: a number of patients, or, negative, one for each row; null where it is not known */
  private static double each(Double distinct, double tuples, Map<Long, Float> busiest) {
    if (distinct == null) return Double.MAX_VALUE;
    double others = (distinct < 0 ? -distinct * tuples : distinct) - busiest.size();
    double theirs = 1 - busiest.values().stream().mapToDouble(Float::doubleValue).sum();
    return others < 1 ? 0 : Math.max(0, theirs) * tuples / others;
  }

  /** Asks anew, of all types. */
  void forget() {
    known.clear();
  }
}
