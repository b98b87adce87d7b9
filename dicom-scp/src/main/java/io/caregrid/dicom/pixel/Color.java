package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;

/** Native frames of colour as 8-bit red, green, blue, pixel after pixel. */
final class Color {
  private Color() {}

  static byte[] rgb(byte[] frame, PixelFormat format) {
    if (format.samples() != 3) throw PixelException.unsupported("colour of " + format.samples() + " samples");
    return switch (format.photometric()) {
      case RGB, YBR_ICT, YBR_RCT -> narrow(together(frame, format), format);
      case YBR_FULL -> ybr(narrow(together(frame, format), format), format);
      case YBR_FULL_422 -> ybr(Ybr.widen(frame, format), format);
      default -> throw PixelException.unsupported("colour as " + format.photometric().text());
    };
  }

  /** PALETTE COLOR (PS3.3 C.7.6.3.1.5). */
  static byte[] palette(Samples samples, DataSet set, Source source) {
    if (!samples.isTabled()) throw PixelException.unsupported("a palette of more than 16 bits");
    Lut[] palette = palette(set, samples.format().signed(), source);
    byte[] out = new byte[(int) samples.format().pixels() * 3];
    for (int i = 0, at = 0; at < out.length; i++) {
      int stored = (int) samples.value(i);
      for (Lut lut : palette) out[at++] = (byte) (lut.at(stored) >> lut.bits() - 8);
    }
    return out;
  }

  private static Lut[] palette(DataSet set, boolean signed, Source source) {
    int[][] tags = {{Tag.RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, Tag.RED_PALETTE_COLOR_LOOKUP_TABLE_DATA},
      {Tag.GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, Tag.GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA},
      {Tag.BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR, Tag.BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA}};
    Lut[] palette = new Lut[tags.length];
    for (int i = 0; i < tags.length; i++) {
      if (!set.has(tags[i][1]))
        throw PixelException.unsupported(Tag.text(tags[i][1]) + " is missing: a palette in segments, or none");
      palette[i] = Lut.of(set, tags[i][0], tags[i][1], signed, source);
    }
    return palette;
  }

  private static byte[] ybr(byte[] pixels, PixelFormat format) {
    Ybr.toRgb(pixels,
        new PixelFormat(format.rows(), format.columns(), 3, 8, 8, 7, false, false, false, Photometric.RGB, 1));
    return pixels;
  }

  /** Samples of a pixel side by side. */
  private static byte[] together(byte[] frame, PixelFormat format) {
    if (!format.byPlane()) return frame;
    int width = format.bytesPerSample();
    int plane = frame.length / 3;
    byte[] out = new byte[frame.length];
    for (int pixel = 0; pixel < format.pixels(); pixel++)
      for (int sample = 0; sample < 3; sample++)
        System.arraycopy(frame, sample * plane + pixel * width, out, (3 * pixel + sample) * width, width);
    return out;
  }

  /** The upper eight of the stored bits. */
  private static byte[] narrow(byte[] frame, PixelFormat format) {
    if (format.allocated() == 8 && format.stored() == 8) return frame;
    if (format.allocated() < 8 || format.allocated() > 32 || format.signed())
      throw PixelException.unsupported("colour of " + format.allocated() + " bits a sample");
    int width = format.bytesPerSample();
    int lowest = format.highBit() - 7;
    long mask = (1L << Math.min(8, format.stored())) - 1;
    byte[] out = new byte[frame.length / width];
    for (int i = 0; i < out.length; i++) {
      long word = 0;
      for (int at = width - 1; at >= 0; at--) word = word << 8 | frame[i * width + at] & 0xFF;
      out[i] = (byte) (lowest >= 0 ? word >> lowest & 0xFF : (word & mask) << -lowest);
    }
    return out;
  }
}
