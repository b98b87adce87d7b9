package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Limits;

/** How much of an instance's data set is read for the sake of its pixels. Values above 4 kB stay in the source, lookup tables and overlays among them. */
public enum Extent {
  /** All but images with thousands of functional groups or fragments. */
  USUAL(4_000, 3 << 20),
  /** The longest that is read at all. */
  LARGE(Limits.WHOLE.elements(), 40 << 20);

  private static final int INLINE_BYTES = 4096;

  private final int elements;
  /** Of memory at most, the first megabyte of a frame included. */
  public final long bytes;

  Extent(int elements, long bytes) {
    this.elements = elements;
    this.bytes = bytes;
  }

  /** More than these is a DicomException of the reader's. */
  public Limits limits() {
    return limits(INLINE_BYTES, 0);
  }

  /** See {@link Limits}. */
  public Limits limits(int inlineBytes, int stopBefore) {
    return new Limits(Limits.WHOLE.depth(), elements, inlineBytes, stopBefore);
  }
}
