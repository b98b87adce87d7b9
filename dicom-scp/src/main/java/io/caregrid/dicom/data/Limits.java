package io.caregrid.dicom.data;

/**
 * How far a reader goes. What the bytes say about themselves never decides how much memory is taken. More elements, fragments or values than these is a
 * {@link DicomException.TooLarge}: nothing is left out in silence.
 *
 * @param depth       sequences within sequences, at least 1
 * @param elements    elements and items together, in the whole data set; where only some are wanted, those within them
 * @param inlineBytes values up to here are read along; beyond that they are {@link Value.Bulk}, as pixel data always is
 * @param stopBefore  unsigned tag of the outermost level before which reading ends, 0 = never. The element met there is kept as
 *                    {@link Value.Bulk}
 * @param total       bytes of all values that are read along, where each of several in one element counts {@value #EACH_VALUE} bytes more
 * @param sparing     numbers and binary values longer than this are {@link Value.Bulk} when half of the total is taken, texts of one value when three
 *                    quarters are (PS3.18 F.2.2 allows that for their VRs): what is short has its place
 * @param fragments   of encapsulated pixel data, and entries of offset tables, together in the whole data set
 */
public record Limits(int depth, int elements, int inlineBytes, int stopBefore, long total, int sparing, int fragments) {

  private static final int INLINE_VALUES = 384;
  private static final int SPARING = 256;
  /** Bytes that one of several values of an element counts beside its own: as JSON it is an object or two, and may be one letter in the file. */
  static final int EACH_VALUE = 16;
  /**
   * A million frames of one fragment each with their offset table: the largest whole slides have some hundred thousand. They take 24 MiB, and half as much
   * again while they are read.
   */
  public static final int MOST_FRAGMENTS = 2 << 20;

  /** All that is said about an image: up to (7FE0,0008), the first of the pixel data elements. */
  public static final Limits HEADER = new Limits(64, 100_000, 1 << 16, 0x7FE00008);
  public static final Limits WHOLE = new Limits(64, 100_000, 1 << 16, 0);

  public Limits {
    if (depth < 1 || elements < 1 || inlineBytes < 0 || total < 0 || sparing < 0 || fragments < 0)
      throw new IllegalArgumentException("limits below one");
  }

  /** Of as many fragments as are ever read, and a total of {@value #INLINE_VALUES} values of {@code inlineBytes}. */
  public Limits(int depth, int elements, int inlineBytes, int stopBefore) {
    this(depth, elements, inlineBytes, stopBefore, (long) inlineBytes * INLINE_VALUES, SPARING, MOST_FRAGMENTS);
  }
}
