package io.caregrid.api.auth;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.House;
import io.caregrid.api.HttpVerticle;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Roles;
import io.caregrid.contract.Routes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** An HTTP port whose door asks who calls, with issuers as told, a clock that stands still, and a client. */
final class LockedDoor implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  final Vertx vertx = Vertx.vertx();
  final TestClock clock = new TestClock();
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  final List<String> audited = new CopyOnWriteArrayList<>();
  final Authentication authentication;
  private final HttpVerticle http;
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** @param settings {@code key=value} each */
  LockedDoor(NodeKey key, String... settings) throws Exception {
    NodeConfig config = Configuration.defaults().withFlags(List.of(settings)).node();
    authentication = new Authentication(vertx, config, key, Roles.BUILT_IN, clock, metrics);
    Routes door = router -> {
      needs(Access.FHIR_READ, router.get("/thing")).handler(request -> request.end(told(Gate.caller(request))));
      needs(Access.FHIR_WRITE, router.post("/thing"))
          .handler(request -> request.request().body().onSuccess(body -> request.end(body.length() + " bytes")));
      needs(Access.OPEN, router.get("/open")).handler(request -> request.end("open"));
    };
    http = new HttpVerticle(House.ANY_PORT, authentication.doorman(),
        entry -> {
          audited.add(entry.caller().subject() + " " + entry.query() + " " + entry.status());
          return Future.succeededFuture();
        },
        List.of(door));
    get(vertx.deployVerticle(http));
  }

  private static String told(Caller caller) {
    return caller.subject() + "|" + caller.name() + "|" + String.join(",", caller.roles().stream().sorted().toList())
        + "|"
        + caller.address();
  }

  /** What an issuer says of a reader, good for five minutes. */
  ObjectNode claims(OwnIssuer issuer) {
    long now = clock.instant().getEpochSecond();
    return JSON.createObjectNode()
        .put("iss", issuer.url())
        .put("aud", "caregrid")
        .put("sub", "s-1")
        .put("preferred_username", "ada")
        .put("iat", now)
        .put("exp", now + 300)
        .set("roles", JSON.createArrayNode().add("FHIR Data Reader"));
  }

  HttpResponse<String> ask(String token) {
    return send(request("/thing").header("Authorization", "Bearer " + token));
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  HttpClient client() {
    return client;
  }

  /** Until the issuers of the start have been asked. */
  LockedDoor ready() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
    while (!authentication.allThere()) {
      if (System.nanoTime() > deadline) throw new AssertionError("the issuer was not reached");
      TimeUnit.MILLISECONDS.sleep(5);
    }
    return this;
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws Exception {
    authentication.close();
    get(vertx.close());
  }
}
