package io.caregrid.templates.capture;

/**
 * Whose readings a rule looks at together: those of one device, as long as it belongs to one person, of one type.
 *
 * @param device      id of the Device
 * @param patient     id of the Patient
 * @param encounter   id of the Encounter, or null
 * @param type        of the measurement
 * @param correlation or null
 */
public record CaptureKey(String device, String patient, String encounter, String type, String correlation) {}
