package io.caregrid.ingest.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A token endpoint whose answers do not end: it keeps nobody, and is let go. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CredentialsTest {
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final Duration SHORT = Duration.ofSeconds(1);
  /** Longer than any of these tests. */
  private static final Duration LONG = Duration.ofMinutes(10);
  private final CountDownLatch over = new CountDownLatch(1);
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch letGo = new CountDownLatch(1);
  private HttpServer server;
  private int status = 200;
  private byte[] first = " ".getBytes(StandardCharsets.US_ASCII);
  private byte[] again = first;
  private long pauseMillis = 20;

  @BeforeEach
  void open() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/token", this::answer);
    server.start();
  }

  @AfterEach
  void close() {
    over.countDown();
    server.stop(0);
  }

  /** Until nobody takes it any more. */
  private void answer(HttpExchange exchange) throws IOException {
    asked.countDown();
    try {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, 0);
      exchange.getResponseBody().write(first);
      while (over.getCount() > 0) {
        exchange.getResponseBody().write(again);
        exchange.getResponseBody().flush();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMillis));
      }
    } catch (IOException gone) {
      letGo.countDown();
    } finally {
      exchange.close();
    }
  }

  private URI tokens() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/token");
  }

  private Credentials asking(Duration patience) {
    return Credentials.client(HTTP, tokens(), "me", "secret", null, null, patience);
  }

  private void assertLetGo() throws InterruptedException {
    assertTrue(letGo.await(180, TimeUnit.SECONDS), "it still sends");
  }

  @Test
  void aTokenThatComesByDropsWithoutAnEndIsNotWaitedForAndMayBeAskedForAgain() throws Exception {
    first = "{\"access_token\":\"t\"}".getBytes(StandardCharsets.US_ASCII);

    Credentials.Busy busy;
    do { // time may be over before the request is there
      busy = assertThrows(Credentials.Busy.class, () -> asking(SHORT).token(false));
    } while (asked.getCount() > 0);

    assertTrue(busy.getMessage().startsWith("the token endpoint " + tokens() + " "), busy.getMessage());
    assertLetGo();
  }

  @Test
  void noMoreThanTheLongestAnswerIsTaken() throws Exception {
    again = " ".repeat(8 << 10).getBytes(StandardCharsets.US_ASCII);
    pauseMillis = 0;

    Away away = assertThrows(Away.class, () -> asking(LONG).token(false));

    assertEquals(tokens() + " answers more than " + Credentials.LONGEST_ANSWER + " bytes: gives it tokens?",
        away.getMessage());
    assertLetGo();
  }

  @Test
  void aRefusalIsSaidThoughWhatFollowsItDoesNotEnd() throws Exception {
    status = 401;

    Away away = assertThrows(Away.class, () -> asking(LONG).token(false));

    assertTrue(away.getMessage().contains("answers 401"), away.getMessage());
    assertLetGo();
  }
}
