package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Waveform;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.text.Timestamps;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One template: {@code CodeValueFhir}. The JSON in it is shared by all Observations made from it and never changed.
 *
 * @param codes      codings of {@code Observation.code}, as FHIR
 * @param effective  how {@code Observation.effective[x]} is written
 * @param category   {@code Observation.category}, as FHIR; null when the template has none
 * @param performer  {@code Observation.performer}, as FHIR; null when the template has none
 * @param profile    {@code Observation.meta.profile}, as FHIR; null when the template has none
 * @param fixed      extensions that are the same in every Observation, as FHIR; may be empty
 * @param capture    which readings are kept; null when all are
 * @param value      or null
 * @param components may be empty
 * @param extensions whose values measurements carry; may be empty
 */
record CodeValueFhir(Declaration declaration, ArrayNode codes, Period period, Effective.Form effective,
    ArrayNode category, ArrayNode performer, ArrayNode profile, List<ObjectNode> fixed, Capture capture,
    ValueTemplate value,
    List<Component> components, List<Extension> extensions) {

  private static final int EMPTY_BYTES = 2_000;
  private static final int SAMPLE_BYTES = 6;
  private static final int HOUR_SECONDS = 3_600;
  private static final long TICKS_OF_A_SECOND = 10_000_000;

  String type() {
    return declaration.type();
  }

  /** About how many bytes an Observation takes once its period is full; a session, which may last any time, counts as an hour. */
  long weight() {
    long weight = EMPTY_BYTES + weight(value);
    for (Component component : components) weight += weight(component.value());
    return weight;
  }

  private long weight(ValueTemplate of) {
    if (!(of instanceof ValueTemplate.Sampled sampled)) return 0;
    long seconds = period.isCorrelation() ? HOUR_SECONDS : period.seconds();
    return samples(seconds, sampled) * SAMPLE_BYTES;
  }

  /** Samples of a whole period in all its SampledData together; 0 where a period has no length of its own. */
  long samples() {
    return sampled().mapToLong(one -> samples(period.seconds(), one)).sum();
  }

  private static long samples(long seconds, ValueTemplate.Sampled sampled) {
    return seconds * TICKS_OF_A_SECOND / sampled.ticks();
  }

  /** Samples that an Observation of these events alone has in all its SampledData together, or more. */
  long samples(GroupKey key, List<Measurement> events) {
    boolean waves = sampled().anyMatch(ValueTemplate.Sampled::several);
    Set<String> named = new HashSet<>();
    long first = key.periodStart() == null ? Long.MAX_VALUE : Timestamps.ticks(key.periodStart());
    long last = key.periodEnd() == null ? Long.MIN_VALUE : Timestamps.ticks(key.periodEnd());
    for (Measurement event : events) {
      long time = Timestamps.ticks(event.occurredAt());
      first = Math.min(first, time);
      last = Math.max(last, time);
      for (Measurement.Property property : event.properties()) {
        named.add(property.name());
        Waveform several = waves ? Waveform.parse(property.value()) : null;
        if (several != null) last = Math.max(last, time + several.length());
      }
    }
    long length = last - first;
    return sampled().filter(one -> named.contains(one.name()))
        .mapToLong(one -> Math.min(length / one.ticks() + 1, SampledSlot.MOST_SAMPLES))
        .sum();
  }

  private Stream<ValueTemplate.Sampled> sampled() {
    return Stream.concat(Stream.ofNullable(value), components.stream().map(Component::value))
        .filter(ValueTemplate.Sampled.class::isInstance)
        .map(ValueTemplate.Sampled.class::cast);
  }

  /** What holds a value beside the Observation's own. */
  sealed interface Part {
    /** Never null. */
    ValueTemplate value();
  }

  /** @param codes codings of {@code component.code}, as FHIR */
  record Component(ArrayNode codes, ValueTemplate value) implements Part {}

  /** @param url of the extension's definition */
  record Extension(String url, ValueTemplate value) implements Part {}
}
