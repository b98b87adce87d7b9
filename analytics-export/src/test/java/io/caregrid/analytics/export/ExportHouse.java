package io.caregrid.analytics.export;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Called;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Grants;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.engines.AskAgain;
import io.caregrid.store.Database;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Step;
import io.caregrid.store.Stored;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A node's door of exports on a free port, over a real PostgreSQL and a folder. It believes who a client says it is, a token
 * that names who has it, and a proxy that tells {@code X-Proxied}. */
final class ExportHouse implements AutoCloseable {
  /** Decimals keep their digits. */
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();
  private static final Caller ERASER = new Caller("eraser", null, null, Set.of(),
      Grants.of(Access.FHIR_WRITE, Access.FHIR_HARD_DELETE), null, null, null);
  final Vertx vertx = Vertx.vertx();
  final Database database;
  final FhirStore store;
  final ExportJobs jobs;
  final List<Audit.Entry> audited = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  private static final String BEARER = "Bearer the-token-of-";
  /** Of a node without a folder of configurations. */
  static final Keys KEYS = new Keys("a key to shift dates by", "a key of forty bytes, as long as is asked", null);

  ExportHouse(DatabaseConfig config, ObjectStore files, Path scratch, ExportConfig export, Duration held) {
    this(config, files, scratch, export, held, new RuleBooks(null, KEYS, Clock.systemUTC()));
  }

  ExportHouse(DatabaseConfig config, ObjectStore files, Path scratch, ExportConfig export, Duration held,
      RuleBooks books) {
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, config)));
    Audit audit = entry -> {
      audited.add(entry);
      return Future.succeededFuture();
    };
    store = new FhirStore(database, audit);
    jobs = new ExportJobs(database);
    ExportVerticle work = new ExportVerticle(database, files, true, scratch, audit, books, export, held);
    get(vertx.deployVerticle(work));
    Router router = Router.router(vertx);
    router.route().handler(request -> {
      String host = request.request().getHeader("X-Proxied");
      if (host != null) new Called("https", HostAndPort.parseAuthority(host, -1), "192.0.2.1").put(request);
      request.next();
    });
    router.route()
        .handler(Gate.kept(request -> {
          String subject = request.request().getHeader("X-Subject");
          String proof = request.request().getHeader("Authorization");
          if (subject == null && proof != null && proof.startsWith(BEARER)) subject = proof.substring(BEARER.length());
          return subject == null
              ? Future.failedFuture(new Failure.Unauthenticated("who is this?"))
              : Future.succeededFuture(who(subject));
        }, audit));
    new ExportRoutes(store, jobs, files, audit, work, books, false).mount(router);
    router.route().last().failureHandler(request -> {
      if (request.response().headWritten()) {
        request.request().connection().close();
        return;
      }
      boolean told = request.failure() instanceof Failure;
      if (!told) request.failure().printStackTrace();
      request.response()
          .setStatusCode(told ? ((Failure) request.failure()).status : 500)
          .end(told ? OperationOutcome.of((Failure) request.failure()) : OperationOutcome.ofBug());
    });
    server = get(vertx.createHttpServer(new HttpServerOptions().setCompressionSupported(true))
        .requestHandler(router)
        .listen(0, "127.0.0.1"));
  }

  private static Caller who(String subject) {
    Grants grants = switch (subject) {
      case "admin" -> Grants.of(Access.FHIR_EXPORT, Access.FHIR_READ, Access.OPERATE);
      case "researcher" -> Grants.of(Access.FHIR_EXPORT_DEIDENTIFIED);
      default -> Grants.of(Access.FHIR_EXPORT, Access.FHIR_READ);
    };
    return new Caller(subject, "https://issuer.example", null, Set.of(), grants, null, null, null);
  }

  BulkClient client(String subject) {
    return new BulkClient(base(), subject);
  }

  String base() {
    return "http://127.0.0.1:" + server.actualPort();
  }

  /** Of all nodes on its database. */
  byte[] secret() {
    return get(jobs.secret()).getBytes();
  }

  Stored put(String json) {
    ObjectNode resource = json(json);
    return get(
        store.update(Caller.LOCAL, resource.path("resourceType").asText(), resource.path("id").asText(), resource,
            OptionalInt.empty()));
  }

  void delete(String type, String id) {
    get(store.delete(Caller.LOCAL, type, id, OptionalInt.empty()));
  }

  void erase(String type, String id) {
    get(store.erase(ERASER, type, id, OptionalInt.empty()));
  }

  void transaction(List<Step> steps) {
    get(store.transaction(Caller.LOCAL, steps));
  }

  static ObjectNode json(String json) {
    try {
      return (ObjectNode) JSON.readTree(json.replace('\'', '"'));
    } catch (IOException broken) {
      throw new IllegalStateException(broken);
    }
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
    get(vertx.close());
  }
}
