package io.caregrid.templates.device;

import java.time.Instant;
import java.util.List;

/**
 * One reading of one device, after normalisation and before FHIR.
 *
 * @param type        the template's {@code typeName}, e.g. {@code heartrate}; selects the FHIR template
 * @param occurredAt  when the body was measured, UTC (not when we received it)
 * @param ingestedAt  the log's timestamp of the source event, UTC
 * @param device      the device's own identifier, never blank; decides the shard
 * @param patient     patient identifier if the template extracts one, else null; likewise encounter and correlation
 * @param properties  in template order, names may repeat; values are text after the conversions of the mapping language
 */
public record Measurement(String type, Instant occurredAt, Instant ingestedAt, String device, String patient,
    String encounter, String correlation,
    List<Property> properties) {
  public record Property(String name, String value) {}

  public Measurement {
    if (device.isBlank()) throw new IllegalArgumentException("measurement without a device");
    properties = List.copyOf(properties);
  }
}
