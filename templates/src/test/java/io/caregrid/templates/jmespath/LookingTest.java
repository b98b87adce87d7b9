package io.caregrid.templates.jmespath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.wanted.Generated;
import io.caregrid.templates.wanted.Wanted;
import io.caregrid.templates.wanted.WantedReader;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What an expression gives of a whole document, it gives of what it says it looks at. */
class LookingTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 11);
    return LongStream.range(first, first + 4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givesTheSameOfWhatItLooksAt(long seed) throws Exception {
    Random random = new Random(seed);
    int lessAndNotNull = 0;
    for (int i = 0; i < 3_000; i++) {
      String expression = Generated.jmesFrom(Generated.name(random), random, 3);
      JmesPath path = JmesPath.compile(expression);
      WantedReader reader = reader(path);
      for (int k = 0; k < 6; k++) {
        ObjectNode whole = Generated.object(random, 4);
        JsonNode part = reader.read(JSON.writeValueAsBytes(whole));
        String given = NarrowingTest.outcome(path, whole);
        assertEquals(given, NarrowingTest.outcome(path, part),
            () -> "seed " + seed + " " + expression + " on " + whole);
        if (!part.equals(whole) && !given.equals("[] null")) lessAndNotNull++;
      }
    }
    assertTrue(lessAndNotNull > 800, "what is read as a whole, or finds nothing, proves nothing: " + lessAndNotNull);
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {"a.b; {'a':{'b':1}}", "a[*].b; {'a':[{'b':1},{}]}", "a[].b; {'a':[{'b':1},{}]}",
    "a[0].b | c; {'a':[{'b':1},{}]}", "to_array(a)[?c].b; {'a':[{'b':1},{'c':{'x':1}}]}",
    "a[?c]; {'a':[{'b':1,'x':1},{'c':{'x':1}}]}",
    "length(a); {'a':[{'b':1,'x':1},{'c':{'x':1}}]}", "a[*] | length(@); {'a':[{'b':1,'x':1},{'c':{'x':1}}]}",
    "if(x, a, x.y); {'a':[{'b':1,'x':1},{'c':{'x':1}}],'x':{'y':1,'z':2}}",
    "`1`; {}", "a[*].[b]; {'a':[{'b':1},{}]}", "map(&$.x.y, a[*].b); {'a':[{'b':1},{}],'x':{'y':1}}",
    "x || a; {'a':[{'b':1,'x':1},{'c':{'x':1}}],'x':{'y':1,'z':2}}"})
  void whatItLooksAt(String expression, String looked) throws Exception {
    String document = "{'a':[{'b':1,'x':1},{'c':{'x':1}}],'x':{'y':1,'z':2},'o':0}";
    if (expression.equals("a.b")) document = "{'a':{'b':1,'c':2},'x':3}";

    JsonNode read = reader(JmesPath.compile(expression)).read(document.replace('\'', '"').getBytes());

    assertEquals(JSON.readTree(looked.replace('\'', '"')), read);
  }

  private static WantedReader reader(JmesPath path) {
    Wanted wanted = new Wanted();
    path.select(wanted).whole();
    return new WantedReader(wanted, null);
  }
}
