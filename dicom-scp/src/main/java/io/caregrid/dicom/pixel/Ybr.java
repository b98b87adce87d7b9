package io.caregrid.dicom.pixel;

/** Between luminance with colour differences and red, green and blue, full range, ITU-R BT.601 (PS3.3 C.7.6.3.1.2). */
final class Ybr {
  private static final int HALF = 1 << 15;
  private static final int RED_OF_CR = Math.round(1.402f * 65536);
  private static final int GREEN_OF_CB = Math.round(0.344136f * 65536);
  private static final int GREEN_OF_CR = Math.round(0.714136f * 65536);
  private static final int BLUE_OF_CB = Math.round(1.772f * 65536);

  private Ybr() {}

  /** In place: 8 bits, three samples, pixel after pixel. */
  static void toRgb(byte[] pixels, PixelFormat format) {
    if (format.allocated() != 8 || format.samples() != 3)
      throw PixelException.unsupported("colour differences of " + format.allocated() + " bits");
    for (int at = 0; at + 2 < pixels.length; at += 3) {
      int y = (pixels[at] & 0xFF) << 16;
      int blue = (pixels[at + 1] & 0xFF) - 128;
      int red = (pixels[at + 2] & 0xFF) - 128;
      pixels[at] = clamp(y + RED_OF_CR * red + HALF >> 16);
      pixels[at + 1] = clamp(y - GREEN_OF_CB * blue - GREEN_OF_CR * red + HALF >> 16);
      pixels[at + 2] = clamp(y + BLUE_OF_CB * blue + HALF >> 16);
    }
  }

  /** YBR_FULL_422 as it lies: Y1 Y2 Cb Cr for two pixels of a row (C.7.6.3.1.2); a column too many is left out. */
  static byte[] widen(byte[] halved, PixelFormat format) {
    if (format.allocated() != 8)
      throw PixelException.unsupported("subsampled colour of " + format.allocated() + " bits");
    byte[] out = new byte[(int) format.pixels() * 3];
    for (int pixel = 0; pixel < format.pixels(); pixel++) {
      int pair = pixel / 2 * 4;
      if (pair + 3 >= halved.length) throw PixelException.broken("an odd number of pixels with subsampled colour");
      out[3 * pixel] = halved[pair + pixel % 2];
      out[3 * pixel + 1] = halved[pair + 2];
      out[3 * pixel + 2] = halved[pair + 3];
    }
    return out;
  }

  private static byte clamp(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }
}
