package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Schema;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** The door of views on any free port, over a store with a real PostgreSQL, and a client that waits. Errors are answered as the house does. */
final class ViewHouse implements AutoCloseable {
  static final String ADDRESS = "/fhir/$viewdefinition-run";
  final Vertx vertx = Vertx.vertx();
  final FhirStore store;
  final List<String> audited = new CopyOnWriteArrayList<>();
  private final Database database;
  private final HttpServer server;
  private final WebClient client;

  ViewHouse(DatabaseConfig config) {
    this(config, Doorman.OPEN);
  }

  ViewHouse(DatabaseConfig config, Doorman doorman) {
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, config)));
    Audit audit = entry -> {
      audited.add(entry.deed() + " " + entry.query());
      return Future.succeededFuture();
    };
    store = new FhirStore(database, audit);
    Router router = Router.router(vertx);
    router.route().handler(Gate.kept(doorman, audit));
    new ViewRoutes(vertx, store, audit).mount(router);
    router.route().last().failureHandler(request -> {
      if (request.response().headWritten()) {
        request.request().connection().close();
      } else {
        boolean told = request.failure() instanceof Failure;
        request.response()
            .setStatusCode(told ? ((Failure) request.failure()).status : 500)
            .end(told ? OperationOutcome.of((Failure) request.failure()) : OperationOutcome.ofBug());
      }
    });
    server = get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1"));
    client = WebClient.create(vertx);
  }

  static DatabaseConfig empty(LocalPostgres postgres) {
    return new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), 4);
  }

  int port() {
    return server.actualPort();
  }

  Stored create(String json) {
    ObjectNode resource = (ObjectNode) ViewTest.json(json);
    String type = resource.path("resourceType").asText();
    if (!resource.has("id")) return get(store.create(Caller.LOCAL, type, resource));
    return get(store.createIfAbsent(Caller.LOCAL, type, resource.path("id").asText(), resource));
  }

  /** @param more parameters beside the view, each with a comma before it */
  HttpResponse<Buffer> run(String view, String more, String... headers) {
    return post(ADDRESS, parameters(view, more), headers);
  }

  static String parameters(String view, String more) {
    return ViewTest
        .json("{'resourceType':'Parameters','parameter':[{'name':'viewResource','resource':" + view + "}" + more
            + "]}")
        .toString();
  }

  HttpResponse<Buffer> post(String address, String body, String... headers) {
    var request = client.post(port(), "127.0.0.1", address).putHeader("Content-Type", "application/fhir+json");
    for (int i = 0; i < headers.length; i += 2) request.putHeader(headers[i], headers[i + 1]);
    return get(request.sendBuffer(Buffer.buffer(body)));
  }

  static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException(failed.getCause() == null ? failed : failed.getCause());
    }
  }

  @Override
  public void close() {
    get(server.close());
    get(database.close());
    get(vertx.close());
  }
}
