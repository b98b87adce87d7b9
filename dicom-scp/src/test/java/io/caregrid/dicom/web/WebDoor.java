package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.dicom.Await;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.Schema;
import io.micrometer.core.instrument.MeterRegistry;
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
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** DICOMweb on a free port, over an archive and a database of its own, and a client for it. */
final class WebDoor implements AutoCloseable {
  static final String MULTIPART = "multipart/related; type=\"application/dicom\"; boundary=b";
  static final String ANY = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
  static final String AS_KEPT = "application/dicom; transfer-syntax=*";
  /** Instances of 8 MB at most, 16 MB of them in memory. */
  static final DicomConfig SMALL = limited(8 << 20, 16 << 20);

  final Vertx vertx = Vertx.vertx();
  final List<String> audited = new CopyOnWriteArrayList<>();
  final MeterRegistry metrics = new SimpleMeterRegistry();
  final Archive archive;
  final Path scratch;
  final int port;
  private final Database database;
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** On a new database. */
  WebDoor(LocalPostgres postgres, Path folder, DicomConfig config) {
    this(new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), 4), folder, config);
  }

  WebDoor(DatabaseConfig where, Path folder, DicomConfig config) {
    scratch = folder.resolveSibling(folder.getFileName() + "-scratch");
    database = AskAgain.whileBusy(() -> Await.get(Database.open(vertx, where)));
    ImageIndex index = new ImageIndex(database);
    archive = Await.get(Archive.open(vertx, config, folder, index, metrics));
    Audit audit = entry -> {
      audited.add(entry.deed() + " " + entry.what() + " " + entry.patientIds());
      return Future.succeededFuture();
    };
    DicomWebVerticle web = new DicomWebVerticle(vertx, archive, index, audit, config, scratch);
    Await.get(vertx.deployVerticle(web));
    Router router = Router.router(vertx);
    router.route().handler(Gate.kept(Doorman.OPEN, audit));
    web.mount(router);
    router.route().last().failureHandler(WebDoor::refuse);
    port = Await.get(vertx.createHttpServer(new HttpServerOptions().setCompressionSupported(true))
        .requestHandler(router)
        .listen(0, "127.0.0.1")).actualPort();
  }

  /** As the house's HTTP server does it. */
  private static void refuse(RoutingContext routing) {
    if (routing.failure() instanceof Failure failure) {
      if (failure.status == 503)
        routing.response().putHeader("Retry-After", String.valueOf(Failure.Busy.RETRY_AFTER_SECONDS));
      routing.response()
          .setStatusCode(failure.status)
          .putHeader("Content-Type", OperationOutcome.CONTENT_TYPE)
          .end(OperationOutcome.of(failure));
    } else {
      if (routing.failure() != null) routing.failure().printStackTrace();
      routing.response().setStatusCode(routing.statusCode() < 0 ? 500 : routing.statusCode()).end();
    }
  }

  static DicomConfig limited(long maxInstance, int bufferBytes) {
    return limited(maxInstance, bufferBytes, DicomConfig.DEFAULT.workHeapPercent());
  }

  static DicomConfig limited(long maxInstance, int bufferBytes, int workHeapPercent) {
    DicomConfig usual = DicomConfig.DEFAULT;
    return new DicomConfig(usual.host(), 0, usual.aeTitle(), List.of(), null, false, 8, 8, usual.maxPdu(), maxInstance,
        bufferBytes, workHeapPercent, usual.artim(), usual.idle(), false, Map.of());
  }

  String base() {
    return "http://127.0.0.1:" + port + "/dicom-web";
  }

  /** All in one multipart body. */
  HttpResponse<byte[]> store(byte[]... files) throws IOException, InterruptedException {
    return post("/studies", MULTIPART, Slices.multipart("b", files));
  }

  void stored(byte[]... files) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer = store(files);
    assertEquals(200, answer.statusCode(), () -> Answers.text(answer));
  }

  /** @param headers name, value, name, value … */
  HttpResponse<byte[]> get(String path, String... headers) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder().GET(), path, headers);
  }

  HttpResponse<byte[]> post(String path, String type, byte[] body, String... headers)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder().header("Content-Type", type).POST(HttpRequest.BodyPublishers.ofByteArray(body)), path,
        headers);
  }

  HttpResponse<byte[]> delete(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder().DELETE(), path);
  }

  private HttpResponse<byte[]> send(HttpRequest.Builder request, String path, String... headers)
      throws IOException, InterruptedException {
    if (headers.length > 0) request.headers(headers);
    return client.send(request.uri(URI.create(path.startsWith("http") ? path : base() + path)).build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  @Override
  public void close() {
    archive.close();
    Await.get(database.close());
    Await.get(vertx.close());
  }
}
