package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The way of a stored value to the screen (PS3.4 N.2): modality LUT, values of interest, presentation LUT shape. Attributes
 * stand where {@link Groups} finds them.
 */
final class Grayscale {
  private final Samples samples;
  private final DoubleUnaryOperator modality;
  private final DoubleUnaryOperator shade;
  private final boolean inverted;

  private Grayscale(Samples samples, DoubleUnaryOperator modality, DoubleUnaryOperator shade, boolean inverted) {
    this.samples = samples;
    this.modality = modality;
    this.shade = shade;
    this.inverted = inverted;
  }

  /** @param wanted window of whoever looks; null: the image's own */
  static Grayscale of(DataSet set, Source source, int frame, Samples samples, Window wanted) {
    DataSet values = Groups.of(set, frame, Tag.PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
    DoubleUnaryOperator modality = modality(values, samples.format(), source);
    DataSet interest = Groups.of(set, frame, Tag.FRAME_VOI_LUT_SEQUENCE);
    DoubleUnaryOperator shade = shade(interest, samples, modality, wanted, set, source);
    return new Grayscale(samples, modality, shade, inverted(set, samples.format()));
  }

  /** Presentation LUT Shape, where there is one, says more than the photometric interpretation (C.11.6). */
  private static boolean inverted(DataSet set, PixelFormat format) {
    String shape = set.text(Tag.PRESENTATION_LUT_SHAPE);
    if (shape == null || shape.isBlank()) return format.photometric() == Photometric.MONOCHROME1;
    return shape.equals("INVERSE");
  }

  /** One byte a pixel, 0 is black. */
  byte[] shades() {
    byte[] out = new byte[(int) samples.format().pixels()];
    if (samples.isTabled()) {
      byte[] table = new byte[samples.tableSize()];
      for (int code = 0; code < table.length; code++) table[code] = gray(samples.valueOf(code));
      for (int i = 0; i < out.length; i++) out[i] = table[samples.code(i)];
    } else for (int i = 0; i < out.length; i++) out[i] = gray(samples.value(i));
    return out;
  }

  private byte gray(double stored) {
    double light = shade.applyAsDouble(modality.applyAsDouble(stored));
    return (byte) Math.round(255 * (inverted ? 1 - light : light));
  }

  /** C.11.1: the LUT sequence, or slope and intercept. */
  private static DoubleUnaryOperator modality(DataSet set, PixelFormat format, Source source) {
    List<DataSet> luts = set.items(Tag.MODALITY_LUT_SEQUENCE);
    if (!luts.isEmpty()) {
      Lut lut = Lut.of(luts.get(0), Tag.LUT_DESCRIPTOR, Tag.LUT_DATA, format.signed(), source);
      return stored -> lut.at((int) stored);
    }
    double slope = decimal(set, Tag.RESCALE_SLOPE, 1);
    double intercept = decimal(set, Tag.RESCALE_INTERCEPT, 0);
    return stored -> stored * slope + intercept;
  }

  /** C.11.2: what is asked for, the window, the VOI LUT, and else all there is. */
  private static DoubleUnaryOperator shade(DataSet set, Samples samples, DoubleUnaryOperator modality, Window wanted,
      DataSet whole, Source source) {
    Window window = wanted == null ? window(set) : wanted;
    if (window != null) return window::shade;
    List<DataSet> luts = set.items(Tag.VOI_LUT_SEQUENCE);
    if (luts.isEmpty()) return samples.range(modality, whole)::shade;
    boolean signed = samples.format().signed() || decimal(set, Tag.RESCALE_INTERCEPT, 0) < 0;
    Lut lut = Lut.of(luts.get(0), Tag.LUT_DESCRIPTOR, Tag.LUT_DATA, signed, source);
    return value -> (double) lut.at((int) value) / lut.largest();
  }

  private static Window window(DataSet set) {
    double[] centers = set.decimals(Tag.WINDOW_CENTER);
    double[] widths = set.decimals(Tag.WINDOW_WIDTH);
    if (centers.length == 0 || widths.length == 0) return null;
    try {
      return new Window(centers[0], widths[0], Window.named(set.text(Tag.VOI_LUT_FUNCTION)));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static double decimal(DataSet set, int tag, double absent) {
    double[] values = set.decimals(tag);
    return values.length == 0 || !Double.isFinite(values[0]) ? absent : values[0];
  }
}
