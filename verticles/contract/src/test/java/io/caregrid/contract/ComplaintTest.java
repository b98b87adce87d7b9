package io.caregrid.contract;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ComplaintTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final Duration AGAIN = Duration.ofMinutes(10);
  private final Complaint complaint = new Complaint(AGAIN);

  @Test
  void whatLastsIsSaidOnceAndAgainAfterAWhile() {
    assertTrue(complaint.isNews("missing", NOW));
    assertFalse(complaint.isNews("missing", NOW.plusSeconds(2)));
    assertFalse(complaint.isNews("missing", NOW.plus(AGAIN).minusMillis(1)));
    assertTrue(complaint.isNews("missing", NOW.plus(AGAIN)));
    assertFalse(complaint.isNews("missing", NOW.plus(AGAIN).plusSeconds(2)));
  }

  @Test
  void somethingElseIsNewsAtOnce() {
    assertTrue(complaint.isNews("missing", NOW));
    assertTrue(complaint.isNews("does not fit", NOW.plusSeconds(2)));
    assertTrue(complaint.isNews("missing", NOW.plusSeconds(4)));
  }

  @Test
  void theEndIsSaidOnceAndWhatComesThenIsNews() {
    assertFalse(complaint.isOver());
    complaint.isNews("missing", NOW);
    assertTrue(complaint.isOver());
    assertFalse(complaint.isOver());
    assertTrue(complaint.isNews("missing", NOW.plus(Duration.ofSeconds(4))));
  }
}
