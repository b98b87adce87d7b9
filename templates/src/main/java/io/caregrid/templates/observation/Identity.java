package io.caregrid.templates.observation;

/**
 * Whom a reading belongs to, as ids of FHIR resources.
 *
 * @param device    id of the Device
 * @param patient   id of the Patient
 * @param encounter id of the Encounter, or null
 */
public record Identity(String device, String patient, String encounter) {}
