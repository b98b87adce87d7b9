package io.caregrid.templates.observation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The promise of SHARDING.md, "What a batch means": how many events are folded at a time cannot be seen in what is stored. */
class FoldPropertyTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Identity WHO = new Identity("dev", "pat", "enc");
  private static final Instant HOUR = Instant.parse("2026-11-20T10:00:00Z");
  private static final int EVENTS = 600;
  private static final FhirMapping MAPPING = FhirMapping.parse("""
      {"templateType":"CollectionFhir","template":[
       {"templateType":"CodeValueFhir","template":{"typeName":"hourly","periodInterval":60,
         "codes":[{"system":"s","code":"c"}],"category":[{"text":"k"}],
         "value":{"valueType":"SampledData","valueName":"a","defaultPeriod":7000,"unit":"u"},
         "components":[{"codes":[],"value":{"valueType":"Quantity","valueName":"b","unit":"v"}},
                       {"codes":[],"value":{"valueType":"SampledData","valueName":"c","defaultPeriod":1000}}]}},
       {"templateType":"CodeValueFhir","template":{"typeName":"single","periodInterval":0,"codes":[],
         "value":{"valueType":"Quantity","valueName":"a","unit":"u","system":"s","code":"c"},
         "components":[{"codes":[],"value":{"valueType":"String","valueName":"b"}},
                       {"codes":[],"value":{"valueType":"CodeableConcept","valueName":"c","text":"t"}}]}},
       {"templateType":"CodeValueFhir","template":{"typeName":"session","periodInterval":-1,"codes":[],
         "value":{"valueType":"SampledData","valueName":"a","defaultPeriod":1000},
         "components":[{"codes":[],"value":{"valueType":"SampledData","valueName":"b","defaultPeriod":250}}]}},
       {"templateType":"CodeValueFhir","template":{"typeName":"waves","periodInterval":1,"codes":[],
         "profile":["http://h/p"],"performer":["Organization/o"],
         "extensions":[{"url":"http://h/c","value":{"valueType":"String","valueName":"c"}},{"url":"http://h/f","valueCode":"f"}],
         "value":{"valueType":"SampledData","valueName":"a","defaultPeriod":250,"samples":true,"trimmed":true},
         "components":[{"codes":[],"value":{"valueType":"SampledData","valueName":"b","defaultPeriod":1000,"samples":true}}]}},
       {"templateType":"CodeValueFhir","template":{"typeName":"strip","periodInterval":-1,"codes":[],
         "value":{"valueType":"SampledData","valueName":"a","defaultPeriod":250,"samples":true},
         "extensions":[{"url":"http://h/c","value":{"valueType":"Quantity","valueName":"b"}}]}},
       {"templateType":"CodeValueFhir","template":{"typeName":"day","periodInterval":1440,"codes":[],
         "value":{"valueType":"String","valueName":"a"}}}]}""");

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theSizeOfABatchIsInvisible(long seed) throws Exception {
    List<Measurement> events = events(new Random(seed));
    Map<GroupKey, byte[]> oneByOne = foldAll(events, 1);
    for (int batch : new int[] {7, 500}) {
      Map<GroupKey, byte[]> batched = foldAll(events, batch);
      assertEquals(oneByOne.keySet(), batched.keySet(), "seed " + seed);
      oneByOne.forEach(
          (key, json) -> assertArrayEquals(json, batched.get(key), () -> "seed " + seed + ", batches of " + batch
              + ", " + key + "\n" + new String(json) + "\n" + new String(batched.get(key))));
    }
    System.out.println("fold property: seed " + seed + ", " + EVENTS + " events, " + oneByOne.size()
        + " Observations equal at 1, 7, 500");
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theOrderOfEventsOfDistinctBucketsIsInvisible(long seed) throws Exception {
    Random random = new Random(seed);
    for (String type : List.of("hourly", "session", "single")) {
      List<Measurement> events = distinct(type, random);
      Map<GroupKey, byte[]> inOrder = foldAll(events, 500);
      Collections.shuffle(events, random);
      Map<GroupKey, byte[]> shuffled = foldAll(events, 1 + random.nextInt(50));
      assertEquals(inOrder.keySet(), shuffled.keySet());
      for (GroupKey key : inOrder.keySet()) {
        assertEquals(JSON.readTree(inOrder.get(key)), JSON.readTree(shuffled.get(key)), "seed " + seed + " " + type);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void foldingEverythingTwiceChangesNoSample(long seed) throws Exception {
    List<Measurement> events = distinct("hourly", new Random(seed));
    Map<GroupKey, byte[]> once = foldAll(events, 500);

    for (Map.Entry<GroupKey, byte[]> stored : once.entrySet()) {
      ObservationFold again = MAPPING.open(stored.getKey(), stored.getValue());
      for (Measurement event : events) again.add(event);
      assertTrue(!again.changed(), "seed " + seed);
    }
  }

  /** As the device room does it: group a batch, open each Observation once, fold, write with the store's meta. */
  private static Map<GroupKey, byte[]> foldAll(List<Measurement> events, int batch) throws IOException {
    Map<GroupKey, byte[]> store = new LinkedHashMap<>();
    for (int from = 0; from < events.size(); from += batch) {
      Map<GroupKey, ObservationFold> open = new LinkedHashMap<>();
      for (Measurement event : events.subList(from, Math.min(events.size(), from + batch))) {
        foldOne(event, open, store);
      }
      for (Map.Entry<GroupKey, ObservationFold> one : open.entrySet()) {
        if (one.getValue().changed()) store.put(one.getKey(), one.getValue().json());
      }
    }
    return store;
  }

  private static void foldOne(Measurement event, Map<GroupKey, ObservationFold> open, Map<GroupKey, byte[]> store)
      throws IOException {
    try {
      GroupKey key = MAPPING.key(event, WHO);
      ObservationFold fold = open.get(key);
      if (fold == null) {
        fold = MAPPING.open(key, withMeta(store.get(key)));
        open.put(key, fold);
      }
      fold.add(event);
    } catch (UnusableEvent setAside) {
      assertEquals("not-a-number", setAside.reason);
    }
  }

  private static byte[] withMeta(byte[] json) throws IOException {
    if (json == null) return null;
    ObjectNode stored = (ObjectNode) new ObjectMapper()
        .enable(com.fasterxml.jackson.databind.DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .setNodeFactory(new com.fasterxml.jackson.databind.node.JsonNodeFactory(true))
        .readTree(json);
    stored.putObject("meta").put("versionId", "7").put("lastUpdated", "2026-11-20T10:00:00.000Z");
    return JSON.writeValueAsBytes(stored);
  }

  private static List<Measurement> events(Random random) {
    List<Measurement> events = new ArrayList<>();
    for (int i = 0; i < EVENTS; i++) {
      String type = List.of("hourly", "single", "session", "day", "waves", "strip").get(random.nextInt(6));
      Instant at = switch (type) {
        case "single" -> HOUR.plusMillis(random.nextInt(5) * 500L);
        case "session", "strip" -> HOUR.plusMillis(random.nextInt(90_000));
        case "waves" -> HOUR.plusMillis(random.nextInt(240) * 500L + random.nextInt(3));
        default -> HOUR.plusMillis(random.nextInt(2 * 3_600_000));
      };
      List<Property> properties = new ArrayList<>();
      for (String name : List.of("a", "b", "c")) {
        if (random.nextInt(3) > 0)
          properties
              .add(new Property(name, type.equals("waves") || type.equals("strip") ? several(random) : value(random)));
      }
      String session = "s" + random.nextInt(2);
      events.add(new Measurement(type, at, HOUR.plusMillis(i), "m", null, null, session, properties));
    }
    return events;
  }

  private static String several(Random random) {
    if (random.nextInt(3) == 0) return value(random);
    StringBuilder text = new StringBuilder(List.of("250ms", "1000ms", "100.5ms").get(random.nextInt(3)));
    for (int i = random.nextInt(12); i >= 0; i--)
      text.append(random.nextInt(4) == 0 ? " E" : " " + random.nextInt(200));
    return text.toString();
  }

  private static String value(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> "oops";
      case 1 -> "1E-05";
      case 2 -> "1,234.50";
      case 3 -> "1E+3";
      case 4 -> "72.0";
      default -> BigDecimal.valueOf(random.nextInt(40), random.nextInt(3)).toPlainString();
    };
  }

  /** One event per bucket of every value, all ingested at once. */
  private static List<Measurement> distinct(String type, Random random) {
    List<Measurement> events = new ArrayList<>();
    Set<Long> taken = new HashSet<>();
    while (events.size() < 150) {
      long millis = random.nextInt(type.equals("hourly") ? 3_600_000 : 2_000_000);
      if (!taken.add(millis / 7000)) continue;
      events.add(new Measurement(type, HOUR.plusMillis(millis), HOUR, "m", null, null, "s",
          List.of(new Property("a", Integer.toString(random.nextInt(200))), new Property("c", "5"))));
    }
    return events;
  }
}
