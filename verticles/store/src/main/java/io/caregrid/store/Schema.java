package io.caregrid.store;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Brings a database to this version's schema without a node, and leaves it: for whoever prepares databases. Blocks. */
public final class Schema {
  private static final int MOST_SECONDS = 120;
  private static final long PAUSE_MILLIS = 200;

  private Schema() {}

  /** @return takes the name of a database of this server */
  public static Consumer<String> on(String host, int port, String user, String password) {
    return name -> bring(new DatabaseConfig(host, port, name, user, password, 4));
  }

  /**
   * Fails with what {@link Database#open} fails with. While that is Busy, as for the first connection of a fresh process on a loaded machine, it is asked
   * again for two minutes.
   */
  public static void bring(DatabaseConfig config) {
    Vertx vertx = Vertx.vertx();
    try {
      open(vertx, config, System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS)).compose(Database::close)
          .await(2 * MOST_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new IllegalStateException("the schema is not there after " + 2 * MOST_SECONDS + " s", late);
    } finally {
      closed(vertx);
    }
  }

  private static Future<Database> open(Vertx vertx, DatabaseConfig config, long deadline) {
    return Database.open(vertx, config)
        .recover(failed -> failed instanceof Failure.Busy && System.nanoTime() - deadline < 0
            ? vertx.timer(PAUSE_MILLIS, TimeUnit.MILLISECONDS).compose(fired -> open(vertx, config, deadline))
            : Future.failedFuture(failed));
  }

  /** Nobody copies a database to which somebody is connected: such as a connection that came to be when it was not waited for any more. */
  private static void closed(Vertx vertx) {
    try {
      vertx.close().await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new IllegalStateException("the connections are not closed after " + MOST_SECONDS + " s", late);
    }
  }
}
