package io.caregrid.dicom.archive;

/** The archive does not take an instance, and why. The comment names tags and limits, never a value that is patient data; 64 characters reach a modality. */
public final class Refused extends RuntimeException {
  /** With C-STORE's status (PS3.4 table B.2-1) and STOW-RS's Failure Reason (0008,1197) (PS3.18 table I.2-2, and Microsoft's service where that says less). */
  public enum Why {
    OUT_OF_RESOURCES(0xA700, 0xA700),
    NOT_DICOM(0xC000, 272),
    INVALID(0xC001, 43264),
    MISMATCH(0xA900,
        0xA900),
    OTHER_STUDY(0xA900, 43265),
    TOO_LARGE(0xA700, 0xA700),
    FAILED(0x0110, 272);

    public final int dimse;
    public final int web;

    Why(int dimse, int web) {
      this.dimse = dimse;
      this.web = web;
    }
  }

  public final Why why;

  public Refused(Why why, String comment) {
    super(comment, null, false, false);
    this.why = why;
  }
}
