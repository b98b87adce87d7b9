package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BisectionTest {
  private final Bisection bisection = new Bisection(Duration.ofSeconds(1));

  @Test
  void theCulpritAmongManyIsCorneredInLogarithmicTime() {
    int poison = 70_123;
    int crashes = 0;
    long position = 0;
    while (!(bisection.cornered() && position == poison)) {
      long to = Math.min(100_000, position + Math.min(100_000, bisection.limit()));
      if (poison >= position && poison < to) {
        bisection.crashed(position, to, (int) (to - position));
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
  void oneEventTriedAloneForMinutesIsHopelessUntilSomethingGoesIn() {
    for (int i = 0; i < 3; i++) bisection.crashed(5, 6, 1);
    for (int i = 0; i < 299; i++) bisection.crashed(5, 6, 1);
    assertFalse(bisection.hopeless());
    bisection.crashed(5, 6, 1);
    assertTrue(bisection.hopeless());
    assertEquals(1, bisection.pause().toSeconds());

    bisection.persisted(6);
    assertFalse(bisection.hopeless());
  }

  @Test
  void twoCrashesDoNotMakeABatchSmaller() {
    bisection.crashed(5, 105, 100);
    bisection.crashed(5, 205, 200);
    assertEquals(Integer.MAX_VALUE, bisection.limit());

    bisection.crashed(5, 405, 400);
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
