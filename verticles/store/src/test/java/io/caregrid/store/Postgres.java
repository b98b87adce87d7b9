package io.caregrid.store;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * The PostgreSQL the store's tests run on: the embedded one, or with {@code -Dcaregrid.test.postgres=debian} a private cluster of Debian's packages,
 * so that the same tests prove the oldest version we take. One per JVM.
 */
interface Postgres {
  String CHOICE = System.getProperty("caregrid.test.postgres", "embedded");

  /** A new, empty database. */
  DatabaseConfig createDatabase();

  /** A new database with the schema. */
  DatabaseConfig migrated();

  /** @param scope at its end the databases may go that were made since */
  static Postgres of(ExtensionContext scope) {
    return switch (CHOICE) {
      case "embedded" -> embedded(Engines.postgres(scope));
      case "debian" -> scope.getRoot()
          .getStore(Namespace.create(Postgres.class))
          .getOrComputeIfAbsent(DebianPostgres.class, once -> DebianPostgres.start(), DebianPostgres.class);
      default -> throw new IllegalArgumentException("caregrid.test.postgres is embedded or debian, not " + CHOICE);
    };
  }

  private static Postgres embedded(LocalPostgres engine) {
    return new Postgres() {
      @Override
      public DatabaseConfig createDatabase() {
        return new DatabaseConfig(engine.host(), engine.port(), engine.createDatabase(), engine.user(),
            engine.password(), 8);
      }

      @Override
      public DatabaseConfig migrated() {
        String name = engine.createDatabase(Schema.on(engine.host(), engine.port(), engine.user(), engine.password()));
        return new DatabaseConfig(engine.host(), engine.port(), name, engine.user(), engine.password(), 8);
      }
    };
  }
}
