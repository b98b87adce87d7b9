package io.caregrid.templates.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.rules.Threshold.Found;
import io.caregrid.templates.rules.Threshold.Step;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ThresholdTest {
  private static final long SECOND = 10_000_000L;
  private static final long NONE = ThresholdState.NONE;

  /** Of a log: when it was measured and when it came, in seconds. */
  private record Reading(String patient, long at, long came, int value) {}

  private ThresholdState state;
  private final List<Found> found = new ArrayList<>();

  private static Threshold above(int limit, int clear, int seconds) {
    return new Threshold(new Made("tachycardia", "Flag", "Fast", ""), Set.of("heartrate"), "hr", "",
        BigDecimal.valueOf(limit), null, BigDecimal.valueOf(clear), seconds * SECOND, Set.of(), Set.of());
  }

  private static Threshold below(int limit, int clear) {
    return new Threshold(new Made("low", "Flag", "Low", ""), Set.of("spo2"), "spo2", "", null,
        BigDecimal.valueOf(limit), BigDecimal.valueOf(clear), 0, Set.of(), Set.of());
  }

  private void read(Threshold rule, String patient, long at, long came, int value) {
    Step step = rule.next(state, patient, at * SECOND, came * SECOND, BigDecimal.valueOf(value));
    state = step.state();
    found.addAll(step.found());
  }

  private void read(Threshold rule, long at, int value) {
    read(rule, "ada", at, at, value);
  }

  private static Found begins(long began) {
    return new Found("ada", began * SECOND, NONE);
  }

  private static Found ends(long began, long ended) {
    return new Found("ada", began * SECOND, ended * SECOND);
  }

  @Test
  void itIsFoundOnceWhenTheLimitHasBeenPassedForSoLongAndIsOverWhenTheValueIsBack() {
    Threshold rule = above(120, 110, 60);

    read(rule, 0, 121);
    read(rule, 59, 130);
    assertEquals(List.of(), found);
    read(rule, 60, 125);
    read(rule, 90, 140);
    read(rule, 100, 111);
    read(rule, 110, 119);
    assertEquals(List.of(begins(0)), found);
    read(rule, 120, 110);
    read(rule, 130, 100);

    assertEquals(List.of(begins(0), ends(0, 120)), found);
  }

  @Test
  void whileItIsNotFoundAnyReadingThatIsNotPastTheLimitBeginsTheTimeAnew() {
    Threshold rule = above(120, 100, 60);

    for (int at = 0; at <= 300; at += 50) read(rule, at, at % 100 == 0 ? 130 : 120);

    assertEquals(List.of(), found);
  }

  @Test
  void belowIsTheOtherWayRoundAndADurationOfNothingIsAtOnce() {
    Threshold rule = below(90, 93);

    for (int value : List.of(95, 90, 89, 92, 93, 88)) read(rule, found.size() * 10 + state(), value);

    assertEquals(3, found.size());
    assertFalse(found.get(0).isOver());
    assertTrue(found.get(1).isOver());
    assertFalse(found.get(2).isOver());
  }

  private long state() {
    return state == null ? 0 : state.at() / SECOND + 1;
  }

  @Test
  void oneFromTheFutureNeitherBeginsNorEndsNorSilencesIt() {
    Threshold rule = above(120, 120, 60);

    read(rule, 0, 130);
    read(rule, "ada", 3_600, 10, 100);
    read(rule, "ada", 3_600, 11, 140);
    read(rule, 60, 130);
    read(rule, "ada", 4_000, 61, 60);
    assertEquals(List.of(begins(0)), found);
    read(rule, 70, 100);

    assertEquals(List.of(begins(0), ends(0, 70)), found);
  }

  @Test
  void oneThatComesLateShowsThatTheLimitWasNotPassedAllTheTimeAndEndsNothing() {
    Threshold rule = above(120, 120, 60);

    read(rule, 0, 130);
    read(rule, "ada", 40, 40, 130);
    read(rule, "ada", 30, 41, 80);
    read(rule, 60, 130);
    assertEquals(List.of(), found, "it has been passed since 40 at the earliest");
    read(rule, 100, 130);
    read(rule, "ada", 70, 101, 80);

    assertEquals(List.of(begins(40)), found);
  }

  @Test
  void lateOnesBeginNothing() {
    Threshold rule = above(120, 120, 0);

    read(rule, 100, 80);
    read(rule, "ada", 50, 101, 140);
    read(rule, "ada", 100, 102, 140);

    assertEquals(List.of(), found);
  }

  @Test
  void aClockThatWentBackIsBelievedAfterAWhile() {
    Threshold rule = above(120, 120, 60);

    read(rule, "ada", 10_000, 10_000, 100);
    for (int i = 1; i <= 400; i++) read(rule, "ada", 2_800 + i, 10_000 + i, 130);

    assertEquals(1, found.size());
    long believed = 2_800 + 1 + Threshold.PATIENCE.toSeconds();
    assertEquals(begins(believed), found.get(0));
  }

  /** One reading a minute, in packets at irregular times, each oldest first. */
  @ParameterizedTest
  @MethodSource("seeds")
  void aClockThatWentBackIsBelievedOfADeviceThatSendsInPackets(long seed) {
    Random random = new Random(seed);
    Threshold rule = above(120, 120, 60);
    long year = 365 * 86_400L;
    read(rule, year, 130);
    read(rule, year + 60, 130);
    int shortest = seed % 2 == 0 ? 20 : 60;
    int packets = 0;
    for (long sent = 1, now = 2; found.size() == 1 && packets < 9; packets++) {
      now += shortest + random.nextInt(seed % 2 == 0 ? 20 : 240);
      while (sent < now) read(rule, "ada", 60 * ++sent, year + 60 * now + sent % 2, 100);
    }

    assertEquals(2, found.size());
    assertTrue(packets <= 3, packets + " packets");
  }

  @Test
  void whatWasStoredAndComesNowAndThenIsNoClockThatWentBack() {
    Threshold rule = above(120, 120, 0);

    read(rule, 43_200, 130);
    read(rule, "ada", 41_400, 43_260, 100);
    read(rule, "ada", 42_000, 43_620, 100);
    assertEquals(List.of(begins(43_200)), found, "11:30 and 11:40 say nothing of noon");
    for (int minute = 20; minute < 40; minute++) read(rule, "ada", 36_000 + 60 * minute, 43_200 + 60 * minute, 130);
    read(rule, "ada", 38_400, 45_600, 100);

    assertEquals(2, found.size(), "since then its clock has gone back");
    assertTrue(found.get(1).isOver());
  }

  @Test
  void anotherPatientsReadingsEndItAndAreTheirOwnMatter() {
    Threshold rule = above(120, 120, 60);

    read(rule, 0, 130);
    read(rule, 60, 130);
    read(rule, "bob", 70, 70, 130);
    read(rule, "ada", 65, 71, 100);
    read(rule, "bob", 130, 130, 130);

    assertEquals(List.of(begins(0), ends(0, 70), new Found("bob", 70 * SECOND, NONE)), found);
  }

  @Test
  void readingsOfOneItDoesNotLookAtEndWhatWasFoundOfTheOneBeforeAndInterruptHim() {
    Threshold all = above(120, 120, 60);
    Threshold rule = new Threshold(all.made(), all.types(), "hr", "", all.above(), null, all.clear(), all.lasts(),
        Set.of(), Set.of("ada"));

    read(rule, 0, 130);
    read(rule, 60, 130);
    read(rule, "bob", 70, 70, 130);
    read(rule, "bob", 200, 200, 130);
    assertEquals(List.of(begins(0), ends(0, 70)), found);
    read(rule, 210, 130);
    read(rule, "bob", 230, 230, 130);
    read(rule, 280, 130);

    assertEquals(List.of(begins(0), ends(0, 70)), found);
  }

  @Test
  void whatIsNoNumberIsNoReading() {
    Threshold rule = above(120, 120, 0);
    Instant now = Instant.parse("2026-11-22T12:00:00Z");

    for (String text : List.of("high", "", "36,8", "130 131 132", "NaN"))
      assertNull(rule.number(
          new Measurement("heartrate", now, now, "d", null, null, null, List.of(new Property("hr", text)))), text);
    assertNull(rule.number(
        new Measurement("heartrate", now, now, "d", null, null, null, List.of(new Property("pulse", "130")))));
  }

  @Test
  void itLooksAtWhomItIsTold() {
    Threshold rule = new Threshold(new Made("r", "Flag", "x", ""), Set.of("HeartRate"), "hr", "", BigDecimal.ONE, null,
        BigDecimal.ONE, 0, Set.of("d"), Set.of("ada"));
    Instant now = Instant.parse("2026-11-22T12:00:00Z");
    Measurement reading = new Measurement("heartrate", now, now, "d", null, null, null, List.of());

    assertTrue(rule.types().contains("heartrate"));
    assertTrue(rule.looksAt(reading));
    assertFalse(rule.looksAt(new Measurement("heartrate", now, now, "e", null, null, null, List.of())));
    assertEquals(List.of(), rule.next(null, "bob", reading, BigDecimal.TEN).found());
    assertNull(rule.next(null, "bob", reading, BigDecimal.TEN).state());
    assertEquals(1, rule.next(null, "ada", reading, BigDecimal.TEN).found().size());
    assertThrows(IllegalArgumentException.class, () -> new Threshold(rule.made(), rule.types(), "hr", "", null, null,
        BigDecimal.ONE, 0, Set.of(), Set.of()));
  }

  @Test
  void whatIsNoStateIsRefused() {
    for (String text : List.of("", "[]", "{\"r\":{}}", "{\"r\":", "7"))
      assertThrows(IllegalArgumentException.class, () -> ThresholdState.of(text), text);
  }

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 299);
  }

  /** About one a second, some late by up to half a minute, some twice, some with a clock that is an hour ahead; of one patient, now and then of another. */
  private static List<Reading> log(Random random, int late) {
    List<Reading> log = new ArrayList<>();
    int value = 100;
    String patient = "ada";
    for (int second = 0; second < 600; second++) {
      value = Math.max(80, Math.min(140, value + random.nextInt(13) - 6));
      if (random.nextInt(200) == 0) patient = patient.equals("ada") ? "bob" : "ada";
      int lag = random.nextInt(4) == 0 ? random.nextInt(late + 1) : 0;
      long at = random.nextInt(50) == 0 && late > 0 ? second + 3_600 : second;
      log.add(new Reading(patient, at, second + lag, value));
      if (random.nextInt(20) == 0) log.add(new Reading(patient, at, second + lag + random.nextInt(late + 1), value));
    }
    log.sort(java.util.Comparator.comparingLong(Reading::came));
    return log;
  }

  private static Step step(Threshold rule, ThresholdState before, Reading reading) {
    return rule.next(before, reading.patient, reading.at * SECOND, reading.came * SECOND,
        BigDecimal.valueOf(reading.value));
  }

  /** Whatever the order: when it is found, each reading that has come by then from its beginning on was past the limit, and for so long. */
  @ParameterizedTest
  @MethodSource("seeds")
  void nothingIsFoundThatTheReadingsDoNotShow(long seed) {
    Random random = new Random(seed);
    Threshold rule = above(120, 110, 5 + random.nextInt(30));
    List<Reading> log = log(random, 30);
    ThresholdState before = null;
    for (int i = 0; i < log.size(); i++) {
      Step step = step(rule, before, log.get(i));
      for (Found one : step.found()) if (!one.isOver()) assertShown(rule, one, log.subList(0, i + 1));
      before = step.state();
    }
  }

  private static void assertShown(Threshold rule, Found one, List<Reading> come) {
    Reading last = come.get(come.size() - 1);
    assertTrue(last.at * SECOND - one.began() >= rule.lasts(), one.toString());
    for (Reading reading : come) {
      boolean within = reading.at * SECOND >= one.began() && reading.at <= last.at
          && reading.at - reading.came <= Threshold.AHEAD.toSeconds() && reading.patient.equals(one.patient());
      assertTrue(!within || reading.value > 120, one + " " + reading);
    }
  }

  /** Readings in their order: exactly what somebody finds who has all of them before him. */
  @ParameterizedTest
  @MethodSource("seeds")
  void inOrderEverythingIsFoundThatTheReadingsShow(long seed) {
    Random random = new Random(seed);
    int lasts = random.nextInt(30);
    Threshold rule = above(120, 110, lasts);
    List<Reading> log = log(random, 0);
    List<Found> expected = new ArrayList<>();
    long since = NONE;
    Found now = null;
    Reading before = null;
    for (Reading one : log) {
      if (before != null && one.at == before.at) continue;
      boolean other = before != null && !before.patient.equals(one.patient);
      if (now != null && (other || one.value <= 110)) {
        expected.add(new Found(now.patient(), now.began(), one.at * SECOND));
        now = null;
        since = NONE;
        if (!other) {
          before = one;
          continue;
        }
      }
      if (other) since = NONE;
      if (now == null) {
        since = one.value <= 120 ? NONE : since == NONE ? one.at * SECOND : since;
        if (since != NONE && one.at * SECOND - since >= lasts * SECOND)
          expected.add(now = new Found(one.patient, since, NONE));
      }
      before = one;
    }

    assertEquals(expected, whole(rule, log));
  }

  private static List<Found> whole(Threshold rule, List<Reading> log) {
    List<Found> all = new ArrayList<>();
    ThresholdState before = null;
    for (Reading reading : log) {
      Step step = step(rule, before, reading);
      all.addAll(step.found());
      before = step.state();
    }
    return all;
  }

  /** Wherever it is cut, and what was not in effect is read again from what is kept: the same is found, once. */
  @ParameterizedTest
  @MethodSource("seeds")
  void aCrashAnywhereForgetsNothingAndRepeatsNothing(long seed) {
    Random random = new Random(seed);
    Threshold rule = above(120, 110, random.nextInt(30));
    List<Reading> log = log(random, 30);
    List<Found> kept = new ArrayList<>();
    String text = ThresholdState.text(Map.of());
    int applied = 0;
    while (applied < log.size()) {
      int to = Math.min(log.size(), applied + 1 + random.nextInt(40));
      ThresholdState before = ThresholdState.of(text).get("r");
      List<Found> batch = new ArrayList<>();
      for (Reading reading : log.subList(applied, to)) {
        Step step = step(rule, before, reading);
        batch.addAll(step.found());
        before = step.state();
      }
      if (random.nextInt(3) == 0) continue; // died before the commit
      if (before != null) text = ThresholdState.text(Map.of("r", before));
      kept.addAll(batch);
      applied = to;
    }

    assertEquals(whole(rule, log), kept);
  }

  @Test
  void aReadingThatChangesNothingGivesTheSameObject() {
    Threshold rule = above(120, 110, 60);
    read(rule, 100, 100);
    ThresholdState before = state;

    assertSame(before, rule.next(before, "ada", 9_000 * SECOND, 101 * SECOND, BigDecimal.TEN).state());
  }
}
