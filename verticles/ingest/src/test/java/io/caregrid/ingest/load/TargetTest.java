package io.caregrid.ingest.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A FHIR server whose answers do not end: it keeps no load, and is let go. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TargetTest {
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final byte[] BUNDLE = "{\"resourceType\":\"Bundle\",\"type\":\"batch\"}"
      .getBytes(StandardCharsets.US_ASCII);
  private static final Duration SHORT = Duration.ofMillis(400);
  /** Longer than any of these tests. */
  private static final Duration LONG = Duration.ofMinutes(10);
  private Endless server;

  @BeforeEach
  void open() throws IOException {
    server = new Endless();
    server.first = "{\"resourceType\":\"Bundle\",\"type\":\"batch-response\"";
  }

  @AfterEach
  void close() {
    server.close();
  }

  /** It is asked once. */
  private Target taking(Duration answer, int most) {
    return new Target(server.address(), HTTP, Credentials.NONE, Duration.ZERO, answer, most);
  }

  private void assertLetGo() throws InterruptedException {
    assertTrue(server.isLetGo(), "it still sends");
  }

  @Test
  void anAnswerThatComesByDropsWithoutAnEndIsNoAnswer() throws Exception {
    Away away;
    do { // time may be over before the request is there
      away = assertThrows(Away.class, () -> taking(SHORT, 1 << 20).send(BUNDLE));
    } while (server.asked.getCount() > 0);

    assertTrue(away.getMessage().contains("its answer is not over after"), away.getMessage());
    assertFalse(away.doubtful);
    assertLetGo();
  }

  @Test
  void whatAddsAndIsAnsweredByDropsMayHaveBeenTaken() {
    assertTrue(assertThrows(Away.class, () -> taking(SHORT, 1 << 20).sendOnce(BUNDLE)).doubtful);
  }

  @Test
  void whoAnswersAnEmptyBatchByDropsIsNotThere() throws Exception {
    assertFalse(taking(SHORT, 1 << 20).isThere());
  }

  @Test
  void anAnswerIsTakenAsFarAsItsBundleIsLong() throws Exception {
    server.again = " ".repeat(8 << 10);
    server.pauseMillis = 0;

    Away away = assertThrows(Away.class, () -> taking(LONG, 100_000).sendOnce(BUNDLE));

    assertTrue(away.getMessage().contains("answers with more than " + (100_000 + 4 * BUNDLE.length) + " bytes"),
        away.getMessage());
    assertTrue(away.doubtful, "it has said that it took it");
    assertLetGo();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503, 307})
  void whatFollowsAStatusThatSaysAllIsNotWaitedFor(int status) throws Exception {
    server.status = status;

    Away away = assertThrows(Away.class, () -> taking(LONG, 1 << 20).send(BUNDLE));

    assertTrue(away.getMessage().contains("it answers " + status), away.getMessage());
    assertLetGo();
  }

  @Test
  void aReasonThatDoesNotEndIsNone() throws Exception {
    server.status = 422;
    server.again = " ".repeat(8 << 10);
    server.pauseMillis = 0;

    Target.Answer answer = taking(LONG, 100_000).send(BUNDLE);

    assertEquals(422, answer.status());
    assertTrue(answer.said().isEmpty());
    assertLetGo();
  }
}
