package io.caregrid.api;

import io.caregrid.api.signin.SignIn;
import io.caregrid.cluster.AuditConfig;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.caregrid.contract.Routes;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.OwnPort;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Schema;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** This room with everything it stands on, for a test class: a real PostgreSQL, all doors on any free port, a client that waits. */
public final class Ward implements AutoCloseable {
  public static final int SHARDS = 4;
  private static final long PATIENCE_SECONDS = 120;
  public final Vertx vertx = Vertx.vertx();
  public final AtomicBoolean logIsThere = new AtomicBoolean(true);
  public final AtomicBoolean diskHasRoom = new AtomicBoolean(true);
  public final FhirStore store;
  public final DeadLetters letters;
  /** Also while its doors are closed. */
  private final OwnPort own = OwnPort.take();
  private final String address;
  public final Database database;
  /** What its doors record. */
  public final Trail audit;
  private HttpVerticle http;
  private final WebClient client;
  private String deployment;

  public Ward(LocalPostgres postgres) {
    this(postgres,
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())));
  }

  private Ward(LocalPostgres postgres, String name) {
    address = "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + name + "?user=" + postgres.user()
        + "&password=" + postgres.password();
    for (Class<? extends Record> type : List.of(Live.Watch.class, Live.Vitals.class, Live.Latest.class)) codec(type);
    DatabaseConfig where = new DatabaseConfig(postgres.host(), postgres.port(), name, postgres.user(),
        postgres.password(), 4);
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, where)));
    audit = trail(database);
    store = new FhirStore(database, audit);
    letters = new DeadLetters(database);
    openDoors(at(own.number()));
    client = WebClient.create(vertx, new WebClientOptions().setDefaultHost("127.0.0.1")
        .setDefaultPort(http.port())
        .setFollowRedirects(false));
  }

  private static HttpConfig at(int port) {
    return new HttpConfig("127.0.0.1", port, List.of(), List.of("https://example.org"), TlsConfig.NONE);
  }

  private void openDoors(HttpConfig config) {
    List<Routes> doors = new ArrayList<>(ApiDoors.all(vertx, store, letters, new AuditEvents(database), audit, SHARDS,
        List.of(new HealthRoutes.Check("database", database::answers, true),
            new HealthRoutes.Check("log", () -> Future.succeededFuture(logIsThere.get()), true),
            new HealthRoutes.Check("disk space", () -> Future.succeededFuture(diskHasRoom.get()), false)),
        () -> "# TYPE ingest_events_total counter\ningest_events_total 7.0\n", "1.2.3"));
    doors.add(SignIn.notOffered(true));
    http = new HttpVerticle(config, Doorman.OPEN, audit, doors);
    deployment = get(vertx.deployVerticle(http));
  }

  /** As an accident would have it: past the store. */
  public void sql(String statement) {
    try (Connection connection = DriverManager.getConnection(address); Statement sql = connection.createStatement()) {
      sql.executeUpdate(statement);
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  /** As if somebody else had a lock such as {@code share} on a table, until {@code meanwhile} returns. */
  public void whileLocked(String table, String mode, Runnable meanwhile) {
    try (Connection connection = DriverManager.getConnection(address); Statement sql = connection.createStatement()) {
      connection.setAutoCommit(false);
      sql.execute("lock table " + table + " in " + mode + " mode");
      meanwhile.run();
      connection.rollback();
    } catch (SQLException failed) {
      throw new AssertionError(failed);
    }
  }

  /** As if the node were gone, for as long as {@code meanwhile} takes; then it is back on the same port. */
  public void withDoorsClosed(Runnable meanwhile) {
    get(vertx.undeploy(deployment));
    try {
      meanwhile.run();
    } finally {
      openDoors(at(own.number()));
    }
  }

  private Trail trail(Database database) {
    try {
      Trail trail = Trail.open(Files.createTempDirectory("caregrid-audit"), AuditConfig.DEFAULT, "ward",
          new SimpleMeterRegistry());
      trail.ship(vertx, new AuditEvents(database));
      return trail;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private <R extends Record> void codec(Class<R> type) {
    vertx.eventBus().registerDefaultCodec(type, new RecordCodec<>(type));
  }

  public static <T> T get(Future<T> future) {
    return get(future, PATIENCE_SECONDS);
  }

  private static <T> T get(Future<T> future, long seconds) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(seconds, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException failed) {
      throw new CompletionException(failed.getCause() == null ? failed : failed.getCause());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }

  public int port() {
    return http.port();
  }

  public String base() {
    return "http://127.0.0.1:" + port();
  }

  /** What takes its time, such as a whole life in one transaction. */
  public HttpResponse<Buffer> sendLong(String verb, String address, String body) {
    return get(client.request(io.vertx.core.http.HttpMethod.valueOf(verb), address)
        .putHeader("Content-Type", "application/fhir+json")
        .sendBuffer(Buffer.buffer(body)), 10 * PATIENCE_SECONDS);
  }

  /** @param headers name, value, name, value … */
  public HttpResponse<Buffer> send(String verb, String address, String body, String... headers) {
    HttpRequest<Buffer> request = client.request(io.vertx.core.http.HttpMethod.valueOf(verb), address);
    if (body != null) request.putHeader("Content-Type", "application/fhir+json");
    for (int i = 0; i < headers.length; i += 2) request.putHeader(headers[i], headers[i + 1]);
    return get(body == null ? request.send() : request.sendBuffer(Buffer.buffer(body)));
  }

  public HttpResponse<Buffer> send(String verb, String address, Buffer body, String... headers) {
    HttpRequest<Buffer> request = client.request(io.vertx.core.http.HttpMethod.valueOf(verb), address);
    for (int i = 0; i < headers.length; i += 2) request.putHeader(headers[i], headers[i + 1]);
    return get(request.sendBuffer(body));
  }

  @Override
  public void close() {
    audit.close();
    get(vertx.close());
    own.close();
  }

  /** Gives one {@link Ward} to all tests of a JVM, as a parameter. */
  public static final class Key implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
      return parameter.getParameter().getType() == Ward.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
      ExtensionContext.Store perJvm = test.getRoot().getStore(ExtensionContext.Namespace.create(Ward.class));
      return perJvm.getOrComputeIfAbsent(Ward.class, key -> new Ward(Engines.postgres(test.getRoot())),
          Ward.class);
    }
  }
}
