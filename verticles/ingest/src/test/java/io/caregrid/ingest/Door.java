package io.caregrid.ingest;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Gate;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** {@code /ingest} on a free port, and a client for it. */
final class Door implements AutoCloseable {
  final Vertx vertx = Vertx.vertx();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final IngestVerticle verticle;
  final int port;
  private final HttpClient client = HttpClient.newHttpClient();

  Door(KafkaConfig kafka, IngestConfig ingest) throws Exception {
    verticle = new IngestVerticle(vertx, kafka, ingest, House::vitals, meters);
    await(vertx.deployVerticle(verticle));
    Router router = Router.router(vertx);
    router.route().handler(Gate.kept(Doorman.OPEN, Audit.log()));
    verticle.mount(router);
    port = await(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1")).actualPort();
    Await.until("the door", verticle::ready);
  }

  HttpResponse<String> json(String body) throws Exception {
    return post("application/json", body.getBytes());
  }

  HttpResponse<String> lines(String body) throws Exception {
    return post("application/x-ndjson", body.getBytes());
  }

  HttpResponse<String> post(String type, byte[] body, String... headers) throws IOException, InterruptedException {
    return postTo("/ingest", type, body, headers);
  }

  HttpResponse<String> postTo(String path, String type, byte[] body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (type != null) request.header("Content-Type", type);
    if (headers.length > 0) request.headers(headers);
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> later(String body) {
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/ingest"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
    return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get() throws Exception {
    return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/ingest")).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static <T> T await(Future<T> future) throws InterruptedException, ExecutionException {
    return future.toCompletionStage().toCompletableFuture().get();
  }

  @Override
  public void close() throws Exception {
    await(vertx.close());
  }
}
