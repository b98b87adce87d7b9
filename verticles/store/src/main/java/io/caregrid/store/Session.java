package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;

/** Where statements run: each on any connection, or all in one transaction. Failures are not translated yet. */
@FunctionalInterface
interface Session {
  Future<RowSet<Row>> ask(String sql, Tuple values);

  static Session on(SqlConnection connection) {
    return (sql, values) -> connection.preparedQuery(sql).execute(values);
  }
}
