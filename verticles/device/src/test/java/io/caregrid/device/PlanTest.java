package io.caregrid.device;

import static io.caregrid.device.Readings.NOON;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.store.Progress;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.sets.MappingMark;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a batch comes down to, before anything is asked of the store. */
class PlanTest {
  private static final Owner.Claim CLAIM = new Owner.Claim("d", null);
  private static final Owners OWNERS = new Owners() {
    @Override
    public Future<Map<Owner.Claim, Owner>> owners(Collection<Owner.Claim> claims) {
      throw new UnsupportedOperationException("nobody asks while thinking");
    }

    @Override
    public Owner.Claim claim(String device, String patient, String encounter) {
      return CLAIM;
    }

    @Override
    public String patientOf(String device) {
      return null;
    }
  };

  @Test
  void aChunkOfManySamplesHoldsFewObservations() {
    assertEquals(256, plan(1_000).end(0, 256), "3,600 samples each");
    assertEquals(6, plan(4).end(0, 256), "900,000 samples each");
    assertEquals(300, plan(4).end(299, 256), "at least one");
    assertEquals(300, plan(1_000).end(256, 256));
  }

  /** 300 readings of a clock that is wrong: each is of another hour. */
  private static Plan plan(int periodMillis) {
    FhirMapping mapping = FhirMapping.parse("""
        {"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"ecg","codes":[],"periodInterval":60,
          "value":{"valueType":"SampledData","valueName":"v","defaultPeriod":%d}}}]}""".formatted(periodMillis));
    List<Batch.Event> events = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      Measurement reading = new Measurement("ecg", NOON.plus(Duration.ofHours(i)), NOON, "d", null, null, null,
          List.of(new Measurement.Property("v", "1")));
      events.add(new Batch.Event(i, Readings.source(0, i), reading, null, 150));
    }
    return Plan.of(0, new Batch(0, 300, events), new Progress(0, Map.of()), Map.of(MappingMark.FILES, mapping), OWNERS,
        Map.of(CLAIM, new Owner.Known(new Identity("d", "p", null))), new Capturing(Map.of()), null,
        new LetterLimit().open());
  }
}
