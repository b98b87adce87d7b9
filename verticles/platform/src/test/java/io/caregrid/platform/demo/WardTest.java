package io.caregrid.platform.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WardTest {
  private static final Instant START = Instant.parse("2026-03-02T14:00:00Z");
  private final Physiology physiology = new Physiology(ZoneOffset.UTC, START);
  private final List<Bed> beds = Ward.beds();

  @Test
  void fiftyPeopleWithNamesMonitorsAndNumbersOfTheirOwn() {
    Bed maria = bed(Bed.Story.SEPSIS);

    assertEquals(50, beds.size());
    assertEquals(50, beds.stream().map(Bed::device).distinct().count());
    assertEquals(50, beds.stream().map(bed -> bed.given() + " " + bed.family()).distinct().count());
    assertEquals(25, beds.stream().filter(Bed::overHttp).count());
    assertEquals("monitor-07 MRN-1007 Maria Keller",
        maria.device() + " " + maria.mrn() + " " + maria.given() + " " + maria.family());
  }

  @Test
  void everybodyElseStaysWithinWhatIsHealthyAllDay() {
    for (Bed bed : beds) {
      if (bed.story() != Bed.Story.STEADY) continue;
      for (int minute = 0; minute < 24 * 60; minute += 7) {
        Physiology.State state = physiology.at(bed, START.plusSeconds(minute * 60L));
        within(50, 100, state.heartRate());
        within(10, 20, state.respiration());
        within(94, 100, state.spo2());
        within(36, 37.6, state.temperature());
        within(95, 155, state.systolic());
        within(55, 100, state.diastolic());
      }
    }
  }

  @Test
  void valuesMoveSmoothlyFromSecondToSecond() {
    for (Bed bed : beds) for (int second = 0; second < 600; second++) {
      Physiology.State one = physiology.at(bed, START.plusSeconds(second));
      Physiology.State next = physiology.at(bed, START.plusSeconds(second + 1));
      assertTrue(Math.abs(one.heartRate() - next.heartRate()) < 2.5);
      assertTrue(Math.abs(one.spo2() - next.spo2()) < 1);
    }
  }

  @Test
  void theOperatedPatientGetsWorseWithinTenMinutesAndRecovers() {
    Bed maria = bed(Bed.Story.SEPSIS);
    Physiology.State before = physiology.at(maria, START.plusSeconds(60));
    Physiology.State worst = physiology.at(maria, START.plusSeconds(14 * 60));
    Physiology.State later = physiology.at(maria, START.plusSeconds(55 * 60));

    assertTrue(worst.heartRate() > before.heartRate() + 35);
    assertTrue(worst.respiration() > before.respiration() + 10);
    assertTrue(worst.systolic() < 105 && worst.systolic() < before.systolic() - 28, before + " " + worst);
    assertTrue(worst.temperature() > 38.3);
    assertTrue(later.heartRate() < before.heartRate() + 15);
  }

  @Test
  void saturationDipsDeeperAtNight() {
    Bed tomas = bed(Bed.Story.COPD);
    double day = lowest(tomas, START, Physiology.State::spo2);
    double night = lowest(tomas, START.plusSeconds(9 * 3600), Physiology.State::spo2);

    assertTrue(night < 86, "night " + night);
    assertTrue(night < day - 2, "day " + day + " night " + night);
  }

  @Test
  void aFewMonitorsAreSilentAndAllComeBack() {
    List<Monitor> monitors = beds.stream().map(bed -> new Monitor(bed, physiology)).toList();
    Set<String> fell = monitors.stream()
        .filter(monitor -> IntStream.range(0, 3600).anyMatch(second -> monitor.isSilent(START.plusSeconds(second))))
        .map(monitor -> monitor.bed().device())
        .collect(Collectors.toSet());
    int longest = monitors.stream().mapToInt(WardTest::longestSilence).max().orElseThrow();

    assertTrue(fell.size() > 10 && fell.size() < 45, "silent within an hour: " + fell.size());
    within(30, 91, longest);
  }

  @Test
  void aMessageIsTheSameInEveryRunAndHoldsWhatIsDue() throws IOException {
    Bed bed = beds.get(0);
    Instant due = Instant.ofEpochSecond(START.getEpochSecond() / 60 * 60 + 60 - bed.number());
    JsonNode full = new ObjectMapper().readTree(new Monitor(bed, physiology).message(due));
    JsonNode plain = new ObjectMapper().readTree(new Monitor(bed, physiology).message(due.plusSeconds(1)));

    assertArrayEquals(new Monitor(bed, physiology).message(due),
        new Monitor(bed, new Physiology(ZoneOffset.UTC, START)).message(due));
    assertTrue(full.has("temperature") && full.has("systolic") && full.has("diastolic"));
    assertTrue(plain.has("heartRate") && !plain.has("temperature") && !plain.has("systolic"));
    assertEquals(due, Instant.parse(full.get("time").asText()));
  }

  private double lowest(Bed bed, Instant from, ToDoubleFunction<Physiology.State> value) {
    return IntStream.range(0, 3 * 3600)
        .mapToDouble(second -> value.applyAsDouble(physiology.at(bed, from.plusSeconds(second))))
        .min()
        .orElseThrow();
  }

  private static int longestSilence(Monitor monitor) {
    int longest = 0;
    int current = 0;
    for (int second = 0; second < 7200; second++) {
      current = monitor.isSilent(START.plusSeconds(second)) ? current + 1 : 0;
      longest = Math.max(longest, current);
    }
    return longest;
  }

  private Bed bed(Bed.Story story) {
    return beds.stream().filter(bed -> bed.story() == story).findFirst().orElseThrow();
  }

  private static void within(double low, double high, double value) {
    assertTrue(value >= low && value <= high, value + " is not within " + low + ".." + high);
  }
}
