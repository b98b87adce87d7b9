package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.mapping.Declaration;
import java.util.List;

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
    return seconds * TICKS_OF_A_SECOND / sampled.ticks() * SAMPLE_BYTES;
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
