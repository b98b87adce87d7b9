package io.caregrid.analytics.lake.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BudgetTest {
  private static final Instant END = Instant.parse("2026-11-21T10:00:00Z");
  private static final Duration MOST = Duration.ofMinutes(15);

  private static long rest(Duration took, long bytes) {
    return Duration.between(END, Budget.after(END, took, bytes, MOST).next()).toSeconds();
  }

  @Test
  void mergingTakesATwentiethOfAProcessor() {
    assertEquals(19, rest(Duration.ofSeconds(1), 0));
    assertEquals(190, rest(Duration.ofSeconds(10), 0));
  }

  @Test
  void mergingWritesAQuarterOfAMegabyteASecond() {
    assertEquals(120, rest(Duration.ofMillis(1), 30_000_000));
  }

  @Test
  void atLeastTenSecondsAndAtMostTheLongestLag() {
    assertEquals(10, rest(Duration.ofMillis(1), 1));
    assertEquals(900, rest(Duration.ofHours(1), 1));
    assertFalse(new Budget(END).allows(END.minusMillis(1), MOST));
    assertTrue(new Budget(END).allows(END, MOST));
  }

  @Test
  void aClockThatIsSetBackADayKeepsNoTableFromMerging() {
    assertTrue(new Budget(END.plus(MOST)).allows(END.minus(Duration.ofDays(1)), MOST));
    assertFalse(new Budget(END.plus(MOST)).allows(END, MOST));
  }
}
