package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sorts in what waits in the token and text indexes (V012, V019) soon after it was written: whoever writes does not do it, and who searches finds little
 * waiting. What is left out, because this failed or a node died, waits for the next write of its type, for its list to be full, or for PostgreSQL's
 * autovacuum; it is found all the same. Belongs to the {@link Sequencer}'s context.
 */
final class IndexLists {
  private static final Logger log = LoggerFactory.getLogger(IndexLists.class);
  private static final String WRITTEN = """
      select distinct type from feed where incarnation = (select incarnation from feed_head) and position > $1""";
  /** It takes until a list is empty: behind an import, which fills it on, it is ended, and what it did is done. */
  private static final String BRIEFLY = "set local statement_timeout = '3s'";
  private static final String SORT_IN = "select sort_in_index_entries($1) as pages";
  private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long NOTHING = Long.MAX_VALUE;

  private final Database database;
  private Future<Long> sorting = Future.succeededFuture();
  private long behind = NOTHING;
  private long last = System.nanoTime() - EVERY_NANOS;
  private boolean failing;

  IndexLists(Database database) {
    this.database = database;
  }

  /** @param position of the feed before a pass that gave changes their place */
  void written(long position) {
    behind = Math.min(behind, position);
  }

  /** Begins when it is time, and nothing is under way. */
  void sortIn() {
    if (behind == NOTHING || !sorting.isComplete() || System.nanoTime() - last < EVERY_NANOS) return;
    long from = behind;
    behind = NOTHING;
    last = System.nanoTime();
    sorting = sortIn(database, from).onComplete(done -> {
      if (done.failed()) behind = Math.min(behind, from);
      if (done.cause() instanceof Failure.Busy || isEnded(done.cause())) return;
      if (done.failed() && !failing)
        log.warn("what waits in the indexes is not sorted in yet, trying again cause={}",
            Cause.withoutValues(Failures.of(done.cause())));
      failing = done.failed();
    });
  }

  private static boolean isEnded(Throwable cause) {
    return cause instanceof PgException ended && "57014".equals(ended.getSqlState());
  }

  /** What is under way. */
  Future<Long> sorting() {
    return sorting;
  }

  /** Of the types whose changes were given a place behind that, one after the other. @return pages that were waiting; Busy: another node is at one of them */
  static Future<Long> sortIn(Database database, long behind) {
    return database.ask(WRITTEN, Tuple.of(behind)).compose(types -> {
      Future<Long> all = Future.succeededFuture(0L);
      for (Row type : types)
        all = all.compose(before -> sortIn(database, type.getString("type")).map(pages -> before + pages));
      return all;
    });
  }

  private static Future<Long> sortIn(Database database, String type) {
    return database.pool()
        .withTransaction(connection -> connection.query(BRIEFLY)
            .execute()
            .compose(brief -> connection.preparedQuery(SORT_IN).execute(Tuple.of(type))))
        .timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .map(rows -> {
          Long pages = rows.iterator().next().getLong("pages");
          if (pages == null) throw new Failure.Busy("another node is sorting them in");
          return pages;
        });
  }
}
