/**
 * Device content mappings ({@code devicecontent.json}): one payload in, {@link io.caregrid.templates.device.Measurement}s out.
 *
 * <p>Start at {@link io.caregrid.templates.device.DeviceMapping}. Mapping files of the IoMT FHIR connector and the MedTech service are read as they are.
 * The one invariant: a mapping is checked whole when it is loaded, and never parsed again per message.
 *
 * <p>Never here: I/O, Kafka, FHIR.
 */
package io.caregrid.templates.device;
