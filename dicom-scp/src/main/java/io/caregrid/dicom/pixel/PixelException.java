package io.caregrid.dicom.pixel;

/** Why there is no picture. Names the place, sizes and syntaxes, never a value that is patient data. */
public final class PixelException extends RuntimeException {
  public enum Why {
    /** The instance has no pixel data: a report, a structure set, a waveform. */
    NO_PIXELS,
    /** The instance has fewer frames. */
    NO_SUCH_FRAME,
    /** Sound, but in a form or an encoding that is not decoded or written here. */
    UNSUPPORTED,
    /** Larger than what is worked on in memory. */
    TOO_LARGE,
    /** What is kept contradicts itself, ends early or is not in the encoding it says. */
    BROKEN
  }

  public final Why why;

  public PixelException(Why why, String what) {
    super(what, null, false, false);
    this.why = why;
  }

  static PixelException broken(String what) {
    return new PixelException(Why.BROKEN, what);
  }

  static PixelException unsupported(String what) {
    return new PixelException(Why.UNSUPPORTED, what);
  }
}
