package io.caregrid.templates.observation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several samples of one event: kept beside each other, in any kind of Observation. */
class WaveformFoldTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Identity WHO = new Identity("d", "p", null);
  private static final String MINUTES = "\"periodInterval\":1,";

  @Test
  void messagesThatFollowEachOtherLeaveNoGap() throws Exception {
    JsonNode first = fold(MINUTES, "\"trimmed\":true,", 250, null, "2026-11-22T10:00:00Z", "250ms 1 2 3 4");
    JsonNode both = fold(MINUTES, "\"trimmed\":true,", 250, first, "2026-11-22T10:00:01Z", "250ms 5 E 7 8");

    assertEquals("1 2 3 4 5 E 7 8", both.at("/valueSampledData/data").asText());
    assertEquals("2026-11-22T10:00:59.9999999Z", both.at("/effectivePeriod/end").asText());
  }

  @Test
  void aGapLeavesWhatIsThere() throws Exception {
    JsonNode first = fold(MINUTES, "\"trimmed\":true,", 250, null, "2026-11-22T10:00:00Z", "250ms 1 2 3");
    JsonNode again = fold(MINUTES, "\"trimmed\":true,", 250, first, "2026-11-22T10:00:00Z", "250ms E 9 E");

    assertEquals("1 9 3", again.at("/valueSampledData/data").asText());
  }

  @Test
  void anObservationOfOneMessageLastsAsLongAsItsSamples() throws Exception {
    JsonNode made = fold("", "", 4, null, "2026-11-22T10:00:00.002Z", "4ms 1 2 3");

    assertEquals("1 2 3", made.at("/valueSampledData/data").asText());
    assertEquals("2026-11-22T10:00:00.0020000Z", made.at("/effectivePeriod/start").asText());
    assertEquals("2026-11-22T10:00:00.0100000Z", made.at("/effectivePeriod/end").asText());
    assertEquals("p.d.t.20261122100000.0020000Z.20261122100000.0020000Z", made.at("/identifier/0/value").asText());
  }

  @Test
  void samplesBehindThePeriodStayWithTheirMessage() throws Exception {
    JsonNode made = fold(MINUTES, "", 20_000, null, "2026-11-22T10:00:50Z", "20000ms 1 2");

    assertEquals("E E 1 2", made.at("/valueSampledData/data").asText());
    assertEquals("2026-11-22T10:01:10.0000000Z", made.at("/effectivePeriod/end").asText());
  }

  @Test
  void samplesOfAnotherPeriodGoIntoTheBucketsOfTheirTimes() throws Exception {
    JsonNode finer = fold(MINUTES, "\"trimmed\":true,", 1_000, null, "2026-11-22T10:00:00Z", "500ms 1 2 3 4 5");
    JsonNode coarser = fold(MINUTES, "\"trimmed\":true,", 1_000, null, "2026-11-22T10:00:00Z", "2000ms 1 2 3");

    assertEquals("2 4 5", finer.at("/valueSampledData/data").asText());
    assertEquals("1 E 2 E 3", coarser.at("/valueSampledData/data").asText());
  }

  @Test
  void whoDoesNotAskForThemGetsWhatWasAlwaysSaid() {
    UnusableEvent refused = assertThrows(UnusableEvent.class, () -> {
      FhirMapping mapping = mapping(MINUTES, "", 250, "");
      Measurement event = event("2026-11-22T10:00:00Z", "250ms 1 2");
      mapping.open(mapping.key(event, WHO), null).add(event);
    });

    assertEquals("not-a-number", refused.reason);
  }

  @Test
  void whatIsTooLongIsRefusedAndChangesNothing() throws Exception {
    JsonNode first = fold(MINUTES, "", 250, null, "2026-11-22T10:00:00Z", "250ms 1");
    FhirMapping mapping = mapping(MINUTES, "", 250, "\"samples\":true,");
    Measurement endless = event("2026-11-22T10:00:00Z", "86400000ms 1 2 3 4 5 6 7 8");
    ObservationFold fold = mapping.open(mapping.key(endless, WHO), JSON.writeValueAsBytes(first));

    assertEquals("too-many-samples", assertThrows(UnusableEvent.class, () -> fold.add(endless)).reason);
    assertFalse(fold.changed());
    assertEquals(first, JSON.readTree(fold.json()));
    Measurement late = event("9999-12-31T23:59:59Z", "60000ms 1 2");
    ObservationFold last = mapping.open(mapping.key(late, WHO), null);
    assertEquals("bad-timestamp", assertThrows(UnusableEvent.class, () -> last.add(late)).reason);
  }

  @Test
  void allOfOneObservationTogetherHaveAnEnd() throws Exception {
    StringBuilder components = new StringBuilder();
    List<Property> values = new ArrayList<>();
    for (int i = 0; i < 13; i++) {
      components.append(i == 0 ? "" : ",")
          .append("{\"codes\":[],\"value\":{\"valueType\":\"SampledData\",\"valueName\":\"v" + i
              + "\",\"defaultPeriod\":4}}");
      values.add(new Property("v" + i, "1"));
    }
    FhirMapping mapping = FhirMapping.parse(
        "{\"templateType\":\"CollectionFhir\",\"template\":[{\"templateType\":\"CodeValueFhir\",\"template\":{"
            + "\"typeName\":\"t\",\"codes\":[],\"periodInterval\":-1,\"components\":[" + components + "]}}]}");
    Instant begun = Instant.parse("2026-11-22T10:00:00Z");
    Measurement first = new Measurement("t", begun, begun, "d", null, null, "c", values);
    Measurement later = new Measurement("t", begun.plusSeconds(7_990), begun, "d", null, null, "c", values);
    ObservationFold fold = mapping.open(mapping.key(first, WHO), null);
    fold.add(first);
    UnusableEvent refused = assertThrows(UnusableEvent.class, () -> fold.add(later));
    assertEquals("too-many-samples", refused.reason);
    assertTrue(refused.getMessage().contains("24000000 samples together"), refused.getMessage());
  }

  private static JsonNode fold(String period, String more, int millis, JsonNode stored, String time, String value)
      throws Exception {
    FhirMapping mapping = mapping(period, more, millis, "\"samples\":true,");
    Measurement event = event(time, value);
    ObservationFold fold = mapping.open(mapping.key(event, WHO),
        stored == null ? null : JSON.writeValueAsBytes(stored));
    fold.add(event);
    return JSON.readTree(fold.json());
  }

  private static FhirMapping mapping(String period, String more, int millis, String samples) {
    return FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"t","codes":[],%s
         "value":{"valueType":"SampledData","valueName":"v",%s%s"defaultPeriod":%d}}}]}"""
        .formatted(period, samples, more, millis));
  }

  private static Measurement event(String time, String value) {
    return new Measurement("t", Instant.parse(time), Instant.parse("2026-11-22T10:00:00Z"), "d", null, null, null,
        List.of(new Property("v", value)));
  }
}
