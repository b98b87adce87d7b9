package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.TargetConfig;
import io.caregrid.contract.Change;
import io.caregrid.events.Courier.Answer;
import io.caregrid.events.Courier.Letter;
import io.caregrid.store.Deliveries.Delivery;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever we tell or ask, and answers without an end, by drops or in floods: is waited for as long as was said, kept as far as was said, and hung up on. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndlessAnswersTest {
  private static final Duration SHORT = Duration.ofMillis(600);
  /** Longer than any of these tests. */
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Buffer FLOOD = Buffer.buffer(" ".repeat(64 << 10));
  private final Vertx vertx = Vertx.vertx();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch hungUp = new CountDownLatch(1);
  private HttpServer server;
  private volatile String first = "{";
  private volatile boolean floods;

  @BeforeEach
  void open() {
    server = get(vertx.createHttpServer().requestHandler(this::heard).listen(0, "127.0.0.1"));
  }

  @AfterEach
  void close() {
    get(vertx.close());
  }

  private void heard(HttpServerRequest request) {
    asked.countDown();
    request.connection().closeHandler(closed -> hungUp.countDown());
    HttpServerResponse response = request.response().setChunked(true);
    response.write(first);
    if (floods) flood(response);
    else vertx.setPeriodic(20, timer -> {
      if (response.closed()) vertx.cancelTimer(timer);
      else response.write(" ");
    });
  }

  private static void flood(HttpServerResponse response) {
    if (!response.closed()) response.write(FLOOD).onSuccess(more -> flood(response));
  }

  private static <T> T get(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().orTimeout(180, TimeUnit.SECONDS).join();
  }

  private String url() {
    return "http://127.0.0.1:" + server.actualPort() + "/there";
  }

  private TargetConfig target(String kind, Map<String, String> more) {
    Map<String, String> settings = new TreeMap<>(Map.of("kind", kind, "url", url(), "resource", "true", "roles",
        "FHIR Data Reader"));
    settings.putAll(more);
    Map<String, String> named = new TreeMap<>();
    settings.forEach((key, text) -> named.put("targets.it." + key, text));
    return TellHouse.tell(named).targets().get("it");
  }

  private RemoteToken token(Duration patience) {
    return new RemoteToken(vertx, target("fhir", Map.of("tokenEndpoint", url(), "clientId", "me", "secret", "hush")),
        patience);
  }

  private RemoteServer server() {
    return new RemoteServer(vertx, target("fhir", Map.of()), (kind, status, nanos) -> {}, LONG, Clock.systemUTC());
  }

  private void assertHungUp() throws InterruptedException {
    assertTrue(hungUp.await(180, TimeUnit.SECONDS), "it still sends");
  }

  private static Unheard unheard(Future<?> answer) {
    Promise<Throwable> why = Promise.promise();
    answer.onSuccess(heard -> why.fail("it was heard")).onFailure(why::complete);
    return (Unheard) get(why.future());
  }

  @Test
  void aTokenThatComesByDropsIsNotWaitedForAndItsEndpointIsHungUpOn() throws Exception {
    first = "{\"access_token\":\"t\"}";

    RemoteToken token = token(SHORT);
    do assertEquals("the token endpoint does not answer in time", unheard(token.get()).getMessage());
    while (asked.getCount() > 0); // time may be over before the request is there

    assertHungUp();
    token.close();
  }

  @Test
  void ofATokenEndpointNoMoreIsKeptThanATokenIsLong() throws Exception {
    floods = true;
    RemoteToken token = token(LONG);

    assertTrue(unheard(token.get()).getMessage().startsWith("the token endpoint answers more than "));

    assertHungUp();
    token.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aServerThatAnswersByDropsIsNotWaitedFor(boolean reads) throws Exception {
    RemoteServer server = server();
    RemoteServer.Ask ask = reads
        ? RemoteServer.Ask.read("Patient/a")
        : RemoteServer.Ask.put("Patient/a", Map.of(), Buffer.buffer("{}"));

    String why;
    do why = unheard(server.ask(ask, System.nanoTime() + SHORT.toNanos())).getMessage();
    while (asked.getCount() > 0);

    assertTrue(Set.of("no answer in time", "no connection in time").contains(why), why);

    assertHungUp();
    get(server.close());
  }

  @Test
  void ofAServersAnswerSixteenMegabytesAreKept() throws Exception {
    floods = true;
    RemoteServer server = server();

    assertEquals("its answer is longer than 16777216 bytes",
        unheard(server.ask(RemoteServer.Ask.read("Patient/a"), System.nanoTime() + LONG.toNanos())).getMessage());

    assertHungUp();
    get(server.close());
  }

  /** A webhook of Teams may answer 200, and say in the body that it failed. */
  @Test
  void whatABodyHasSaidCountsThoughItDoesNotEnd() throws Exception {
    first = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
    HttpCourier courier = new HttpCourier(vertx, target("teams", Map.of()), new TeamsForm("http://x/fhir"),
        SHORT, Clock.systemUTC());

    Answer answer;
    do answer = sent(courier);
    while (asked.getCount() > 0 || answer.status() == 0);

    assertEquals(429, answer.status(), answer.toString());
    assertHungUp();
    get(courier.close());
  }

  private Answer sent(HttpCourier courier) {
    Letter letter = new Letter(new Delivery(1, 7, "Patient", "b", 1, Change.Op.CREATE, Instant.now(), false, 0, null,
        Instant.now()), Buffer.buffer("{\"resourceType\":\"Patient\"}"));
    Promise<List<Answer>> answers = Promise.promise();
    vertx.runOnContext(hop -> courier.send(List.of(letter)).onComplete(answers));
    return get(answers.future()).get(0);
  }
}
