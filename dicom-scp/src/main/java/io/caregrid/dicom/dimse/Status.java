package io.caregrid.dicom.dimse;

/** Statuses (PS3.7 annex C) that are not those of {@link io.caregrid.dicom.archive.Refused}. */
final class Status {
  static final int SUCCESS = 0x0000;
  static final int PROCESSING_FAILURE = 0x0110;
  static final int INVALID_SOP_INSTANCE = 0x0117;
  static final int MISSING_ATTRIBUTE = 0x0120;
  static final int SOP_CLASS_NOT_SUPPORTED = 0x0122;
  static final int NOT_AUTHORIZED = 0x0124;
  static final int UNRECOGNIZED_OPERATION = 0x0211;
  static final int OUT_OF_RESOURCES = 0xA700;
  /** Warning, coercion of data elements: ours for "kept is what was here before" (PS3.4 table B.2-1). */
  static final int COERCION = 0xB000;

  private Status() {}

  /** As the standard and every log writes it: four hexadecimal digits. */
  static String text(int status) {
    return "%04X".formatted(status);
  }

  /** What that family of statuses says (PS3.7 annex C, PS3.4 table B.2-1), for a person. */
  static String words(int status) {
    if (isKept(status)) return status == SUCCESS ? "kept" : "kept with a warning";
    return switch (status >> 8) {
      case 0xA7 -> "out of resources";
      case 0xA9 -> "data set does not match its SOP class";
      default -> status >> 12 == 0xC ? "cannot understand" : switch (status) {
        case SOP_CLASS_NOT_SUPPORTED -> "SOP class not supported";
        case NOT_AUTHORIZED -> "not authorized";
        case 0x0111 -> "duplicate SOP instance";
        case INVALID_SOP_INSTANCE -> "invalid SOP instance";
        default -> "refused";
      };
    };
  }

  /** Success or warning: what was sent is there. */
  static boolean isKept(int status) {
    return status == SUCCESS || status >> 12 == 0xB || status == 0x0001 || status == 0x0107 || status == 0x0116;
  }
}
