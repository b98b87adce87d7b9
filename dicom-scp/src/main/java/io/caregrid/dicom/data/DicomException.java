package io.caregrid.dicom.data;

/** Bytes that are not what PS3.5 or PS3.10 says. Names the place and the tag, never a value: values are patient data. */
public class DicomException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public DicomException(String what) {
    super(what, null, false, false);
  }

  /** They may be, but there is more of them than {@link Limits} or than is ever inflated. */
  public static final class TooLarge extends DicomException {
    private static final long serialVersionUID = 1;

    public TooLarge(String what) {
      super(what);
    }
  }
}
