package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Where the statements of one search are asked: on one of the searches' own connections, or on that of a transaction, which sees what it has written so far.
 * {@link Failure.TooCostly}: the server ended one, because it took too long, or all together do. Other failures are not translated yet.
 *
 * <p>A page in order is found in two ways: by an index of that order, walked until the page is full, or by looking up all that is meant and sorting it. The
 * planner takes what is meant for spread evenly over the table, and for more frequent than it may be, and so walks through a million rows to an
 * identifier, or through all that is new to what is old. So what is rare ({@link Frequencies}) is looked up; of the rest the planner decides, and a
 * statement that is not answered soon ({@link Database#HASTY_MILLIS}) is asked once more the other way.
 *
 * @param client   null: the searches' own
 * @param deadline {@link System#nanoTime} from which on nothing more is asked
 */
record Asking(Database database, SqlClient client, long deadline) {

  /** Within so much time in all, but for the statement that is under way then. */
  static Asking within(Duration time, Database database, SqlClient client) {
    return new Asking(database, client, System.nanoTime() + time.toNanos());
  }

  /** A page of a plan. */
  Future<RowSet<Row>> page(SearchPlan plan, Order order, int limit, long bytes, PageToken.Key after) {
    return database.frequencies()
        .way(on(), plan)
        .compose(way -> find(plan.page(way, order, limit, bytes, after)));
  }

  /** Whether it surely means few. */
  Future<Boolean> isRare(SearchPlan plan) {
    return database.frequencies().isRare(on(), plan);
  }

  /** How Patients are found by what such resources lead to. */
  Future<SearchPlan.Lead> lead(SearchPlan plan) {
    return database.frequencies().lead(on(), plan);
  }

  private SqlClient on() {
    return client == null ? database.finding() : client;
  }

  Future<RowSet<Row>> find(SearchPlan.Statement statement) {
    if (isLate()) return Future.failedFuture(late());
    if (client != null) return costly(asked(client, statement.sql(), statement));
    return asked(database.finding(), statement.sql(), statement).recover(cause -> isEnded(cause)
        ? limited(Database.SEARCH_SECONDS, statement.otherwise(), statement)
        : Future.failedFuture(cause));
  }

  /** Ended by the server after {@code seconds}; in a transaction as late as everything else of it. */
  Future<RowSet<Row>> findWithin(int seconds, SearchPlan.Statement statement) {
    if (isLate()) return Future.failedFuture(late());
    return client == null
        ? limited(seconds, statement.sql(), statement)
        : costly(asked(client, statement.sql(), statement));
  }

  private Future<RowSet<Row>> limited(int seconds, String sql, SearchPlan.Statement statement) {
    return costly(database.finding()
        .withTransaction(connection -> connection.query("set local statement_timeout = '" + seconds + "s'")
            .execute()
            .compose(limited -> asked(connection, sql, statement))));
  }

  private static Future<RowSet<Row>> asked(SqlClient on, String sql, SearchPlan.Statement statement) {
    return on.preparedQuery(sql).execute(statement.values()).timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static Future<RowSet<Row>> costly(Future<RowSet<Row>> answer) {
    return answer.recover(cause -> Future.failedFuture(isEnded(cause)
        ? new Failure.TooCostly("The search took too long and was ended: name more of what is searched for, "
            + "a narrower range, or ask for no total")
        : cause));
  }

  private static boolean isEnded(Throwable cause) {
    return cause instanceof PgException ended && "57014".equals(ended.getSqlState());
  }

  private boolean isLate() {
    return System.nanoTime() - deadline > 0;
  }

  private static Failure late() {
    return new Failure.TooCostly("All that the search leads to takes too long together, and it was ended: name more of "
        + "what is searched for, fewer types, or fewer links");
  }

  Damage damage() {
    return database.damage();
  }
}
