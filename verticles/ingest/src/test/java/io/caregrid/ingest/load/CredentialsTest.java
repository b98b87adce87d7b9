package io.caregrid.ingest.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
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
  private Endless endpoint;

  @BeforeEach
  void open() throws IOException {
    endpoint = new Endless();
  }

  @AfterEach
  void close() {
    endpoint.close();
  }

  private Credentials asking(Duration patience) {
    return Credentials.client(HTTP, endpoint.address(), "me", "secret", null, null, patience);
  }

  private void assertLetGo() throws InterruptedException {
    assertTrue(endpoint.isLetGo(), "it still sends");
  }

  @Test
  void aTokenThatComesByDropsWithoutAnEndIsNotWaitedForAndMayBeAskedForAgain() throws Exception {
    endpoint.first = "{\"access_token\":\"t\"}";

    Credentials.Busy busy;
    do { // time may be over before the request is there
      busy = assertThrows(Credentials.Busy.class, () -> asking(SHORT).token(false));
    } while (endpoint.asked.getCount() > 0);

    assertTrue(busy.getMessage().startsWith("the token endpoint " + endpoint.address() + " "), busy.getMessage());
    assertLetGo();
  }

  @Test
  void noMoreThanTheLongestAnswerIsTaken() throws Exception {
    endpoint.again = " ".repeat(8 << 10);
    endpoint.pauseMillis = 0;

    Away away = assertThrows(Away.class, () -> asking(LONG).token(false));

    assertEquals(endpoint.address() + " answers more than " + Credentials.LONGEST_ANSWER + " bytes: gives it tokens?",
        away.getMessage());
    assertLetGo();
  }

  @Test
  void aRefusalIsSaidThoughWhatFollowsItDoesNotEnd() throws Exception {
    endpoint.status = 401;

    Away away = assertThrows(Away.class, () -> asking(LONG).token(false));

    assertTrue(away.getMessage().contains("answers 401"), away.getMessage());
    assertLetGo();
  }
}
