package io.caregrid.store;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Indexes anew, in the background, what an older version wrote: its rows lack tokens that this one looks for. Every node runs one; whoever holds a type's
 * row of {@code reindexing} does its next batch, in a transaction with its progress, so it is resumed where it stopped, and rests as long as it worked.
 * A resource that somebody changes meanwhile is left alone: the change has indexed it. No version is made, nobody is told.
 */
public final class Reindex {
  private static final Logger log = LoggerFactory.getLogger(Reindex.class);
  private static final String NEXT = """
      select type, done, most from reindexing where done < most order by type limit 1 for update skip locked""";
  /** sid behind which, last sid, limit, bytes of JSON that one row may pass. In {@code fetched} how many there would be without */
  private static final String ROWS = """
      select * from (
        select p.*, count(*) over () as fetched,
          coalesce(sum(#length) over (order by sid rows between unbounded preceding and 1 preceding), 0) as before
        from (select sid, id, ver, upd, del, d1, fp, body from r_@ where sid > $1 and sid <= $2 order by sid limit $3) p) q
      where before < $4 order by sid""".replace("#length", Body.PLAIN_LENGTH);
  /** Arrays: ids, versions, pats, d0s, d1s, fps, toks as text, keys, words. Takes its rows in the order of all who take several. */
  private static final String WRITE = """
      with n as materialized (
        select * from unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::text[], $8::text[], $9::text[])
          as n(id, ver, pat, d0, d1, fp, tok, key, words)),
      held as materialized (select r.id, r.ver from r_@ r where r.id = any ($1) order by r.id for update)
      update r_@ r set pat = n.pat, d0 = n.d0, d1 = n.d1, fp = n.fp, tok = n.tok::bigint[], key = n.key, words = n.words
      from n join held h on h.id = n.id and h.ver = n.ver where r.id = n.id and r.ver = n.ver""";
  private static final String DONE = "update reindexing set done = $2 where type = $1";
  private static final String LEFT = "select exists (select from reindexing where done < most) as left";
  private static final int BATCH = 300;
  private static final long BYTES = 16 << 20;
  private static final long LOOK_MILLIS = 5_000;
  private static final long LEAST_REST_MILLIS = 10;

  private final Database database;
  private final Context context;
  private final Promise<Void> stopped = Promise.promise();
  private long timer;
  private boolean running = true;
  private boolean working;
  private boolean failing;

  private Reindex(Database database) {
    this.database = database;
    this.context = database.vertx().getOrCreateContext();
  }

  /** Runs until nothing is left, or it is stopped. */
  public static Reindex start(Database database) {
    Reindex reindex = new Reindex(database);
    reindex.context.runOnContext(now -> reindex.work());
    return reindex;
  }

  /** Any thread. Completes when the batch under way is done. */
  public Future<Void> stop() {
    context.runOnContext(now -> {
      running = false;
      if (!working) stopped.tryComplete();
      database.vertx().cancelTimer(timer);
    });
    return stopped.future();
  }

  private void work() {
    if (!running) return;
    working = true;
    long begun = System.nanoTime();
    batch(database).compose(looked -> looked > 0 ? Future.succeededFuture(looked) : left()).onComplete(done -> {
      working = false;
      if (failing != done.failed()) report(done.cause());
      if (!running || done.succeeded() && done.result() < 0) stopped.tryComplete();
      else rest(done.succeeded() && done.result() > 0 ? (System.nanoTime() - begun) / 1_000_000 : LOOK_MILLIS);
    });
  }

  private void rest(long millis) {
    timer = database.vertx().setTimer(Math.max(LEAST_REST_MILLIS, millis), fired -> work());
  }

  /** -1 when nothing is left for good, 0 when another node is at it. */
  private Future<Integer> left() {
    return database.ask(LEFT, Tuple.tuple()).map(rows -> rows.iterator().next().getBoolean("left") ? 0 : -1);
  }

  private void report(Throwable cause) {
    failing = cause != null;
    if (failing)
      log.warn("indexing anew fails, trying again cause={}", Cause.withoutValues(Failures.of(cause)));
    else
      log.info("indexing anew works again");
  }

  /** The next rows of one type; how many were looked at, 0 when no type is free or left. */
  static Future<Integer> batch(Database database) {
    return database.pool()
        .withTransaction(connection -> connection.preparedQuery(NEXT)
            .execute()
            .compose(rows -> rows.size() == 0
                ? Future.succeededFuture(0)
                : batch(database, connection, rows.iterator().next())));
  }

  private static Future<Integer> batch(Database database, SqlConnection connection, Row next) {
    Definition definition = Definition.of(next.getString("type"));
    long most = next.getLong("most");
    return connection.preparedQuery(sql(ROWS, definition))
        .execute(Tuple.of(next.getLong("done"), most, BATCH, BYTES))
        .compose(rows -> database.offLoop(() -> anew(definition, rows, database.damage()))
            .compose(fresh -> fresh.isEmpty()
                ? Future.succeededFuture()
                : connection.preparedQuery(sql(WRITE, definition)).execute(values(fresh)).mapEmpty())
            .compose(written -> {
              long done = behind(rows, most);
              if (done == most) log.info("indexed anew type={}", definition.type());
              return connection.preparedQuery(DONE).execute(Tuple.of(definition.type(), done));
            })
            .map(moved -> Math.max(1, rows.size())));
  }

  /** How far it is done with these. */
  private static long behind(RowSet<Row> rows, long most) {
    long done = most;
    for (Row row : rows) {
      long fetched = row.getLong("fetched");
      if (fetched == BATCH || fetched > rows.size()) done = row.getLong("sid");
    }
    return done;
  }

  private record Fresh(String id, int version, Postings postings, Long[] hashes, long fingerprint) {}

  /** Those that are found by something else now: the fingerprint does not tell of the end of the date. */
  private static List<Fresh> anew(Definition definition, RowSet<Row> rows, Damage damage) {
    List<Fresh> fresh = new ArrayList<>();
    try (Body body = new Body()) {
      for (Row row : rows) {
        Stored stored = Version.whatever(definition.type(), row, body, damage);
        Values values = stored.deleted() ? null : Scan.values(definition, stored, damage);
        if (values == null) continue;
        Postings postings = Postings.of(values);
        Long[] hashes = postings.hashes();
        long fingerprint = postings.fingerprint(hashes);
        boolean sameEnd = row.getOffsetDateTime("d1").toInstant().equals(postings.date().to());
        if (fingerprint != row.getLong("fp") || !sameEnd)
          fresh.add(new Fresh(stored.id(), stored.version(), postings, hashes, fingerprint));
      }
    }
    return fresh;
  }

  private static Tuple values(List<Fresh> fresh) {
    return Tuple.tuple()
        .addValue(all(fresh, Fresh::id, String[]::new))
        .addValue(all(fresh, Fresh::version, Integer[]::new))
        .addValue(all(fresh, one -> one.postings().patientHash(), Long[]::new))
        .addValue(all(fresh, one -> Version.utc(one.postings().date().from()), OffsetDateTime[]::new))
        .addValue(all(fresh, one -> Version.utc(one.postings().date().to()), OffsetDateTime[]::new))
        .addValue(all(fresh, Fresh::fingerprint, Long[]::new))
        .addValue(all(fresh, one -> Arrays.toString(one.hashes()).replace('[', '{').replace(']', '}'), String[]::new))
        .addValue(all(fresh, one -> one.postings().key(), String[]::new))
        .addValue(all(fresh, one -> one.postings().words(), String[]::new));
  }

  private static <T> T[] all(List<Fresh> fresh, Function<Fresh, T> column, IntFunction<T[]> array) {
    return fresh.stream().map(column).toArray(array);
  }

  private static String sql(String pattern, Definition definition) {
    return pattern.replace("@", definition.type().toLowerCase(Locale.ROOT));
  }
}
