package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.DateTimeException;
import java.time.ZoneId;

/**
 * How pictures appear among the clinical records, as FHIR ImagingStudy.
 *
 * @param patientSystem identifier system of Patient IDs (0010,0020) that come without an issuer; empty matches any system
 * @param zone          where modalities stand that do not name their offset from UTC (0008,0201), e.g. {@code Europe/Berlin}; empty: their times are
 *                      left out, since FHIR knows no time without an offset, and dates stay
 * @param address       under which others reach DICOMweb, e.g. {@code https://pacs.example.org/dicom-web}; empty: this node's own
 */
public record ImagingConfig(String patientSystem, String zone, String address) {

  public static final ImagingConfig DEFAULT = new ImagingConfig("", "", "");

  public ImagingConfig {
    require(zone.isEmpty() || isZone(zone), "imaging.zone must be a time zone such as Europe/Berlin, not " + zone);
    require(address.isEmpty() || address.matches("https?://[^\\s]+[^\\s/]"),
        "imaging.address must be an http or https address without a slash at its end, not " + address);
  }

  /** Null when it is not known. */
  public ZoneId zoneId() {
    return zone.isEmpty() ? null : ZoneId.of(zone);
  }

  private static boolean isZone(String zone) {
    try {
      ZoneId.of(zone);
      return true;
    } catch (DateTimeException none) {
      return false;
    }
  }
}
