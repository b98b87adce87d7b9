package io.caregrid.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResampledTest {
  private static final String FRONT = "{'resourceType':'Observation','id':'o1'";
  private static final String META = ",'meta':{'versionId':'7','lastUpdated':'2026-11-20T10:30:00.000Z','tag':[{'code':'a}\\'{'}]}";
  private static final String PRESSURE = """
      ,'status':'amended','code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}],'text':'data'},'subject':{'reference':'Patient/p1'},\
      'effectivePeriod':{'start':'2026-11-20T10:00:00.0000000Z','end':'2026-11-20T10:59:59.9999999Z'},'component':[\
      {'code':{'text':'sys'},'valueSampledData':{'origin':{'value':0,'unit':'mmHg'},'period':1000,'dimensions':1,'data':'120 #1 E E'}},\
      {'code':{'text':'dia'},'valueSampledData':{'origin':{'value':0,'unit':'mmHg'},'period':1000,'dimensions':1,'data':'#2'}}]}""";

  private static byte[] json(String quoted) {
    return quoted.replace('\'', '"').getBytes(UTF_8);
  }

  private static boolean resampled(String before, String now) {
    return Resampled.is(json(FRONT), json(FRONT + META + before), json(FRONT + now));
  }

  private static String pressure(String systolic, String diastolic) {
    return PRESSURE.replace("#1", systolic).replace("#2", diastolic);
  }

  @Test
  void otherSamplesInAnyOfItsValuesAreNothingElse() {
    assertTrue(resampled(pressure("121", "80 E"), pressure("121", "80 E")));
    assertTrue(resampled(pressure("121", "80 E"), pressure("118 119", "80 81")));
    assertTrue(resampled(pressure("121", ""), pressure("121", "80 81")));
    assertTrue(resampled(pressure("121", "80"), pressure("121", "")));
    assertTrue(resampled(pressure("121", "80"), pressure("121", "80 81 82")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"'status':'final'", "'status':'amended','issued':'2026-11-20T10:00:00Z'",
    "'status':'amended','meta':{'profile':['http://a.example']}", "'status':'amended\\\\u0020'"})
  void anythingElseIsMore(String status) {
    String now = pressure("122", "80").replace("'status':'amended'", status);

    assertFalse(resampled(pressure("121", "80"), now));
  }

  @Test
  void textsThatAreNoSamplesOrNameOtherMembersAreMore() {
    assertFalse(resampled(pressure("121", "80").replace("'text':'data'", "'text':'datum'"), pressure("121", "80")));
    assertFalse(resampled(pressure("121", "80").replace("'dia'", "'data'"), pressure("121", "80")));
    assertFalse(resampled(pressure("a\\'", "80"), pressure("ab", "80")));
    assertFalse(resampled(pressure("ä", "80"), pressure("ö", "80")));
    assertFalse(resampled(pressure("1", "80"), pressure("1','lowerLimit':'2", "80")));
    assertFalse(resampled(pressure("1','lowerLimit':'2", "80"), pressure("1", "80")));
  }

  @Test
  void whatIsCutShortOrOfAnotherIdIsMore() {
    byte[] stored = json(FRONT + META + pressure("121", "80"));
    byte[] fresh = json(FRONT + pressure("122", "80"));

    for (int length = 0; length < fresh.length; length++)
      assertFalse(Resampled.is(json(FRONT), stored, java.util.Arrays.copyOf(fresh, length)), "cut at " + length);
    for (int length = 0; length < stored.length; length++)
      assertFalse(Resampled.is(json(FRONT), java.util.Arrays.copyOf(stored, length), fresh), "stored cut at " + length);
    assertFalse(Resampled.is(json(FRONT.replace("o1", "o2")), stored, fresh));
    assertFalse(Resampled.is(json(FRONT), fresh, fresh));
  }

  /** Characters are changed, taken out and put in anywhere: whatever is still an Observation, and is told to differ in samples only, is found by the same. */
  @Test
  void whatDiffersInSamplesOnlyIsFoundByTheSame() {
    Definition observation = Definition.of("Observation");
    String before = pressure("121 122", "80 81");
    Postings postings = Postings.of(observation, Json.read(json(FRONT + META + before)));
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    int told = 0;
    for (int run = 0; run < 20_000; run++) {
      String now = edited(before, random);
      if (!resampled(before, now)) continue;
      told++;
      assertEquals(postings, Postings.of(observation, Json.read(json(FRONT + META + now))),
          () -> "seed " + seed + ": " + now);
    }
    assertTrue(told > 100, "seed " + seed + ": of 20,000 only " + told);
  }

  private static String edited(String json, Random random) {
    StringBuilder edited = new StringBuilder(json);
    String letters = "019 E.-'\\,:{}adt";
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int wanted = random.nextInt(4) > 0
          ? edited.indexOf("'data':'") + 8 + random.nextInt(14)
          : random.nextInt(edited.length());
      int at = Math.min(wanted, edited.length() - 1);
      char letter = letters.charAt(random.nextInt(letters.length()));
      switch (random.nextInt(3)) {
        case 0 -> edited.setCharAt(at, letter);
        case 1 -> edited.insert(at, letter);
        default -> edited.deleteCharAt(at);
      }
    }
    return edited.toString();
  }
}
