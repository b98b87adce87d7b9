package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Limits;

/**
 * How much of an instance's data set is read for the sake of its pixels. Values above 4 kB stay in the source, lookup tables and overlays among them. One
 * that holds more than an extent says so, and the next is tried: what a shorter reading would leave out decides how a frame looks.
 */
public enum Extent {
  /** All but images with thousands of functional groups or fragments. */
  USUAL(4_000, 1536 << 10, 4_096, 3 << 20),
  /** A hundred bytes an element, the values, and thirty a fragment while they are read. */
  LARGE(100_000, 16 << 20, 400_000, 40 << 20),
  /** The longest that is read at all: segmentations and slides of tens of thousands of frames with functional groups, plans of thousands of contours. */
  HUGE(1_000_000, 24 << 20, Limits.MOST_FRAGMENTS, 176 << 20);

  private static final int INLINE_BYTES = 4096;
  /** A shorter list of numbers stands in metadata as long as there is room. */
  private static final int SPARING = 256;

  private final int elements;
  private final long values;
  private final int fragments;
  /** Of memory at most, the first megabyte of a frame included. */
  public final long bytes;

  Extent(int elements, long values, int fragments, long bytes) {
    this.elements = elements;
    this.values = values;
    this.fragments = fragments;
    this.bytes = bytes;
  }

  /** What may still be read where this is not enough; null: nothing. */
  public Extent next() {
    return this == HUGE ? null : values()[ordinal() + 1];
  }

  /** More than these is a {@link io.caregrid.dicom.data.DicomException.TooLarge}; no value up to 4 kB is left out. */
  public Limits limits() {
    return limits(INLINE_BYTES, 0, INLINE_BYTES);
  }

  /** For copying values or finding one, which a plan has millions of: where there are very many, long numbers and texts stay in the source. */
  public Limits copying() {
    return limits(INLINE_BYTES, 0);
  }

  /** For showing the values: see {@link Limits}. Where there are very many, long numbers and texts stay in the source. */
  public Limits limits(int inlineBytes, int stopBefore) {
    return limits(inlineBytes, stopBefore, SPARING);
  }

  private Limits limits(int inlineBytes, int stopBefore, int sparing) {
    return new Limits(Limits.WHOLE.depth(), elements, inlineBytes, stopBefore, values, sparing, fragments);
  }
}
