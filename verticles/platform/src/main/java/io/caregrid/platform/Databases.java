package io.caregrid.platform;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Failure;
import io.caregrid.store.Database;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the database with patience: one that is only just starting, as after a power cut, is waited for; what is wrong for good is said at once. */
final class Databases {
  private static final Logger log = LoggerFactory.getLogger(Databases.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Databases() {}

  static Future<Database> open(Vertx vertx, DatabaseConfig config) {
    return open(vertx, config, System.nanoTime() + PATIENCE.toNanos());
  }

  private static Future<Database> open(Vertx vertx, DatabaseConfig config, long deadline) {
    return Database.open(vertx, config).recover(failed -> {
      if (!(failed instanceof Failure.Busy)) return Future.failedFuture(failed);
      String away = "PostgreSQL at " + config.host() + ":" + config.port() + " (database.host, database.port): "
          + failed.getMessage();
      if (System.nanoTime() > deadline) return Future.failedFuture(new StartException(away));
      log.warn("waiting for {}", away);
      return vertx.timer(1, TimeUnit.SECONDS).compose(fired -> open(vertx, config, deadline));
    });
  }
}
