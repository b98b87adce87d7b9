package io.caregrid.contract;

import static io.caregrid.contract.Gate.needs;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GateTest {
  private final Vertx vertx = Vertx.vertx();
  private Future<Void> recording = Future.succeededFuture();
  private final List<String> audited = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private int port;

  @AfterEach
  void close() throws Exception {
    get(vertx.close());
  }

  private static Caller reader() {
    Set<String> roles = Set.of("FHIR Data Reader");
    return new Caller("r", null, null, roles, Roles.BUILT_IN.grants(roles), null, null, null);
  }

  private void open(Doorman doorman) throws Exception {
    Router router = Router.router(vertx);
    if (doorman != null)
      router.route()
          .handler(Gate.kept(doorman,
              entry -> {
                audited.add(entry.caller().subject() + " " + entry.what() + " " + entry.query() + " " + entry.status());
                return recording;
              }));
    needs(Access.FHIR_READ, router.get("/read/:id"))
        .handler(request -> request.end("read by " + Gate.caller(request).subject()));
    needs(Access.OPERATE, router.get("/thread")).handler(
        request -> request.end(Gate.caller(request).subject() + " ran on " + Thread.currentThread().getName()));
    needs(Access.FHIR_WRITE, router.post("/write")).handler(GateTest::length);
    needs(Access.OPEN, router.get("/open")).handler(request -> request.end("open"));
    needs(Access.OPEN, router.get("/asks")).handler(request -> request.end(Gate.caller(request).subject()));
    router.route().last().failureHandler(GateTest::answer);
    port = get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1")).actualPort();
  }

  private static void length(RoutingContext request) {
    request.request().body().onSuccess(body -> request.end("got " + body.length()));
  }

  private static void answer(RoutingContext request) {
    int status = request.failure() instanceof Failure failure ? failure.status : 500;
    request.response()
        .setStatusCode(status)
        .end(request.failure() == null ? "" : request.failure().getMessage());
  }

  @Test
  void withoutADoormanNobodyComesIn() throws Exception {
    open(null);

    assertEquals(401, send("GET", "/read/1", "").statusCode());
    assertEquals(200, send("GET", "/open", "").statusCode());
  }

  @Test
  void theCallerReachesTheHandler() throws Exception {
    open(request -> Future.succeededFuture(reader()));

    assertEquals("read by r", send("GET", "/read/1", "").body());
    assertEquals(List.of(), audited);
  }

  @Test
  void whoProvesNothingLearnsWhatToSend() throws Exception {
    open(request -> Future.failedFuture(new Failure.Unauthenticated("send a token")));

    HttpResponse<String> answer = send("GET", "/read/7", "");

    assertEquals(401, answer.statusCode());
    assertEquals("Bearer realm=\"caregrid\"", answer.headers().firstValue("WWW-Authenticate").orElseThrow());
    assertEquals(List.of("unknown [/read/7] GET /read/7 needs FHIR_READ 401"), audited);
  }

  @Test
  void whoProvesWronglyLearnsWhy() throws Exception {
    open(
        request -> Future.failedFuture(new Failure.Unauthenticated("the \"token\" hat abgelaufen ü", "invalid_token")));

    HttpResponse<String> answer = send("GET", "/read/7", "");

    assertEquals(
        "Bearer realm=\"caregrid\", error=\"invalid_token\", error_description=\"the 'token' hat abgelaufen ?\"",
        answer.headers().firstValue("WWW-Authenticate").orElseThrow());
  }

  @Test
  void whoMayNotLearnsWhatIsMissing() throws Exception {
    open(request -> Future.succeededFuture(reader()));

    HttpResponse<String> answer = send("POST", "/write", "x".repeat(1_000_000));

    assertEquals(403, answer.statusCode());
    assertTrue(answer.body().contains("FHIR_WRITE"), answer.body());
    assertTrue(answer.body().contains("FHIR Data Writer, FHIR Data Contributor"), answer.body());
    assertTrue(answer.headers().firstValue("WWW-Authenticate").orElseThrow().contains("insufficient_scope"));
    assertEquals(List.of("r [/write] POST /write needs FHIR_WRITE 403"), audited);
  }

  @Test
  void aTokenInTheAddressIsRefusedEvenWhereTheDoorIsOpen() throws Exception {
    open(Doorman.OPEN);

    HttpResponse<String> answer = send("GET", "/read/7?access_token=abc", "");

    assertEquals(400, answer.statusCode());
    assertTrue(answer.headers().firstValue("WWW-Authenticate").orElseThrow().contains("invalid_request"));
    assertFalse(answer.body().contains("abc"));
  }

  @Test
  void aBodyThatArrivesWhileTheDoormanThinksIsNotLost() throws Exception {
    open(request -> {
      Promise<Caller> later = Promise.promise();
      request.vertx().setTimer(200, thought -> later.complete(Caller.LOCAL));
      return later.future();
    });

    assertEquals("got 3000000", send("POST", "/write", "y".repeat(3_000_000)).body());
    assertEquals("read by local", send("GET", "/read/1", "").body());
  }

  @Test
  void aDoormanOfAnotherThreadLetsTheHandlerRunOnTheRequestsOwn() throws Exception {
    open(request -> {
      Thread mine = Thread.currentThread();
      Promise<Caller> later = Promise.promise();
      new Thread(() -> later.complete(new Caller(mine.getName(), null, null, Set.of(), Grants.ALL, null, null, null)),
          "elsewhere").start();
      return later.future();
    });

    for (int n = 0; n < 20; n++) {
      String[] threads = send("GET", "/thread", "").body().split(" ran on ");
      assertEquals(threads[0], threads[1]);
    }
  }

  @Test
  void whoCannotBeExaminedNowIsToldSoAndNotChallenged() throws Exception {
    open(request -> Future.failedFuture(new Failure.Busy("the issuer is away")));

    HttpResponse<String> answer = send("GET", "/read/7", "");

    assertEquals(503, answer.statusCode());
    assertTrue(answer.headers().firstValue("WWW-Authenticate").isEmpty());
  }

  @Test
  void anOpenRouteKnowsNoCaller() throws Exception {
    open(Doorman.OPEN);

    assertEquals(500, send("GET", "/asks", "").statusCode());
  }

  @Test
  void aRouteThatNamesNothingIsFound() {
    Router router = Router.router(vertx);
    Gate.filter(router.route()).handler(RoutingContext::next);
    needs(Access.OPEN, router.get("/a")).handler(RoutingContext::end);
    router.get("/forgotten").handler(RoutingContext::end);

    assertEquals(List.of("/forgotten"), Gate.unguarded(router).stream().map(route -> route.getPath()).toList());
  }

  @Test
  void rolesAreFoundInAnySpelling() {
    assertEquals("FHIR Data Reader", Roles.BUILT_IN.find("FhirDataReader").orElseThrow().name());
    assertEquals("DICOM Data Owner", Roles.BUILT_IN.find("dicom-data_owner").orElseThrow().name());
    assertEquals(Grants.NONE, Roles.BUILT_IN.grants(List.of("Nobody")));
    assertFalse(Roles.BUILT_IN.grants(List.of("FHIR Data Writer")).may(Access.FHIR_HARD_DELETE));
    assertFalse(Roles.BUILT_IN.grants(List.of("FHIR Data Contributor")).may(Access.AUDIT_READ));
  }

  @Test
  void aTableIsReachedOnlyWhereItIsNamed() {
    Grants some = new Grants(Set.of(Access.ANALYTICS_QUERY), Set.of("vitals"));

    assertTrue(some.mayQuery("vitals"));
    assertFalse(some.mayQuery("Patient"));
    assertFalse(new Grants(Set.of(), Set.of(Grants.EVERY_TABLE)).mayQuery("vitals"), "tables alone open no door");
    assertThrows(UnsupportedOperationException.class, () -> some.tables().add("Patient"));
  }

  private HttpResponse<String> send(String verb, String path, String body) throws Exception {
    HttpRequest.BodyPublisher publisher = body.isEmpty()
        ? HttpRequest.BodyPublishers.noBody()
        : HttpRequest.BodyPublishers.ofString(body);
    return client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .method(verb, publisher)
        .build(), HttpResponse.BodyHandlers.ofString());
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void aRefusalWithABodyIsAnsweredWhenItIsRecordedAndNotBefore() throws Exception {
    Promise<Void> kept = Promise.promise();
    recording = kept.future();
    open(request -> Future.succeededFuture(reader()));

    CompletableFuture<HttpResponse<String>> answer = CompletableFuture.supplyAsync(() -> {
      try {
        return send("POST", "/write", "x".repeat(100_000));
      } catch (Exception failed) {
        throw new CompletionException(failed);
      }
    });
    assertThrows(TimeoutException.class, () -> answer.get(300, TimeUnit.MILLISECONDS));
    vertx.runOnContext(now -> kept.complete());

    assertEquals(403, answer.get(60, TimeUnit.SECONDS).statusCode());
  }
}
