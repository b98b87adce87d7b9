package io.caregrid.dicom.pixel;

/**
 * How many bytes of memory a job on pixels takes at most, told from headers before anything is decoded. What the data set takes comes on top
 * ({@link Extent#bytes}).
 */
public final class Need {
  /** Tables, rows and streams, whatever the size of the picture. */
  private static final int TOOLS = 1 << 20;

  private Need() {}

  /** A frame as it is kept. */
  public static long stored(Pixels pixels) {
    if (!pixels.isEncapsulated()) return pixels.storedBytes(1);
    long most = 0;
    for (int frame = 1; frame <= pixels.frames(); frame++) most = Math.max(most, pixels.storedBytes(frame));
    return most;
  }

  /** The neediest frame, decoded. */
  public static long decoding(Pixels pixels) {
    return decoding(pixels, stored(pixels));
  }

  public static long decoding(Pixels pixels, int frame) {
    return decoding(pixels, pixels.storedBytes(frame));
  }

  private static long decoding(Pixels pixels, long stored) {
    PixelFormat format = pixels.decodedFormat();
    return TOOLS + (pixels.isEncapsulated()
        ? pixels.codec().working(stored, format)
        : stored + (format.allocated() == 1 ? format.frameBytes() : 0));
  }

  /** A frame on its way to a JPEG or PNG stream, which goes out as it is made. */
  public static long rendering(Pixels pixels, int frame, Rendering how) {
    PixelFormat format = pixels.decodedFormat();
    boolean gray = format.photometric().isMonochrome();
    long shown = format.pixels() * (gray ? 1 : 3);
    long colours = format.samples() > 1 ? format.frameBytes() + shown : 0;
    return decoding(pixels, frame) + shown + colours + Screen.of(pixels, frame).most(format, how) * (gray ? 1 : 3);
  }

  /** An instance rewritten frame by frame. */
  static long transcoding(Pixels pixels, boolean packed) {
    PixelFormat format = pixels.decodedFormat();
    return decoding(pixels) + (packed ? Rle.most(format) : 0);
  }
}
