package io.caregrid.api.auth;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.IssuerConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An issuer whose answers do not end: it is waited for as long as was said, and hung up on, so that it can be asked again. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DiscoveryTest {
  /** Longer than any of these tests. */
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Buffer FLOOD = Buffer.buffer(" ".repeat(64 << 10));
  private final Vertx vertx = Vertx.vertx();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch hungUp = new CountDownLatch(1);
  private HttpServer server;
  private volatile int status = 200;
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
    HttpServerResponse response = request.response().setStatusCode(status).setChunked(true);
    response.write("{");
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

  private Discovery asking(Duration patience) {
    return new Discovery(vertx,
        new IssuerConfig("http://127.0.0.1:" + server.actualPort(), "caregrid", List.of("roles"),
            Map.of(), "", Duration.ZERO, Duration.ofDays(1), null),
        patience);
  }

  private static Throwable refused(Discovery discovery) {
    return get(discovery.keys().<Throwable>transform(keys -> Future.succeededFuture(keys.cause())));
  }

  private void assertHungUp() throws InterruptedException {
    assertTrue(hungUp.await(180, TimeUnit.SECONDS), "it still sends");
  }

  @Test
  void anAnswerThatComesByDropsIsNotWaitedFor() throws Exception {
    Discovery discovery = asking(Duration.ofMillis(600));

    do assertNotNull(refused(discovery));
    while (asked.getCount() > 0); // time may be over before the request is there

    assertHungUp();
    get(discovery.close());
  }

  @Test
  void ofALongAnswerNoMoreIsKeptThanKeysAreLong() throws Exception {
    floods = true;
    Discovery discovery = asking(LONG);

    Throwable why = refused(discovery);

    assertTrue(why.getMessage().startsWith("its answer is larger than "), why.toString());
    assertHungUp();
    get(discovery.close());
  }

  @Test
  void whatFollowsARefusalIsNotListenedTo() throws Exception {
    status = 503;
    Discovery discovery = asking(LONG);

    Throwable why = refused(discovery);

    assertTrue(why.getMessage().contains("status 503"), why.toString());
    assertHungUp();
    get(discovery.close());
  }
}
