package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;
import java.util.function.DoubleUnaryOperator;

/**
 * The stored values of a native little endian frame of one sample a pixel: what lies outside of Bits Stored is masked off (overlays of old files), the
 * sign is extended.
 */
final class Samples {
  private final PixelFormat format;
  private final ByteBuffer frame;
  private final int shift;
  private final long mask;

  Samples(PixelFormat format, byte[] frame) {
    this.format = format;
    this.frame = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    this.shift = format.highBit() + 1 - format.stored();
    this.mask = format.stored() == 64 ? -1 : (1L << format.stored()) - 1;
  }

  PixelFormat format() {
    return format;
  }

  /** So few different values that each is worked out once. */
  boolean isTabled() {
    return format.stored() <= 16 && !format.floating();
  }

  int tableSize() {
    return 1 << format.stored();
  }

  /** The bits of a pixel's sample; an index into a table of {@link #tableSize()}. */
  int code(int pixel) {
    return (int) bits(pixel);
  }

  double valueOf(int code) {
    return signed(code);
  }

  double value(int pixel) {
    if (format.floating()) return format.allocated() == 32 ? frame.getFloat(4 * pixel) : frame.getDouble(8 * pixel);
    return signed(bits(pixel));
  }

  private double signed(long bits) {
    int unused = 64 - format.stored();
    if (format.signed()) return bits << unused >> unused;
    return bits >= 0 ? bits : bits + 0x1p64;
  }

  private long bits(int pixel) {
    long word = switch (format.allocated()) {
      case 1 -> frame.get(pixel >> 3) >> (pixel & 7);
      case 8 -> frame.get(pixel);
      case 16 -> frame.getShort(2 * pixel);
      case 32 -> frame.getInt(4 * pixel);
      default -> frame.getLong(8 * pixel);
    };
    return word >> shift & mask;
  }

  /** From the smallest to the largest value after the modality LUT, padding (0028,0120) left out. */
  Window range(DoubleUnaryOperator modality, DataSet set) {
    OptionalLong padding = set.number(Tag.PIXEL_PADDING_VALUE);
    double from = padding.isPresent() ? extended(padding.getAsLong()) : Double.NaN;
    OptionalLong limit = set.number(Tag.PIXEL_PADDING_RANGE_LIMIT);
    double to = limit.isPresent() ? extended(limit.getAsLong()) : from;
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < format.pixels(); i++) {
      double stored = value(i);
      if (stored >= Math.min(from, to) && stored <= Math.max(from, to) || Double.isNaN(stored)) continue;
      double value = modality.applyAsDouble(stored);
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    if (!(most > least)) return new Window(Double.isFinite(least) ? least : 0, 1, Window.Function.LINEAR_EXACT);
    return new Window(least / 2 + most / 2, most - least, Window.Function.LINEAR_EXACT);
  }

  /** US or SS of the wild: the bits count. */
  private double extended(long padding) {
    return signed(padding & mask);
  }
}
