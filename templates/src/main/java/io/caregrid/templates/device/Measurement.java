package io.caregrid.templates.device;

import java.time.Instant;
import java.util.List;

/**
 * One reading of one device, after normalisation and before FHIR.
 *
 * @param type        the template's {@code typeName}, e.g. {@code heartrate}; selects the FHIR template
 * @param occurredAt  when the body was measured, UTC (not when we received it)
 * @param ingestedAt  the log's timestamp of the source event, UTC
 * @param device      the device's own identifier, never blank; decides the shard. It and the other identifiers have at most {@link #LONGEST_IDENTIFIER}
 *                    characters
 * @param patient     patient identifier if the template extracts one, else null; likewise encounter and correlation
 * @param properties  in template order, names may repeat; values are text after the conversions of the mapping language
 */
public record Measurement(String type, Instant occurredAt, Instant ingestedAt, String device, String patient,
    String encounter, String correlation,
    List<Property> properties) {

  /** What is longer nobody searches for, and it would be kept in memory and in indexes by everything behind. */
  public static final int LONGEST_IDENTIFIER = 1_000;

  public record Property(String name, String value) {}

  public Measurement {
    if (device.isBlank()) throw new IllegalArgumentException("measurement without a device");
    if (isTooLong(device) || isTooLong(patient) || isTooLong(encounter) || isTooLong(correlation))
      throw new IllegalArgumentException(
          "measurement with an identifier of more than " + LONGEST_IDENTIFIER + " characters");
    properties = List.copyOf(properties);
  }

  private static boolean isTooLong(String identifier) {
    return identifier != null && identifier.length() > LONGEST_IDENTIFIER;
  }
}
