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

  String type() {
    return declaration.type();
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
