package io.caregrid.templates.capture;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/**
 * Whose readings a rule looks at together: those of one device, as long as it belongs to one person, of one type.
 *
 * @param device      id of the Device
 * @param patient     id of the Patient
 * @param encounter   id of the Encounter, or null
 * @param type        of the measurement
 * @param correlation or null
 */
public record CaptureKey(String device, String patient, String encounter, String type, String correlation) {
  /** Two keys that differ have two texts. */
  public String text() {
    ArrayNode parts = JsonNodeFactory.instance.arrayNode();
    return parts.add(device).add(patient).add(encounter).add(type).add(correlation).toString();
  }
}
