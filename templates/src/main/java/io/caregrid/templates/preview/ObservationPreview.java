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
  private final FhirMapping mapping;
  private final Identity identity;
  private final ArrayNode errors;
  private final Map<GroupKey, ObservationFold> folds = new LinkedHashMap<>();

  /** @param identity null when the measurement's own identifiers shall stand for ids */
  ObservationPreview(FhirMapping mapping, Identity identity, ArrayNode errors) {
    this.mapping = mapping;
    this.identity = identity;
    this.errors = errors;
  }

  void add(List<Measurement> measurements, ArrayNode observations) {
    measurements.forEach(this::fold);
    folds.values().forEach(fold -> observations.add(tree(fold.json())));
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

  private void fold(Measurement measurement) {
    try {
      GroupKey key = mapping.key(measurement, identity == null ? own(measurement) : identity);
      ObservationFold fold = folds.get(key);
      boolean opened = fold == null;
      if (opened) fold = mapping.open(key, null);
      fold.add(measurement);
      if (opened) folds.put(key, fold);
    } catch (UnusableEvent refused) {
      Preview.error(errors, refused.reason, refused.getMessage(), null);
    }
  }
}
