package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.VertxException;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.ClosedConnectionException;
import io.vertx.sqlclient.TransactionRollbackException;
import java.io.IOException;
import java.util.concurrent.TimeoutException;

/**
 * What the database's errors mean to a caller (PostgreSQL appendix A). Everything that is not listed is a bug of ours and stays what it is.
 * Messages of the database are not passed on: they quote values.
 */
final class Failures {
  private static final String AWAY = "The database does not answer; try again shortly";

  private Failures() {}

  static <T> Future<T> recover(Throwable cause) {
    return Future.failedFuture(of(cause));
  }

  static Throwable of(Throwable cause) {
    if (cause instanceof Failure) return cause;
    if (cause instanceof PgException refused) return ofState(refused);
    if (cause instanceof TransactionRollbackException)
      return new Failure.Conflict("Another change came first; try again");
    boolean away = cause instanceof ClosedConnectionException || cause instanceof IOException
        || cause instanceof TimeoutException || cause instanceof VertxException;
    return away ? new Failure.Busy(AWAY) : cause;
  }

  private static Throwable ofState(PgException refused) {
    String state = refused.getSqlState();
    if (state == null) return new Failure.Busy(AWAY);
    return switch (state) {
      case "23505" -> new Failure.Conflict("It exists already");
      case "40001", "40P01" -> new Failure.Conflict("Another change came first; try again");
      case "22021", "22P05" -> new Failure.Invalid("A text holds a character that cannot be kept, such as NUL");
      case "55P03", "57014", "25P03", "25P04" ->
        new Failure.Busy("The database is too busy for this now; try again shortly");
      case "25006" -> new Failure.Busy("The database is a standby and takes no changes; try again after the failover");
      case "53100" -> new Failure.Busy("The database's disk is full");
      default -> retryable(state) ? new Failure.Busy(AWAY) : refused;
    };
  }

  /** Connection exceptions, a log-in or a database that is refused (in the middle of a failover), lack of resources, operator intervention. */
  private static boolean retryable(String state) {
    return state.startsWith("08") || state.startsWith("28") || state.startsWith("3D") || state.startsWith("53")
        || state.startsWith("57");
  }

  /** True when the same transaction may succeed if it is simply run again. */
  static boolean lostRace(Throwable cause) {
    return cause instanceof PgException refused
        && ("40001".equals(refused.getSqlState()) || "40P01".equals(refused.getSqlState()));
  }
}
