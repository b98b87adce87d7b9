package io.caregrid.dicom.data;

/** Bytes that are not what PS3.5 or PS3.10 says. Names the place and the tag, never a value: values are patient data. */
public final class DicomException extends RuntimeException {
  public DicomException(String what) {
    super(what, null, false, false);
  }
}
