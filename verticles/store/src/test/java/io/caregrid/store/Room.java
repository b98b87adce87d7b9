package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.engines.AskAgain;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** What a store test needs: one Vert.x and one PostgreSQL per JVM, one migrated database per test class. */
record Room(Vertx vertx, DatabaseConfig config, Database database) implements AutoCloseable {

  static final Caller CALLER = Caller.system("test");
  private static final int DEADLINE_SECONDS = 60;

  /** {@code @ExtendWith(Room.Key.class)} and a parameter of type {@link Room} or {@link Postgres}. */
  static final class Key implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
      return parameter.getParameter().getType() == Room.class || parameter.getParameter().getType() == Postgres.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
      if (parameter.getParameter().getType() == Postgres.class) return Postgres.of(test);
      ExtensionContext testClass = test.getTestMethod().isPresent() ? test.getParent().orElseThrow() : test;
      Postgres postgres = Postgres.of(testClass);
      Store perClass = testClass.getStore(Namespace.create(Key.class, test.getRequiredTestClass()));
      return perClass.getOrComputeIfAbsent(Room.class, key -> open(postgres.migrated()), Room.class);
    }
  }

  static Room open(DatabaseConfig config) {
    Vertx vertx = Vertx.vertx();
    return new Room(vertx, config, AskAgain.whileBusy(() -> get(Database.open(vertx, config))));
  }

  @Override
  public void close() {
    get(database.close());
    get(vertx.close());
  }

  RowSet<Row> sql(String sql, Object... values) {
    return get(database.pool().preparedQuery(sql).execute(Tuple.wrap(values)));
  }

  long count(String sql, Object... values) {
    return sql("select count(*) " + sql, values).iterator().next().getLong(0);
  }

  /** What is counted in days is counted by one today: waits while a day is about to end, of the server's zone or of UTC. */
  void withinADay() {
    until("a new day", () -> count(
        "where localtime < time '23:59:15' and (now() at time zone 'UTC')::time < time '23:59:15'") == 1);
  }

  /** On a connection of its own, outside the pool. */
  static void sql(DatabaseConfig config, String sql) {
    Vertx vertx = Vertx.vertx();
    try {
      PgConnection connection = get(connect(vertx, config));
      get(connection.query(sql).execute());
      get(connection.close());
    } finally {
      get(vertx.close());
    }
  }

  static Future<PgConnection> connect(Vertx vertx, DatabaseConfig config) {
    return PgConnection.connect(vertx, new PgConnectOptions().setHost(config.host())
        .setPort(config.port())
        .setDatabase(config.database())
        .setUser(config.user())
        .setPassword(config.password()));
  }

  static <T> T get(Future<T> future) {
    try {
      return future.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new AssertionError("no answer within " + DEADLINE_SECONDS + " s", late);
    }
  }

  /** As a client does who is told to come again before anything was begun: on a loaded machine his turn may take longer than the house lets him wait. */
  static <T> Future<T> patiently(Supplier<Future<T>> ask) {
    return ask.get()
        .recover(cause -> cause instanceof Failure.Crowded ? patiently(ask) : Future.failedFuture(cause));
  }

  static <F extends Throwable> F fails(Class<F> type, Future<?> future) {
    Throwable cause = get(future.<Throwable>transform(done -> Future.succeededFuture(done.cause())));
    return Assertions.assertInstanceOf(type, cause);
  }

  static <F extends Failure> void fails(Class<F> type, int status, Future<?> future) {
    Assertions.assertEquals(status, fails(type, future).status);
  }

  static ObjectNode json(String text) {
    return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  static ObjectNode body(Stored stored) {
    return Json.read(stored.body().getBytes());
  }

  /** Waits until it is so; the condition may look into the database. */
  static void until(String what, java.util.function.BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) throw new AssertionError("not within " + DEADLINE_SECONDS + " s: " + what);
      Thread.onSpinWait();
      java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
