package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BisectionTest {
  private long now;
  private final Bisection bisection = new Bisection(Duration.ofSeconds(1), () -> now);

  @Test
  void theCulpritAmongManyIsCorneredInLogarithmicTime() {
    int poison = 70_123;
    int crashes = 0;
    long position = 0;
    while (!(bisection.cornered() && position == poison)) {
      long to = Math.min(100_000, position + Math.min(100_000, bisection.limit()));
      if (poison >= position && poison < to) {
        bisection.crashed(position, to, (int) (to - position), true);
        crashes++;
      } else {
        bisection.persisted(to);
        position = to;
      }
    }

    assertTrue(crashes < 25, crashes + " crashes");
    bisection.forget();
    assertEquals(Integer.MAX_VALUE, bisection.limit());
  }

  @Test
  void oneEventThatIsRefusedAloneForFiveMinutesIsHopelessUntilSomethingGoesIn() {
    alone();
    for (int i = 0; i < 300; i++) refused(Duration.ofSeconds(1));
    assertFalse(bisection.hopeless(), "299 seconds after the first");
    refused(Duration.ofSeconds(1));
    assertTrue(bisection.hopeless());
    assertEquals(1, bisection.pause().toSeconds());

    bisection.persisted(6);
    assertFalse(bisection.hopeless());
  }

  @Test
  void fewSlowRefusalsAreEnoughWhenTheyAreTenAndLongPausesAreNot() {
    alone();
    for (int i = 0; i < 9; i++) refused(Duration.ofSeconds(50));
    assertFalse(bisection.hopeless(), "nine");
    refused(Duration.ofSeconds(1));
    assertTrue(bisection.hopeless());

    bisection.forget();
    alone();
    for (int i = 0; i < 5; i++) refused(Duration.ofHours(1));
    for (int i = 0; i < 10; i++) refused(Duration.ZERO);
    assertFalse(bisection.hopeless(), "nobody asked for an hour");
  }

  @Test
  void outagesAreNoRefusalsAndTheirTimeDoesNotCount() {
    alone();
    for (int i = 0; i < 1_000; i++) failed(Duration.ofSeconds(10));
    for (int i = 0; i < 9; i++) refused(Duration.ZERO);
    failed(Duration.ofMinutes(1));
    refused(Duration.ofMinutes(1));
    bisection.failed();
    refused(Duration.ofMinutes(1));
    for (int i = 0; i < 20; i++) {
      failed(Duration.ofSeconds(30));
      refused(Duration.ofSeconds(30));
    }
    assertFalse(bisection.hopeless());

    for (int i = 0; i < 10; i++) refused(Duration.ofSeconds(30));
    assertTrue(bisection.hopeless(), "what was refused before an outage stays");
  }

  private void alone() {
    for (int i = 0; i < 3; i++) bisection.crashed(5, 6, 1, false);
    assertTrue(bisection.cornered());
  }

  private void refused(Duration after) {
    now += after.toNanos();
    bisection.crashed(5, 6, 1, true);
  }

  private void failed(Duration after) {
    now += after.toNanos();
    bisection.crashed(5, 6, 1, false);
  }

  @Test
  void twoCrashesDoNotMakeABatchSmaller() {
    bisection.crashed(5, 105, 100, true);
    bisection.crashed(5, 205, 200, true);
    assertEquals(Integer.MAX_VALUE, bisection.limit());

    bisection.crashed(5, 405, 400, true);
    assertEquals(200, bisection.limit());
  }

  @Test
  void pausesGrowToHalfAMinuteAndStartAnewAfterSuccess() {
    long[] seconds = new long[7];
    for (int i = 0; i < seconds.length; i++) {
      bisection.failed();
      seconds[i] = bisection.pause().toSeconds();
    }
    assertEquals("[1, 2, 4, 8, 16, 30, 30]", java.util.Arrays.toString(seconds));

    bisection.persisted(1);
    bisection.failed();
    assertEquals(1, bisection.pause().toSeconds());
  }
}
