package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;

/**
 * How the samples of a frame lie (Image Pixel module, PS3.3 C.7.6.3).
 *
 * @param samples    per pixel: 1, 3 or 4
 * @param allocated  bits a sample takes: 1, 8, 16, 32, 64
 * @param stored     bits of it that are the sample
 * @param highBit    where its most significant bit is
 * @param signed     two's complement
 * @param floating   IEEE 754 numbers of {@code allocated} bits (Float and Double Float Pixel Data)
 * @param byPlane    all reds, then all greens, then all blues, instead of pixel after pixel
 * @param frames     Number of Frames, at least 1
 */
public record PixelFormat(int rows, int columns, int samples, int allocated, int stored, int highBit, boolean signed,
    boolean floating, boolean byPlane, Photometric photometric, int frames) {

  /** Most bytes of one native frame that are held in memory: 8192 × 8192 pixels of 16 bits. */
  public static final long MAX_FRAME_BYTES = 128L << 20;

  public PixelFormat {
    if (rows < 1 || columns < 1 || rows > 0xFFFF || columns > 0xFFFF)
      throw PixelException.broken("(0028,0010) Rows and (0028,0011) Columns must be 1 to 65535");
    if (samples != 1 && samples != 3 && samples != 4)
      throw PixelException.unsupported("(0028,0002) Samples per Pixel is " + samples + ", not 1, 3 or 4");
    if (allocated != 1 && allocated != 8 && allocated != 16 && allocated != 32 && allocated != 64)
      throw PixelException.unsupported("(0028,0100) Bits Allocated is " + allocated + ", not 1, 8, 16, 32 or 64");
    if (stored < 1 || stored > allocated || highBit < stored - 1 || highBit >= allocated)
      throw PixelException.broken("(0028,0101) Bits Stored and (0028,0102) High Bit do not fit into Bits Allocated");
    if (frames < 1) throw PixelException.broken("(0028,0008) Number of Frames must be at least 1");
    if (samples == 1 && photometric.ordinal() > Photometric.PALETTE_COLOR.ordinal())
      throw PixelException.broken("(0028,0004) Photometric Interpretation needs three samples per pixel");
    if (samples > 1 && photometric.ordinal() <= Photometric.PALETTE_COLOR.ordinal())
      throw PixelException.broken("(0028,0004) Photometric Interpretation needs one sample per pixel");
  }

  static PixelFormat of(DataSet set, int pixelTag) {
    int allocated = number(set, Tag.BITS_ALLOCATED, -1);
    boolean floating = pixelTag != Tag.PIXEL_DATA;
    if (floating) allocated = pixelTag == Tag.FLOAT_PIXEL_DATA ? 32 : 64;
    if (allocated < 0) throw PixelException.broken("(0028,0100) Bits Allocated is missing");
    int stored = floating ? allocated : number(set, Tag.BITS_STORED, allocated);
    int samples = number(set, Tag.SAMPLES_PER_PIXEL, 1);
    String photometric = set.text(Tag.PHOTOMETRIC_INTERPRETATION);
    if (photometric == null) photometric = samples == 1 ? "MONOCHROME2" : "RGB";
    return new PixelFormat(number(set, Tag.ROWS, 0), number(set, Tag.COLUMNS, 0), samples, allocated, stored,
        floating ? allocated - 1 : number(set, Tag.HIGH_BIT, stored - 1),
        !floating && number(set, Tag.PIXEL_REPRESENTATION, 0) == 1, floating,
        samples > 1 && number(set, Tag.PLANAR_CONFIGURATION, 0) == 1, Photometric.of(photometric),
        number(set, Tag.NUMBER_OF_FRAMES, 1));
  }

  public long pixels() {
    return (long) rows * columns;
  }

  /** Of one native frame. Frames of one bit a sample follow each other without padding (PS3.5 8.1.1), so this is no multiple of 8 for them. */
  public long frameBits() {
    long perPixel = switch (photometric) {
      case YBR_FULL_422, YBR_PARTIAL_422 -> 2L * allocated;
      case YBR_PARTIAL_420 -> 3L * allocated / 2;
      default -> (long) samples * allocated;
    };
    return pixels() * perPixel;
  }

  /** Colour differences have a lower resolution than luminance. */
  boolean isSubsampled() {
    return frameBits() != pixels() * samples * allocated;
  }

  /** Of one native frame on its own. */
  public long frameBytes() {
    return (frameBits() + 7) / 8;
  }

  /** {@link #frameBytes()} as an array's size. TOO_LARGE above {@link #MAX_FRAME_BYTES}. */
  int frameInMemory() {
    long bytes = Math.max(frameBytes(), pixels() * samples); // a bit becomes a byte once it is looked at
    if (bytes > MAX_FRAME_BYTES)
      throw new PixelException(PixelException.Why.TOO_LARGE,
          "a frame of " + bytes + " bytes; at most " + MAX_FRAME_BYTES + " are worked on");
    return (int) frameBytes();
  }

  int bytesPerSample() {
    return allocated / 8;
  }

  PixelFormat with(Photometric now, boolean nowByPlane) {
    return new PixelFormat(rows, columns, samples, allocated, stored, highBit, signed, floating, nowByPlane, now,
        frames);
  }

  private static int number(DataSet set, int tag, int absent) {
    long number = set.number(tag).orElse(absent);
    if (number < Integer.MIN_VALUE || number > Integer.MAX_VALUE)
      throw PixelException.broken(Tag.text(tag) + " is out of range");
    return (int) number;
  }
}
