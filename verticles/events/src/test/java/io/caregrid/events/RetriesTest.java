package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Change;
import io.caregrid.events.Courier.Answer;
import io.caregrid.store.Deliveries.Delivery;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
  private final Retries retries = Retries.of(Duration.ofDays(3), new SplittableRandom(7));

  private static Delivery tried(int tries, Instant failed) {
    return new Delivery(1, 1, "Patient", "p", 1, Change.Op.CREATE, NOW, false, tries, failed, NOW);
  }

  private static Answer http(int status) {
    return new Answer(status, null, "HTTP " + status);
  }

  private void about(Duration expected, Duration pause) {
    double ratio = (double) pause.toMillis() / expected.toMillis();
    assertTrue(ratio >= 0.8 && ratio <= 1.2, pause + " is not about " + expected);
  }

  @Test
  void whatMayPassByItselfIsTriedAfterPausesThatDouble() {
    for (int status : List.of(0, 302, 408, 429, 500, 503)) {
      about(Duration.ofSeconds(1), retries.again(tried(0, null), http(status), NOW));
      about(Duration.ofSeconds(8), retries.again(tried(3, NOW), http(status), NOW));
      about(Duration.ofMinutes(15), retries.again(tried(500, NOW), http(status), NOW));
    }
  }

  @Test
  void aRefusalIsTriedFiveTimesWithinAnHour() {
    for (int status : List.of(400, 401, 404, 410, 422)) {
      Duration all = Duration.ZERO;
      for (int tries = 0; tries < 4; tries++) all = all.plus(retries.again(tried(tries, NOW), http(status), NOW));
      about(Duration.ofHours(1), all);
      assertNull(retries.again(tried(4, NOW), http(status), NOW));
    }
  }

  @Test
  void whatATargetAsksForIsHeededUpToAnHour() {
    assertEquals(Duration.ofSeconds(77),
        retries.again(tried(0, null), new Answer(503, Duration.ofSeconds(77), "HTTP 503"), NOW));
    assertEquals(Duration.ofHours(1),
        retries.again(tried(0, null), new Answer(429, Duration.ofDays(77), "HTTP 429"), NOW));
  }

  @Test
  void aTargetThatAsksForNoPauseGetsTheUsualOne() {
    Answer now = new Answer(503, Duration.ZERO, "HTTP 503");

    about(Duration.ofSeconds(8), retries.again(tried(3, NOW), now, NOW));
    about(Duration.ofSeconds(4), retries.pause(12, now));
  }

  @Test
  void whenATargetBeginsToFailThePausesBeginAnew() {
    about(Duration.ofSeconds(1), retries.pause(10, http(0)));
    about(Duration.ofSeconds(2), retries.pause(11, http(0)));
    about(Duration.ofMinutes(15), retries.pause(500, http(0)));
    about(Duration.ofMinutes(1), retries.pause(10, http(401)));
  }

  @Test
  void afterThreeDaysItIsGivenUp() {
    assertNotNull(retries.again(tried(9, NOW.minus(Duration.ofHours(71))), http(500), NOW));
    assertNull(retries.again(tried(9, NOW.minus(Duration.ofHours(72))), http(500), NOW));
  }

  @Test
  void retryAfterIsSecondsOrADate() {
    assertEquals(Duration.ofSeconds(30), HttpCourier.retryAfter(" 30 ", NOW));
    assertEquals(Duration.ofSeconds(90), HttpCourier.retryAfter("Sun, 22 Nov 2026 12:01:30 GMT", NOW));
    assertEquals(Duration.ZERO, HttpCourier.retryAfter("Sun, 22 Nov 2026 11:00:00 GMT", NOW));
    assertNull(HttpCourier.retryAfter("soon", NOW));
    assertNull(HttpCourier.retryAfter(null, NOW));
  }
}
