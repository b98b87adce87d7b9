package io.caregrid.templates.capture;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.caregrid.templates.mapping.Version;
import java.util.HexFormat;

/**
 * Whose readings a rule looks at together: those of one device, as long as it belongs to one person, of one type. Mappings that are in force side by side look
 * at the same ones only when their rules are the same.
 *
 * @param device      id of the Device
 * @param patient     id of the Patient
 * @param type        of the measurement
 * @param correlation null when the type is not grouped by it
 * @param rule        {@link Capture#rule}
 */
public record CaptureKey(String device, String patient, String type, String correlation, String rule) {
  /** Two keys that differ have two texts. 64 hex digits, whatever devices call themselves. */
  public String text() {
    ArrayNode parts = JsonNodeFactory.instance.arrayNode();
    String whole = parts.add(device).add(patient).add(type).add(correlation).add(rule).toString();
    return HexFormat.of().formatHex(Version.sha256(whole));
  }
}
