package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.templates.mapping.Declaration;
import java.util.List;

/**
 * One template: {@code CodeValueFhir}. The JSON in it is shared by all Observations made from it and never changed.
 *
 * @param codes      codings of {@code Observation.code}, as FHIR
 * @param effective how {@code Observation.effective[x]} is written
 * @param category   {@code Observation.category}, as FHIR; null when the template has none
 * @param performer {@code Observation.performer}, as FHIR; null when the template has none
 * @param value      or null
 * @param components may be empty
 */
record CodeValueFhir(Declaration declaration, ArrayNode codes, Period period, Effective.Form effective,
    ArrayNode category, ArrayNode performer, ValueTemplate value,
    List<Component> components) {

  String type() {
    return declaration.type();
  }

  /**
   * @param codes codings of {@code component.code}, as FHIR
   * @param value never null
   */
  record Component(ArrayNode codes, ValueTemplate value) {}
}
