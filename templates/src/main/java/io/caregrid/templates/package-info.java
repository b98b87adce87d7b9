/**
 * Meaning as data: templates turn what devices and hospitals send into what FHIR keeps.
 *
 * <p>Start at {@link io.caregrid.templates.device.DeviceMapping} (bytes to measurements) and
 * {@link io.caregrid.templates.observation.FhirMapping} (measurements to Observations), or at {@link io.caregrid.templates.bundle.Conversion} (HL7 v2 and C-CDA
 * to Bundles), or at {@link io.caregrid.templates.deidentify.Deidentifier}. Everything here is pure: same input, same output.
 *
 * <p>Never here: I/O, but for reading a folder or zip of templates when it is loaded; threads, Vert.x, Netty.
 */
package io.caregrid.templates;
