package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Change;
import io.caregrid.store.ChangeFeed.Cursor;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CoalescerTest {
  private static final Instant T = Instant.parse("2026-11-21T10:00:00Z");
  private static final Cursor START = new Cursor(1, 10, UUID.randomUUID());
  private final Coalescer coalescer = new Coalescer(Duration.ofMinutes(5), START);
  private long position = START.position();

  private Change change(String id, int version) {
    return new Change(++position, UUID.randomUUID(), "Observation", id, version, Change.Op.UPDATE, T);
  }

  private Change offer(String id, int version, boolean device, Instant now) {
    Change change = change(id, version);
    coalescer.offer(change, device, now);
    return change;
  }

  private static Instant after(int seconds) {
    return T.plusSeconds(seconds);
  }

  private static Cursor behind(Change change) {
    return new Cursor(1, change.position(), change.mark());
  }

  /** Its first version got in at {@link #T}. */
  private Change written(String id) {
    Change first = offer(id, 1, true, T);
    coalescer.done(List.of(first));
    coalescer.begin(first, T);
    return first;
  }

  @Test
  void theFirstVersionGoesAtOnceAndTheNextOnesWhenThePeriodEnds() {
    Change first = offer("a", 1, true, T);
    assertEquals(List.of(first), coalescer.due(T, 9));
    coalescer.done(List.of(first));
    coalescer.begin(first, T);

    Change second = offer("a", 2, true, after(10));
    Change third = offer("a", 3, true, after(20));

    assertEquals(List.of(), coalescer.due(after(299), 9));
    assertEquals(List.of(second, third), coalescer.due(after(300), 9));
    assertFalse(coalescer.mayWait(third, after(300)));
  }

  @Test
  void whatAPersonWroteGoesAtOnceWithWhateverWaitsOfThatResource() {
    written("a");
    written("b");
    Change waits = offer("a", 2, true, after(10));
    Change other = offer("b", 2, true, after(10));

    Change person = offer("a", 3, false, after(20));

    assertEquals(List.of(waits, person), coalescer.due(after(20), 9));
    assertEquals(List.of(waits, other, person), coalescer.due(after(300), 9));
  }

  @Test
  void safeStandsBelowTheOldestThatWaitsAndMovesWhenItIsDone() {
    Change first = written("a");
    Change waits = offer("a", 2, true, after(10));
    Change later = offer("c", 1, false, after(11));
    coalescer.done(List.of(later));

    assertEquals(behind(first), coalescer.safe());
    assertEquals(behind(later), coalescer.read());
    coalescer.done(List.of(waits));
    assertEquals(behind(later), coalescer.safe());
    assertEquals(0, coalescer.waiting());
  }

  @Test
  void nothingWasReadYetSoTheStartIsSafe() {
    assertEquals(START, coalescer.safe());
    offer("a", 1, false, T);
    assertEquals(START, coalescer.safe());
  }

  @Test
  void dueComeInTheFeedsOrderAndAreStillDueUntilDone() {
    Change a = offer("a", 1, false, T);
    Change b = offer("b", 1, false, T);
    Change c = offer("c", 1, false, T);

    assertEquals(List.of(a, b), coalescer.due(T, 2));
    coalescer.done(List.of(a));
    assertEquals(List.of(b, c), coalescer.due(T, 9));
  }

  @Test
  void aPeriodThatEndedIsForgotten() {
    Change a = written("a");
    assertTrue(coalescer.mayWait(a, after(299)));

    coalescer.tidy(after(300));

    assertFalse(coalescer.mayWait(a, after(10)));
  }

  @Test
  void aClockThatIsSetBackADayLetsNobodyWaitADay() {
    written("a");
    Change waits = offer("a", 2, true, after(10));
    Instant back = T.minus(Duration.ofDays(1));

    assertEquals(List.of(waits), coalescer.due(back, 9));
    assertFalse(coalescer.mayWait(waits, back));
  }
}
