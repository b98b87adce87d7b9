package io.caregrid.dicom.fhir;

import java.time.Duration;

/**
 * How fast ImagingStudies follow the archive.
 *
 * @param quiet   see {@link Debounce}
 * @param changes of resources, read at a time to find the Patients among them
 * @param notes   of changed studies, read at a time
 */
record Pace(Duration quiet, int changes, int notes) {
  static final Pace USUAL = new Pace(Debounce.QUIET, 5_000, 10_000);
}
