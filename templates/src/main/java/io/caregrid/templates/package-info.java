/**
 * Meaning as data: templates turn what devices and hospitals send into what FHIR keeps.
 *
 * <p>Start at {@link io.caregrid.templates.device.DeviceMapping} (bytes to measurements) and
 * {@link io.caregrid.templates.observation.FhirMapping} (measurements to Observations). Everything here is pure: same input, same output.
 *
 * <p>Never here: I/O, threads, Vert.x, Netty.
 */
package io.caregrid.templates;
