package io.caregrid.analytics.sql;

import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One query on its way, and how it is stopped from any thread. DuckDB forgets an interrupt that comes between two statements, so {@link #interrupt} is
 * called again and again until the query has ended.
 */
final class Running {
  private final AtomicReference<RuntimeException> why = new AtomicReference<>();
  private volatile Statement statement;

  /** The first reason counts. */
  void stop(RuntimeException reason) {
    why.compareAndSet(null, reason);
  }

  boolean isStopped() {
    return why.get() != null;
  }

  /** Throws the reason when it was stopped. Between two steps of the work. */
  void check() {
    if (isStopped()) throw why.get();
  }

  <S extends Statement> S uses(S statement) {
    this.statement = statement;
    check();
    return statement;
  }

  void interrupt() {
    Statement now = statement;
    if (!isStopped() || now == null) return;
    try {
      now.cancel();
    } catch (SQLException ended) {
      // closed in the meantime, which is what was wanted
    }
  }
}
