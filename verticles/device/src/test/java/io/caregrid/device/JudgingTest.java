package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.TellConfig;
import io.caregrid.store.Findings.Count;
import io.caregrid.store.ShardStore.Judged;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.rules.ThresholdState;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class JudgingTest {
  private static final FhirMapping VITALS = FhirMapping.vitals();

  /** @param settings of rules over heart rates: name, then settings as {@code key=value} with blanks between */
  private static TellConfig tell(String... rules) {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < rules.length; i += 2) {
      String rule = "tell.thresholds." + rules[i] + ".";
      all.putAll(Map.of(rule + "types", "heartrate", rule + "value", "hr", rule + "text", "x"));
      for (String setting : rules[i + 1].split(" ")) all.put(rule + setting.split("=")[0], setting.split("=")[1]);
    }
    return Configuration.defaults().with("test", all).node().tell();
  }

  private static MeasurementRules rules(String... rules) {
    return MeasurementRules.of(tell(rules), null);
  }

  private static Judged judged(MeasurementRules rules, String before, Measurement... readings) {
    Judging judging = new Judging(rules, before == null ? Map.of() : Map.of("d-a", before));
    for (Measurement reading : readings) judging.read(reading, StoreBench.identity("a"), VITALS);
    judging.committed();
    return judging.judged();
  }

  private static Map<String, Long> errors(MeasurementRules rules) {
    return rules.count(false).stream().collect(Collectors.toMap(Count::rule, Count::errors));
  }

  @Test
  void aNodeThatLacksARuleKeepsWhatTheRuleFoundAndTheNextOneEndsIt() {
    MeasurementRules both = rules("high", "above=120 clear=110", "low", "below=50");
    String found = judged(both, null, Readings.heartRate("a", 0, "130")).known().get(0).state();

    Judged lacking = judged(rules("low", "below=50"), found, Readings.heartRate("a", 1, "100"));

    assertTrue(lacking.known().get(0).lasts());
    Judged back = judged(both, lacking.known().get(0).state(), Readings.heartRate("a", 2, "100"));
    assertEquals(1, back.over().size());
    assertEquals(0, back.begun().size());
    assertEquals(Readings.NOON.plusSeconds(2), back.over().get(0).at());
  }

  @Test
  void whatOnlyWaitedBeginsAgainWhenNobodyLookedMeanwhile() {
    MeasurementRules both = rules("high", "above=120 lasts=10s", "low", "below=50");
    String waits = judged(both, null, Readings.heartRate("a", 0, "130")).known().get(0).state();

    String lacking = judged(rules("low", "below=50"), waits, Readings.heartRate("a", 5, "100")).known().get(0).state();

    assertTrue(ThresholdState.of(lacking).containsKey("high"));
    assertEquals(List.of(), judged(both, lacking, Readings.heartRate("a", 11, "130")).begun());
  }

  @Test
  void whatCannotBeJudgedIsAnErrorOfTheRuleThatLooksAtIt() {
    MeasurementRules rules = rules("typo", "value=hrr above=120", "hertz", "above=120 unit=Hz", "others",
        "above=120 unit=Hz devices=b", "fine", "above=120");
    Instant late = Readings.NOON.minusSeconds(301);
    Measurement ahead = new Measurement("heartrate", Readings.NOON, late, "a", null, null, null,
        List.of(new Measurement.Property("hr", "130")));

    judged(rules, null, Readings.heartRate("a", 0, "80"), ahead);

    assertEquals(Map.of("typo", 2L, "hertz", 2L, "fine", 1L), errors(rules));
  }

  @Test
  void aValueThatIsMissingNowAndThenIsNone() {
    MeasurementRules rules = rules("fine", "above=120");

    judged(rules, null, new Measurement("heartrate", Readings.NOON, Readings.NOON, "a", null, null, null, List.of()));

    assertEquals(Map.of(), errors(rules));
  }

  @Test
  void nodesAgreeWhenTheirRulesHaveTheSameNamesAndListenToTheSame() {
    String mark = MeasurementRules.mark(tell("high", "above=120"));

    assertEquals(mark, MeasurementRules.mark(tell("high", "above=130")), "another limit does no harm");
    assertNotEquals(mark, MeasurementRules.mark(tell("high", "above=120", "low", "below=50")));
    assertNotEquals(mark, MeasurementRules.mark(TellConfig.DEFAULT));
    TellConfig any = Configuration.defaults()
        .with("test", Map.of("tell.silences.quiet.after", "1m", "tell.silences.quiet.text", "x"))
        .node()
        .tell();
    TellConfig some = Configuration.defaults()
        .with("test",
            Map.of("tell.silences.quiet.after", "1m", "tell.silences.quiet.text", "x", "tell.silences.quiet.types",
                "a"))
        .node()
        .tell();
    assertNotEquals(MeasurementRules.mark(any), MeasurementRules.mark(some));
  }
}
