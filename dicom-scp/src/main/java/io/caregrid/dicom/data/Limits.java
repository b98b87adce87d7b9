package io.caregrid.dicom.data;

/**
 * How far a reader goes. What the bytes say about themselves never decides how much memory is taken.
 *
 * @param depth       sequences within sequences, at least 1
 * @param elements    elements and items together, in the whole data set
 * @param inlineBytes values up to here are read along, and at most {@value #INLINE_VALUES} times as much in all; beyond that they are
 *                    {@link Value.Bulk}, as pixel data always is
 * @param stopBefore  unsigned tag of the outermost level before which reading ends, 0 = never. The element met there is kept as
 *                    {@link Value.Bulk}
 */
public record Limits(int depth, int elements, int inlineBytes, int stopBefore) {

  static final int INLINE_VALUES = 384;
  /** Bytes that one of several values of an element counts beside its own: as JSON it is an object or two, and may be one letter in the file. */
  static final int EACH_VALUE = 16;
  /**
   * Fragments and entries of offset tables together, in the whole data set. A million frames of one fragment each with their offset table: the largest
   * whole slides have some hundred thousand. They take 24 MiB at most.
   */
  static final int MOST_FRAGMENTS = 2 << 20;

  /** All that is said about an image: up to (7FE0,0008), the first of the pixel data elements. */
  public static final Limits HEADER = new Limits(64, 100_000, 1 << 16, 0x7FE00008);
  public static final Limits WHOLE = new Limits(64, 100_000, 1 << 16, 0);

  public Limits {
    if (depth < 1 || elements < 1 || inlineBytes < 0) throw new IllegalArgumentException("limits below one");
  }
}
