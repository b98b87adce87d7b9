package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Collections;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions made to be slow, deep or large end with an error; none ends with a stack overflow, and none does not end. */
class HostileExpressionsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Node PATIENT = FhirPathTest
      .node("{\"resourceType\":\"Patient\",\"id\":\"" + "a".repeat(40) + "\"}");

  @ParameterizedTest
  @ValueSource(strings = {"(", "-", "iif(", "a.where(", "{} = (", "a["})
  void deepNestingIsRefused(String open) {
    FhirPathException refused = assertThrows(FhirPathException.class, () -> FhirPath.compile(open.repeat(300) + "1"));

    assertTrue(refused.reason.contains("nested"), refused.reason);
  }

  @Test
  void hugeExpressionsAreRefused() {
    assertThrows(FhirPathException.class, () -> FhirPath.compile("a".repeat(1_000_000)));
    assertThrows(FhirPathException.class, () -> FhirPath.compile("1+".repeat(9_000) + "1"));
    assertThrows(FhirPathException.class, () -> FhirPath.compile("9".repeat(10_000)));
  }

  @Test
  void theLongestExpressionsThatAreReadCanAlsoBeEvaluated() {
    assertEquals("[1000]", FhirPath.compile("1+".repeat(999) + "1").evaluate(PATIENT).toString());
    assertEquals("[]", FhirPath.compile("a" + ".a".repeat(990)).evaluate(PATIENT).toString());
    assertEquals("[1]", FhirPath.compile("(".repeat(90) + "1" + ")".repeat(90)).evaluate(PATIENT).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.repeat($this + 1)", "('a').repeat($this + 'a')",
    "(0|1|2|3|4|5|6|7|8|9).select((0|1|2|3|4|5|6|7|8|9).repeat($this + 10)).count()"})
  void whatWouldNeverEndIsEndedByItsBudget(String expression) {
    FhirPathException ended = assertTimeoutPreemptively(PATIENCE,
        () -> assertThrows(FhirPathException.class, () -> FhirPath.compile(expression).evaluate(PATIENT)));

    assertTrue(ended.reason.contains("takes too long") || ended.reason.contains("characters"), ended.reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"(a+)+$", "(a|a)*b", "(a*)*b", "(.*)*x.*y", "((a|b)*)*c"})
  void regularExpressionsAreWatched(String regex) {
    String expression = "(id + id + id + '!').matches('" + regex + "')";

    assertTimeoutPreemptively(PATIENCE, () -> {
      try {
        FhirPath.compile(expression).evaluate(PATIENT);
      } catch (FhirPathException ended) {
        assertTrue(ended.reason.contains("takes too"), ended.reason);
      }
    });
  }

  /** One takes its five million looks; three thousand of them may not take three thousand times as long. */
  @Test
  void whatRegularExpressionsLookAtCountsForTheWholeEvaluation() {
    String many = "Patient.name.given.where($this.matches('^a*a*a*a*b'))";
    Node names = FhirPathTest.node("{\"resourceType\":\"Patient\",\"name\":[{\"given\":["
        + String.join(",", Collections.nCopies(3_000, "\"" + "a".repeat(60) + "\"")) + "]}]}");

    assertTimeoutPreemptively(PATIENCE,
        () -> assertThrows(FhirPathException.class, () -> FhirPath.compile(many).evaluate(names)));
  }

  @Test
  void timeAndResultsAreBounded() {
    Environment quick = Environment.PLAIN
        .with(new Environment.Limits(Long.MAX_VALUE / 2, Duration.ofMillis(50), 1_000));
    String endless = "(1|2|3|4|5|6|7|8|9).aggregate(iif($total < 100000, $total + 1, $total).repeat($this + 1), 0)";

    FhirPathException ended = assertTimeoutPreemptively(PATIENCE,
        () -> assertThrows(FhirPathException.class, () -> FhirPath.compile(endless, quick).evaluate(PATIENT)));
    Environment small = Environment.PLAIN
        .with(new Environment.Limits(Long.MAX_VALUE / 2, Duration.ofMinutes(1), 1_000));
    FhirPathException many = assertThrows(FhirPathException.class, () -> FhirPath
        .compile("'" + "a".repeat(1_500) + "'.toChars()", small)
        .evaluate(PATIENT));

    assertTrue(ended.reason.contains("more than 50 ms"), ended.reason);
    assertTrue(many.reason.contains("gives more than 1000 values"), many.reason);
  }

  /** Each doubles forty times what it has. */
  @ParameterizedTest
  @ValueSource(strings = {"$total + $total", "$total & $total", "$total.combine($total)",
    "$total.select($this.combine($this))",
    "$total.replace('a', 'aa')", "$total.toChars().combine($total).join()"})
  void whatDoublesIsBounded(String step) {
    String forty = "(" + String.join("|", IntStream.range(0, 40).mapToObj(String::valueOf).toList()) + ")";

    assertThrows(FhirPathException.class,
        () -> FhirPath.compile(forty + ".aggregate(" + step + ", 'a')").evaluate(PATIENT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"7 '1'", "7.7", "7"})
  void numbersThatDoubleTheirDigitsEndInNothing(String number) {
    String sixty = "(" + String.join("|", IntStream.range(0, 60).mapToObj(String::valueOf).toList()) + ")";

    assertEquals("[]",
        FhirPath.compile(sixty + ".aggregate($total * $total, " + number + ")").evaluate(PATIENT).toString());
  }

  @Test
  void aStringThatDoublesIsBounded() {
    String doubling = "'aaaaaaaaaa'" + ".replace('a','aaaaaaaaaa')".repeat(12);

    assertThrows(FhirPathException.class, () -> FhirPath.compile(doubling).evaluate(PATIENT));
  }

  @Test
  void randomTextNeverFailsInAnotherWay() {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    String[] words = {"id", ".", "(", ")", "'a'", "1", "1.5", "+", "-", "and", "where", "$this", "%x", "@2020", "[",
      "]", "{}",
      "is", "Patient", "=", "~", "<", "|", ",", "5 'mg'", "exists", "first()", "iif", "repeat", "toString()", "\\", "`",
      "/*"};
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) text.append(words[random.nextInt(words.length)]).append(' ');
      try {
        FhirPath.compile(text.toString()).evaluate(PATIENT);
      } catch (FhirPathException told) {
        assertTrue(told.line >= 1 && told.column >= 1, "seed " + seed + ": " + text);
      } catch (RuntimeException | StackOverflowError other) {
        throw new AssertionError("seed " + seed + ": " + text, other);
      }
    }
  }
}
