package io.caregrid.store;

import io.caregrid.cluster.DatabaseConfig;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Brings a database to this version's schema without a node, and leaves it: for whoever prepares databases. Blocks. */
public final class Schema {
  private static final int MOST_SECONDS = 120;

  private Schema() {}

  /** @return takes the name of a database of this server */
  public static Consumer<String> on(String host, int port, String user, String password) {
    return name -> bring(new DatabaseConfig(host, port, name, user, password, 4));
  }

  /** Fails with what {@link Database#open} fails with. */
  public static void bring(DatabaseConfig config) {
    Vertx vertx = Vertx.vertx();
    try {
      Database.open(vertx, config).compose(Database::close).await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new IllegalStateException("the schema is not there after " + MOST_SECONDS + " s", late);
    } finally {
      vertx.close();
    }
  }
}
