package io.caregrid.dicom.ul;

/** Bytes that are no PDU of PS3.8, or one that is not allowed. The message names the field, never a value. */
public final class PduException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Reason/Diag. of the A-ABORT that answers it (PS3.8 table 9-26). */
  public final int reason;

  PduException(int reason, String what) {
    super(what, null, false, false);
    this.reason = reason;
  }

  static PduException unrecognized(int type) {
    return new PduException(Pdu.Abort.UNRECOGNIZED_PDU, "PDU type " + Integer.toHexString(type) + "H");
  }

  static PduException invalid(String what) {
    return new PduException(Pdu.Abort.INVALID_PARAMETER, what);
  }
}
