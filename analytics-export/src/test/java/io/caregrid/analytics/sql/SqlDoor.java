package io.caregrid.analytics.sql;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.SqlConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.OperationOutcome;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** SQL on a free port over any tables, and a client for it. */
public final class SqlDoor implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_SECONDS = 60;
  final List<String> audited = new CopyOnWriteArrayList<>();
  final List<List<String>> named = new CopyOnWriteArrayList<>();
  volatile boolean auditIsAway;
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  final Path scratch;
  final int port;
  private final Vertx vertx = Vertx.vertx();
  final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  public SqlDoor(Tables tables, SqlConfig config, Path scratch) {
    this(tables, config, scratch, Doorman.OPEN);
  }

  SqlDoor(Tables tables, SqlConfig config, Path scratch, Doorman doorman) {
    this.scratch = scratch;
    Audit audit = entry -> {
      if (auditIsAway) return Future.failedFuture(new Failure.Busy(Audit.CLOSED));
      named.add(entry.what());
      audited.add(entry.deed() + " " + entry.query() + " " + entry.status());
      return Future.succeededFuture();
    };
    SqlRoutes routes = new SqlRoutes(tables, config, audit, metrics, scratch);
    get(vertx.deployVerticle(routes));
    Router router = Router.router(vertx);
    router.route().handler(Gate.kept(doorman, Audit.log()));
    routes.mount(router);
    router.route().last().failureHandler(SqlDoor::refuse);
    port = get(vertx.createHttpServer(new HttpServerOptions().setCompressionSupported(true))
        .requestHandler(router)
        .listen(0, "127.0.0.1")).actualPort();
  }

  /** As the house's HTTP server does it. */
  private static void refuse(RoutingContext routing) {
    if (routing.failure() instanceof Failure failure) {
      if (failure.status == 503) routing.response().putHeader("Retry-After", "2");
      routing.response()
          .setStatusCode(failure.status)
          .putHeader("Content-Type", OperationOutcome.CONTENT_TYPE)
          .end(OperationOutcome.of(failure));
    } else {
      if (routing.failure() != null) routing.failure().printStackTrace();
      routing.response().setStatusCode(500).end(OperationOutcome.ofBug());
    }
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  HttpRequest asking(String sql) {
    return posting(JSON.createObjectNode().put("sql", sql));
  }

  HttpRequest posting(ObjectNode body, String... headers) {
    HttpRequest.Builder request = request("/analytics/sql").header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    if (headers.length > 0) request.headers(headers);
    return request.build();
  }

  public HttpResponse<byte[]> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  public HttpResponse<byte[]> ask(String sql) {
    return send(asking(sql));
  }

  static ObjectNode body() {
    return JSON.createObjectNode();
  }

  public static JsonNode json(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (IOException broken) {
      throw new IllegalStateException(text(answer), broken);
    }
  }

  public static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  /** What an OperationOutcome says. */
  static String said(HttpResponse<byte[]> answer) {
    return json(answer).path("issue").path(0).path("diagnostics").asText();
  }

  /** Files of answers; empty soon after the last one was sent: its asker may have its last byte before the server closes it. */
  List<Path> left() throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      try (Stream<Path> files = Files.list(scratch.resolve("answers"))) {
        List<Path> left = files.toList();
        if (left.isEmpty() || System.nanoTime() > deadline) return left;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  @Override
  public void close() {
    get(vertx.close());
  }
}
