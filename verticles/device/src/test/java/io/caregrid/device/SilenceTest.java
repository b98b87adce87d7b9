package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caregrid.device.DeviceIdentity.InUse;
import io.caregrid.store.Findings.Gap;
import io.caregrid.templates.rules.Made;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SilenceTest {
  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  private static Silence after(Duration after) {
    return new Silence(new Made("quiet", "Flag", "Silent", ""), after, Set.of(""), Set.of(), false);
  }

  private static Gap gap(int beganMinute, int endedMinute) {
    return new Gap(minute(beganMinute), minute(endedMinute));
  }

  private static Instant minute(int minute) {
    return NOON.plus(Duration.ofMinutes(minute));
  }

  @Test
  void withoutAGapItIsTheTimeItself() {
    assertEquals(minute(50), after(Duration.ofMinutes(10)).since(minute(60), List.of()));
  }

  @Test
  void whatNobodyCouldHearIsNoSilence() {
    Silence rule = after(Duration.ofMinutes(10));

    assertEquals(minute(23), rule.since(minute(60), List.of(gap(30, 57))));
    assertEquals(minute(18), rule.since(minute(60), List.of(gap(20, 25), gap(30, 57))));
    assertEquals(minute(50), rule.since(minute(60), List.of(gap(20, 50))));
    assertEquals(minute(50), rule.since(minute(60), List.of(gap(60, 70))));
  }

  @Test
  void soonAfterAGapNobodyIsSilent() {
    assertNull(after(Duration.ofMinutes(10)).since(minute(60), List.of(gap(30, 59))));
    assertNull(after(Duration.ofMinutes(10)).since(minute(60), List.of(gap(30, 70))));
    assertNull(after(Duration.ofSeconds(30)).since(NOON.plusSeconds(20), List.of(gap(-30, 0))));
    assertEquals(NOON, after(Duration.ofSeconds(30)).since(NOON.plusSeconds(30), List.of(gap(-30, 0))));
  }

  /** Counted minute by minute. */
  @Test
  void gapsThatOverlapCountOnce() {
    long seed = Long.getLong("caregrid.test.seed", 7);
    Random random = new Random(seed);
    for (int n = 0; n < 500; n++) {
      List<Gap> gaps = new ArrayList<>();
      boolean[] deaf = new boolean[400];
      for (int i = random.nextInt(6); i > 0; i--) {
        int began = random.nextInt(350);
        int ended = Math.min(395, began + 1 + random.nextInt(60));
        gaps.add(gap(began, ended));
        for (int minute = began; minute < ended; minute++) deaf[minute] = true;
      }
      int after = 1 + random.nextInt(90);
      int left = after;
      int since = 400;
      while (left > 0 && since > 0) if (!deaf[--since]) left--;
      if (left > 0) continue;

      Instant said = after(Duration.ofMinutes(after)).since(minute(400), gaps);

      Instant expected = minute(since);
      while (since > 0 && deaf[since - 1]) since--; // nobody can have been heard in between
      assertEquals(true, said != null && !said.isAfter(expected) && !said.isBefore(minute(since)),
          said + " " + expected + " " + gaps + " " + after + ", caregrid.test.seed " + seed);
    }
  }

  private static InUse of(String patient, String since) {
    return new InUse(patient, Instant.parse("2026-11-22T" + since + ":00Z"));
  }

  private static SilenceWatch.Seen seen(String heard, InUse inUse, boolean told) {
    return new SilenceWatch.Seen(Instant.parse("2026-11-22T" + heard + ":00Z"), inUse, told, 0);
  }

  private static InUse inUse(SilenceWatch.Seen before, String heard, InUse now) {
    return before.inUse(Instant.parse("2026-11-22T" + heard + ":00Z"), now, Instant.parse("2026-11-22T14:00:00Z"));
  }

  @Test
  void aDeviceIsHisSinceItWasFirstLookedAtAsLongAsItSaysNothing() {
    SilenceWatch.Seen before = seen("10:00", of("ada", "11:00"), false);

    assertEquals(of("ada", "11:00"), inUse(before, "10:00", of("ada", "13:00")));
    assertEquals(of("ada", "13:00"), inUse(before, "12:00", of("ada", "13:00")), "it has spoken, for whomever");
    assertEquals(of("bob", "13:00"), inUse(before, "10:00", of("bob", "13:00")));
    assertEquals(of("ada", "13:00"), inUse(seen("10:00", null, false), "10:00", of("ada", "13:00")));
  }

  @Test
  void whoeverADeviceGoesBackToIsNotBlamedForTheTimeOfTheOneWhoseUseWasDeleted() {
    for (boolean told : List.of(true, false))
      assertEquals(of("bob", "14:00"), inUse(seen("10:00", of("ada", "08:00"), told), "10:00", of("bob", "01:00")));
    assertEquals(of("ada", "13:00"), inUse(seen("10:00", of("ada", "11:00"), true), "10:00", of("ada", "13:00")),
        "it was told, and has ended since");
  }
}
