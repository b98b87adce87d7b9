package io.caregrid.templates.jsonpath;

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
import org.junit.jupiter.params.provider.MethodSource;

/** What a path selects in a whole document, it selects in what it says it looks at. */
class PlacesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 21);
    return LongStream.range(first, first + 4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void selectsTheSameInWhatItLooksAt(long seed) throws Exception {
    Random random = new Random(seed);
    int lessAndFound = 0;
    for (int i = 0; i < 2_000; i++) {
      JsonPath path = JsonPath.compile(Generated.pathFrom("$." + Generated.name(random), random));
      Wanted wanted = new Wanted();
      path.select(wanted).whole();
      WantedReader reader = new WantedReader(wanted, null);
      for (int k = 0; k < 6; k++) {
        ObjectNode whole = Generated.object(random, 4);
        JsonNode part = reader.read(JSON.writeValueAsBytes(whole));
        assertEquals(path.select(whole), path.select(part), () -> "seed " + seed + " " + path + " on " + whole);
        if (!part.equals(whole) && !path.select(whole).isEmpty()) lessAndFound++;
      }
    }
    assertTrue(lessAndFound > 300, "what is read as a whole, or finds nothing, proves nothing: " + lessAndFound);
  }
}
