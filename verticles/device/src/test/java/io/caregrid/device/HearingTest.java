package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HearingTest {
  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  @Test
  void whatIsNotKnownForMinutesIsSaidAndWhatWasKnownIsNotLost() {
    Hearing hearing = new Hearing(NOON);
    assertFalse(hearing.isLate(NOON.plusSeconds(180)));
    assertTrue(hearing.isLate(NOON.plusSeconds(181)));

    hearing.upTo(NOON.plusSeconds(100));
    hearing.upTo(NOON.plusSeconds(50));
    hearing.upTo(null);

    assertEquals(Duration.ofSeconds(81), hearing.age(NOON.plusSeconds(181)));
    assertFalse(hearing.isLate(NOON.plusSeconds(181)));
  }
}
