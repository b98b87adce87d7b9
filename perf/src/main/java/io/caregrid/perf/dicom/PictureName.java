package io.caregrid.perf.dicom;

import java.util.List;

/** UIDs of one picture, all of the same length whatever the numbers, so that one may take another's place. */
record PictureName(String study, String series, String instance) {

  /** Pictures in a series, which is a study here: a scanner's. */
  private static final int SERIES = 200;
  private static final String ROOT = "1.2.826.0.1.3680043.10.1337.";

  /** @param run of this process and this load, 0..899999 @param association 0..89 @param number 0..8999999 */
  static PictureName of(int run, int association, int number) {
    String study = ROOT + (100_000 + run) + "." + (10 + association) + "." + (10_000 + number / SERIES);
    return new PictureName(study + ".1", study + ".2", study + ".3." + (1_000_000 + number));
  }

  List<String> parts() {
    return List.of(study, series, instance);
  }
}
