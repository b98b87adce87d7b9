package io.caregrid.dicom.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.store.ImageIndex.Changed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DebounceTest {
  private final Debounce debounce = new Debounce(Debounce.QUIET);

  private static Changed study(String uid, long... serials) {
    Set<Long> seen = new java.util.HashSet<>();
    for (long serial : serials) seen.add(serial);
    return new Changed(uid, seen);
  }

  private List<String> due(double seconds, Changed... changed) {
    return debounce.due(List.of(changed), at(seconds)).stream().map(Changed::study).toList();
  }

  private static long at(double seconds) {
    return Long.MAX_VALUE - 5_000_000_000L + (long) (seconds * 1e9);
  }

  @Test
  void aStudyIsDueAfterASecondsQuiet() {
    assertEquals(List.of(), due(0, study("a", 1)));
    assertEquals(List.of(), due(0.9, study("a", 1, 2)));
    assertEquals(List.of(), due(1.8, study("a", 1, 2)));
    assertEquals(List.of("a"), due(2, study("a", 1, 2), study("b", 3)));
  }

  @Test
  void oneThatIsNeverQuietIsDueAfterTenSeconds() {
    List<Long> written = new ArrayList<>();
    for (long tenth = 0; tenth <= 250; tenth++) {
      if (!due(tenth / 10.0, study("a", tenth)).isEmpty()) {
        written.add(tenth);
        debounce.written("a", Duration.ofMillis(1), at(tenth / 10.0));
      }
    }
    assertEquals(List.of(100L, 200L), written);
  }

  @Test
  void oneThatTookLongRestsTenTimesAsLong() {
    debounce.written("large", Duration.ofSeconds(3), at(0));

    assertEquals(List.of(), due(1, study("large", 1)));
    assertEquals(List.of(), due(29, study("large", 1)));
    assertEquals(List.of("large"), due(31, study("large", 1)));
  }

  @Test
  void oneThatFailedWaitsTwoMinutesAndOneOvertakenASecond() {
    due(0, study("bad", 1), study("raced", 2));
    debounce.failed("bad", at(2));
    debounce.overtaken("raced", at(2));

    assertEquals(List.of(), due(2.5, study("bad", 1), study("raced", 2)));
    assertEquals(List.of("raced"), due(4, study("bad", 1), study("raced", 2)));
    assertEquals(List.of("bad"), due(123, study("bad", 1)));
  }

  @Test
  void whatIsSettledIsForgotten() {
    due(0, study("a", 1));
    debounce.passed(at(1));
    debounce.written("a", Duration.ZERO, at(2));
    debounce.passed(at(3));
    debounce.passed(at(4));

    assertEquals(List.of(), due(60, study("a", 2)));
  }

  @Test
  void olderNotesOnAnotherPageAreNoChange() {
    assertEquals(List.of(), due(0, study("a", 5)));
    assertEquals(List.of(), due(0.5, study("a", 1, 2)));
    assertEquals(List.of("a"), due(1.1, study("a", 5)));
  }

  @Test
  void oneThatRestsIsRememberedHoweverManyPassesDoNotShowIt() {
    due(0, study("bad", 1));
    debounce.failed("bad", at(1));
    for (int second = 1; second < 100; second++) debounce.passed(at(second));

    assertEquals(List.of(), due(100, study("bad", 1)));
  }

  @Test
  void beyondSoManyNothingIsRememberedAndEverythingIsDue() {
    for (int n = 0; n < Debounce.MOST; n++) assertEquals(List.of(), due(0, study("many " + n, n)));
    assertEquals(List.of("one more"), due(0, study("one more", 1)));
    debounce.failed("one more", at(0));
    assertEquals(List.of("one more"), due(0.1, study("one more", 1)));

    debounce.passed(at(2));
    debounce.passed(at(3));
    assertEquals(List.of(), due(4, study("one more", 1)));
  }
}
