package io.caregrid.templates.preview;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Observations of one message, as the store would get them if it held nothing yet. */
final class ObservationPreview {
  private static final JsonMapper FHIR = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();
  private static final int LONGEST_ID = 64;
  /** Of all Observations of one message, as JSON: room for one with two million gaps. */
  private static final int MOST_BYTES = 8_000_000;
  /** A sample and the blank behind it. */
  private static final int LEAST_SAMPLE = 2;
  private final FhirMapping mapping;
  private final Identity identity;
  private final ArrayNode errors;
  private final Map<GroupKey, List<Measurement>> groups = new LinkedHashMap<>();

  /** @param identity null when the measurement's own identifiers shall stand for ids */
  ObservationPreview(FhirMapping mapping, Identity identity, ArrayNode errors) {
    this.mapping = mapping;
    this.identity = identity;
    this.errors = errors;
  }

  /**
   * One Observation is in memory at a time: it may have millions of samples, and a message may be for thousands. One whose samples alone are too long is
   * not even made: a small mapping may ask for more of them than there is memory.
   */
  void add(List<Measurement> measurements, ArrayNode observations) {
    measurements.forEach(this::place);
    int left = MOST_BYTES;
    for (Map.Entry<GroupKey, List<Measurement>> group : groups.entrySet()) {
      long samples = mapping.samples(group.getKey(), group.getValue());
      if (samples > left / LEAST_SAMPLE) {
        tooLong(samples);
        return;
      }
      byte[] made = folded(group.getKey(), group.getValue());
      if (made == null) continue;
      left -= made.length;
      if (left < 0) {
        tooLong(samples);
        return;
      }
      observations.add(tree(made));
    }
  }

  private void tooLong(long samples) {
    String which = groups.size() == 1
        ? "The Observation is not shown: it has some " + samples + " samples and is"
        : "Not all of the " + groups.size() + " Observations are shown: they are";
    Preview.error(errors, "too-costly", which + " longer than " + MOST_BYTES
        + " bytes, the most that a preview shows of a message. This is no mistake in the mapping.", null);
  }

  private static JsonNode tree(byte[] json) {
    try {
      return FHIR.readTree(json);
    } catch (IOException impossible) {
      throw new UncheckedIOException("an Observation just written", impossible);
    }
  }

  /** What is not allowed in an id (FHIR R4 datatypes.html#id) becomes a dash. */
  private static Identity own(Measurement measurement) {
    String patient = measurement.patient() == null ? "patient" : id(measurement.patient());
    return new Identity(id(measurement.device()), patient,
        measurement.encounter() == null ? null : id(measurement.encounter()));
  }

  private static String id(String identifier) {
    String id = identifier.replaceAll("[^A-Za-z0-9.-]", "-");
    return id.isEmpty() ? "-" : id.substring(0, Math.min(id.length(), LONGEST_ID));
  }

  private void place(Measurement measurement) {
    try {
      GroupKey key = mapping.key(measurement, identity == null ? own(measurement) : identity);
      groups.computeIfAbsent(key, first -> new ArrayList<>(1)).add(measurement);
    } catch (UnusableEvent refused) {
      Preview.error(errors, refused.reason, refused.getMessage(), null);
    }
  }

  /** Null when none of them can be used. */
  private byte[] folded(GroupKey key, List<Measurement> measurements) {
    ObservationFold fold = mapping.open(key, null);
    for (Measurement measurement : measurements) {
      try {
        fold.add(measurement);
      } catch (UnusableEvent refused) {
        Preview.error(errors, refused.reason, refused.getMessage(), null);
      }
    }
    return fold.changed() ? fold.json() : null;
  }
}
