package io.caregrid.templates.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.MappingException;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.observation.FhirMapping;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which readings are kept. Readings are written {@code second=value}. */
class CaptureTest {
  private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    // all of them, when a rule says nothing
    "{}|0=1 1=1 2=1|0=1 1=1 2=1",
    // the first of ten seconds
    "{'every':10000}|1=5 2=6 9.9=7 10=8 19=9 31=1|1=5 10=8 31=1",
    // late ones are kept as they are
    "{'every':10000}|21=5 3=6 22=7|21=5 3=6",
    // near the last one kept
    "{'deadband':2}|0=70 1=71 2=71.9 3=72 4=73 5=70|0=70 3=72 5=70",
    "{'deadband':2,'atLeastEvery':60000}|0=70 30=71 60=71 90=70 119=70 120=70|0=70 60=71 120=70",
    "{'every':10000,'deadband':2}|0=70 1=75 10=71 11=72 12=99 20=72|0=70 11=72",
    // no reading of a body
    "{'least':20,'most':300}|0=70 1=19 2=301 3=20 4=300|0=70 3=20 4=300",
    // beyond the thresholds always
    "{'every':10000,'deadband':5,'above':120,'below':40}|0=70 1=121 2=122 3=39 4=40 5=120|0=70 1=121 2=122 3=39",
    // a window is one reading, so far
    "{'every':10000,'keep':'mean'}|1=70 2=71 9=75 10=80 11=80|1=70 1=70.5 1=72 10=80",
    "{'every':10000,'keep':'mean'}|1=1 2=0 3=0|1=1 1=0.5 1=0.33",
    "{'every':10000,'keep':'min'}|1=70 2=71 3=69|1=70 1=69",
    "{'every':10000,'keep':'max'}|1=70 2=71 3=69|1=70 1=71",
    "{'every':10000,'keep':'last'}|1=70 2=71 3=71|1=70 1=71 1=71",
    // what came late into a window that has its reading is not kept, into one that has none it is, again and again the same
    "{'every':10000,'keep':'mean'}|1=70 11=80 2=90 12=90|1=70 11=80 11=85",
    "{'every':10000,'keep':'mean'}|31=70 1=60 2=61 32=72 2=61|31=70 1=60 2=61 31=71 2=61",
    "{'every':10000,'keep':'last'}|1=70 11=71 31=72 5=1 15=1 25=1|1=70 11=71 31=72 25=1",
    // what came twice counts once
    "{'every':10000,'keep':'mean'}|1=70 2=72 1=70 2=72 3=74|1=70 1=71 1=72",
    "{'every':10000,'keep':'last'}|1=70 2=72 1=70 2=72|1=70 1=72",
    "{'every':10000,'keep':'max'}|1=70 3=60 2=80 2=80|1=70 1=80",
    "{'every':10000}|1=5 2=6 11=7 1=5 2=6 11=7 12=8|1=5 11=7",
    // what is beyond stands for its window
    "{'every':10000,'keep':'mean','above':120}|1=70 2=130 3=71 10=72 4=140|1=70 2=130 10=72 4=140"})
  void readingsOfOneType(String rule, String readings, String kept) {
    assertEquals(kept, text(through(rule(rule), readings(readings), null, 1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'every':10000}", "{'every':10000,'keep':'last'}", "{'every':10000,'keep':'mean'}",
    "{'every':10000,'keep':'max'}", "{'deadband':1,'atLeastEvery':1000}"})
  void aClockThatIsAheadMovesNothing(String written) {
    Capture rule = rule(written);
    CaptureState state = after(rule, readings("1=70"), null);
    Measurement ahead = new Measurement("t", Instant.parse("2099-01-01T00:00:00Z"), START, "d", null, null, null,
        List.of(new Property("v", "71")));

    Capture.Step step = rule.next(state, ahead);

    assertEquals(new Capture.Step(state, ahead), step);
    assertEquals("11=80", text(through(rule, readings("11=80"), step.state(), 1)));
  }

  @Test
  void whatIsKnownOfAFeedFullOfGapsDoesNotGrow() {
    Capture rule = rule("{'every':1000,'keep':'mean'}");
    CaptureState state = null;
    for (int i = 0; i < 1_000; i++) state = rule.next(state, readings(2 * i + "=70").get(0)).state();

    assertEquals(16, state.seen().size());
    assertEquals(state, CaptureState.of(state.text()));
  }

  @Test
  void keysTellRulesApartAndHaveOneLength() {
    String rule = rule("{'every':1000}").rule();

    assertEquals(64, new CaptureKey("d", "p", "x".repeat(9_000), null, rule).text().length());
    assertNotEquals(new CaptureKey("d", "p", "t", null, rule).text(),
        new CaptureKey("d", "p", "t", null, rule("{'every':2000}").rule()).text());
  }

  @Test
  void whatIsNoNumberIsKeptAndForgotten() {
    Capture rule = rule("{'every':10000}");

    assertEquals("0=1 1=off 2=4ms 1 2", text(through(rule, readings("0=1 1=off 2=4ms_1_2 3=2"), null, 1)));
    Measurement other = new Measurement("t", START, START, "d", null, null, null, List.of(new Property("x", "1")));
    assertEquals(other, rule.next(null, other).kept());
  }

  @Test
  void aMeanIsTakenOfEveryNumberAndTheRestIsTheNewest() {
    Capture rule = rule("{'every':60000,'keep':'mean'}");
    CaptureState state = rule.next(null, pressure(1, "120", "80", "left")).state();

    Measurement second = rule.next(state, pressure(2, "130", "90", "right")).kept();

    assertEquals(List.of(new Property("v", "125"), new Property("dia", "85"), new Property("arm", "right")),
        second.properties());
  }

  @Test
  void aValueThatComesLaterInTheWindowIsNotForgotten() {
    Capture rule = rule("{'every':60000,'keep':'max'}");
    CaptureState state = rule.next(null, readings("1=120").get(0)).state();

    assertNotNull(rule.next(state, pressure(2, "110", "80", "left")).kept());
  }

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 6);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whereABatchOrANodeEndsCannotBeSeen(long seed) {
    Random random = new Random(seed);
    List<Measurement> readings = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      double second = i + (random.nextInt(8) == 0 ? -random.nextInt(40) : 0) + random.nextInt(10) / 10.0;
      readings.addAll(readings(second + "=" + (60 + random.nextInt(80) + random.nextInt(10) / 10.0)));
    }
    for (String written : List.of("{'every':7000}", "{'every':7000,'keep':'mean','above':130}",
        "{'every':5000,'keep':'min'}",
        "{'deadband':9,'atLeastEvery':20000,'below':62}", "{'every':3000,'deadband':4,'least':61,'most':138}")) {
      Capture rule = rule(written);
      String whole = text(through(rule, readings, null, 1_000));
      for (int batch : new int[] {1, 7, 50})
        assertEquals(whole, text(through(rule, readings, null, batch)), "seed " + seed);
      assertTrue(whole.length() > 50, whole);
    }
  }

  @Test
  void afterACrashTheSameReadingsGiveTheSame() {
    Capture rule = rule("{'every':10000,'keep':'mean'}");
    List<Measurement> readings = readings("1=70 2=71 9=75 10=80 11=82 12=90");
    CaptureState kept = after(rule, readings.subList(0, 4), null);

    List<Measurement> lost = through(rule, readings.subList(4, 6), kept, 1);

    assertEquals(text(lost), text(through(rule, readings.subList(4, 6), CaptureState.of(kept.text()), 1)));
    assertEquals("10=81 10=84", text(lost));
  }

  @Test
  void anotherRuleBeginsAnew() {
    CaptureState state = after(rule("{'every':10000}"), readings("1=70"), null);

    assertEquals("2=71", text(through(rule("{'every':20000}"), readings("2=71"), state, 1)));
    assertEquals("", text(through(rule("{'every':10000}"), readings("2=71"), state, 1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{\"kept\":\"x\"}", "{\"sums\":{\"a\":5}}"})
  void aStateThatIsNoneIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> CaptureState.of(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "{'every':0}", "{'every':86400001}", "{'keep':'mean'}", "{'every':1000,'keep':'median'}",
    "{'deadband':0}", "{'atLeastEvery':1000}", "{'every':1000,'keep':'max','deadband':1}", "{'least':2,'most':1}",
    "{'above':1,'below':2}", "{'evry':1000}", "{'every':'x'}"})
  void whatIsWrongIsSaidWhenLoaded(String rule) {
    assertThrows(MappingException.class, () -> rule(rule));
  }

  @Test
  void aMeanOfWholeNumbersIsRefusedWithItsPlace() {
    String mapping = "{\"templateType\":\"CollectionFhir\",\"template\":[{\"templateType\":\"CodeValueFhir\",\"template\":{\"typeName\":\"t\",\"codes\":[],"
        + "\n\"capture\":{\"every\":1000,\"keep\":\"mean\"},\"value\":{\"valueType\":\"Integer\",\"valueName\":\"v\"}}}]}";

    MappingException refused = assertThrows(MappingException.class, () -> FhirMapping.parse(mapping));

    assertEquals(2, refused.problems().get(0).line());
    FhirMapping.parse(mapping.replace("mean", "max"));
  }

  @Test
  void aTemplateOfComponentsHasToNameTheValueThatDecides() {
    String template = "{\"templateType\":\"CollectionFhir\",\"template\":[{\"templateType\":\"CodeValueFhir\",\"template\":{\"typeName\":\"t\",\"codes\":[],"
        + "\"capture\":{%s\"every\":1000},\"components\":[{\"codes\":[],\"value\":{\"valueType\":\"Quantity\",\"valueName\":\"sys\"}}]}}]}";

    assertThrows(MappingException.class, () -> FhirMapping.parse(template.formatted("")));
    assertEquals("sys", FhirMapping.parse(template.formatted("\"value\":\"sys\",")).capture("T").value());
    assertTrue(FhirMapping.parse(template.formatted("\"value\":\"sys\",")).captures());
    assertTrue(!FhirMapping.vitals().captures());
  }

  private static Capture rule(String rule) {
    return FhirMapping.parse(
        "{\"templateType\":\"CollectionFhir\",\"template\":[{\"templateType\":\"CodeValueFhir\",\"template\":{\"typeName\":\"t\",\"codes\":[],\"capture\":"
            + rule.replace('\'', '"') + ",\"value\":{\"valueType\":\"Quantity\",\"valueName\":\"v\"}}}]}")
        .capture("t");
  }

  private static List<Measurement> readings(String written) {
    List<Measurement> readings = new ArrayList<>();
    for (String one : written.split(" ")) {
      String[] parts = one.split("=");
      Instant at = START.plusMillis(Math.round(Double.parseDouble(parts[0]) * 1_000));
      readings.add(new Measurement("t", at, at, "d", null, null, null,
          List.of(new Property("v", parts[1].replace('_', ' ')))));
    }
    return readings;
  }

  private static Measurement pressure(int second, String systolic, String diastolic, String arm) {
    return new Measurement("t", START.plusSeconds(second), START, "d", null, null, null,
        List.of(new Property("v", systolic), new Property("dia", diastolic), new Property("arm", arm)));
  }

  /** As the device room does it: the state is written with a batch, and read with the next. */
  private static List<Measurement> through(Capture rule, List<Measurement> readings, CaptureState before, int batch) {
    List<Measurement> kept = new ArrayList<>();
    Map<String, String> stored = new HashMap<>();
    if (before != null) stored.put("d", before.text());
    for (int from = 0; from < readings.size(); from += batch) {
      CaptureState state = stored.containsKey("d") ? CaptureState.of(stored.get("d")) : null;
      for (Measurement one : readings.subList(from, Math.min(readings.size(), from + batch))) {
        Capture.Step step = rule.next(state, one);
        state = step.state();
        if (step.kept() != null) kept.add(step.kept());
      }
      stored.put("d", state.text());
    }
    return kept;
  }

  private static CaptureState after(Capture rule, List<Measurement> readings, CaptureState before) {
    CaptureState state = before;
    for (Measurement one : readings) state = rule.next(state, one).state();
    return state;
  }

  private static String text(List<Measurement> kept) {
    return kept.stream().map(one -> {
      double second = (one.occurredAt().toEpochMilli() - START.toEpochMilli()) / 1_000.0;
      String at = second == Math.rint(second) ? Long.toString((long) second) : Double.toString(second);
      return at + "=" + one.properties().get(0).value();
    }).collect(Collectors.joining(" "));
  }
}
