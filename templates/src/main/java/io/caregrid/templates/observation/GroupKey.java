package io.caregrid.templates.observation;

import io.caregrid.templates.mapping.Version;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.HexFormat;

/**
 * Names the one Observation an event belongs to.
 *
 * @param identity    whose
 * @param type        the measurement's type, as the device mapping spelled it
 * @param periodStart start of the period, UTC; null when grouped by correlation
 * @param periodEnd   last 100 ns of the period, inclusive; equal to start for single values; null when grouped by correlation
 * @param correlation the correlation id, or null
 */
public record GroupKey(Identity identity, String type, Instant periodStart, Instant periodEnd, String correlation) {

  /** Identifier system and type coding system of the IoMT FHIR connector, kept so that its stores can be taken over. */
  public static final String SYSTEM = "https://azure.microsoft.com/en-us/services/iomt-fhir-connector/";
  private static final int FRACTION_DIGITS = 7;

  /** {@code patient.device.type.segment}: value of the Observation's identifier. */
  public String identifier() {
    return identity.patient() + "." + identity.device() + "." + type + "." + segment();
  }

  /** Lowercase hex SHA-256 of {@code system_identifier}: the Observation's id. */
  public String observationId() {
    return HexFormat.of().formatHex(Version.sha256(SYSTEM + "_" + identifier()));
  }

  /** The correlation id; or start and end to the second, and to the last digit for a single value whose time has a fraction of one. */
  String segment() {
    if (correlation != null) return correlation;
    boolean exact = periodStart.equals(periodEnd) && Timestamps.cut(periodStart).getNano() != 0;
    return exact
        ? fine(periodStart) + "." + fine(periodEnd)
        : Timestamps.compact(periodStart) + "." + Timestamps.compact(periodEnd);
  }

  /** {@code 20261120100000.2500000Z} */
  private static String fine(Instant time) {
    String whole = Timestamps.format(time, FRACTION_DIGITS);
    return Timestamps.compact(time).replace("Z", whole.substring(whole.indexOf('.')));
  }
}
