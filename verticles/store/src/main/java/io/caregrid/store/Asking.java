package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import java.util.concurrent.TimeUnit;

/**
 * Where the statements of a search are asked: on one of the searches' own connections, or on that of a transaction, which sees what it has written so far.
 * {@link Failure.TooCostly}: the server ended it, because it took too long. Other failures are not translated yet.
 *
 * @param client null: the searches' own
 */
record Asking(Database database, SqlClient client) {

  Future<RowSet<Row>> find(SearchPlan.Statement statement) {
    SqlClient on = client == null ? database.finding() : client;
    return costly(on.preparedQuery(statement.sql()).execute(statement.values()));
  }

  /** Ended by the server after {@code seconds}; in a transaction as late as everything else of it. */
  Future<RowSet<Row>> findWithin(int seconds, SearchPlan.Statement statement) {
    if (client != null) return find(statement);
    return costly(database.finding()
        .withTransaction(connection -> connection.query("set local statement_timeout = '" + seconds + "s'")
            .execute()
            .compose(limited -> connection.preparedQuery(statement.sql()).execute(statement.values()))));
  }

  private static Future<RowSet<Row>> costly(Future<RowSet<Row>> answer) {
    return answer.timeout(Database.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .recover(cause -> Future.failedFuture(cause instanceof PgException ended && "57014".equals(ended.getSqlState())
            ? new Failure.TooCostly("The search took too long and was ended: name more of what is searched for, "
                + "a narrower range, or ask for no total")
            : cause));
  }

  Damage damage() {
    return database.damage();
  }
}
