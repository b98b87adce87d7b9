package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;

/**
 * A screen has square pixels, a picture may have others (PS3.3 C.7.6.3.1.7, 10.7.1.3): it is drawn as wide and as high as it is in the world.
 *
 * @param tall height of a picture's pixel, its width being 1
 */
record Screen(double tall) {
  private static final int[] SPACINGS = {Tag.PIXEL_SPACING, Tag.IMAGER_PIXEL_SPACING, 0x00182010,
    Tag.PIXEL_ASPECT_RATIO};
  private static final int PIXEL_MEASURES_SEQUENCE = 0x00289110;
  /** Nobody sees less; and it may be rounding. */
  private static final double SEEN = 0.01;
  /** What no device makes is an error. */
  private static final double MOST = 100;
  /** A side is not made longer than this for the sake of proportions: then the other gets shorter. */
  private static final int LONGEST = 8192;

  /** From the spacings of rows and columns, or else the ratio of pixel height to width; square where these say nothing that can be. */
  static Screen of(Pixels pixels, int frame) {
    DataSet measures = Groups.of(pixels.set(), frame, PIXEL_MEASURES_SEQUENCE);
    for (int tag : SPACINGS) {
      double[] sides = measures.has(tag) ? measures.decimals(tag) : pixels.set().decimals(tag);
      if (sides.length != 2 || !(sides[0] > 0) || !(sides[1] > 0)) continue;
      double tall = sides[0] / sides[1];
      return new Screen(tall > MOST || tall < 1 / MOST || Math.abs(tall - 1) < SEEN ? 1 : tall);
    }
    return new Screen(1);
  }

  /** @param viewport null: no pixel is lost, so the side that is too short gets longer. */
  Size size(int width, int height, Viewport viewport) {
    double high = height * tall;
    double scale = viewport != null
        ? Math.min(viewport.width() / (double) width, viewport.height() / high)
        : Math.max(1, 1 / tall);
    if (viewport == null && tall != 1) {
      double longest = Math.max(width, high) * scale;
      if (longest > Math.max(LONGEST, Math.max(width, height)))
        scale *= Math.max(LONGEST, Math.max(width, height)) / longest;
    }
    return new Size(whole(width * scale, viewport == null ? Integer.MAX_VALUE : viewport.width()),
        whole(high * scale, viewport == null ? Integer.MAX_VALUE : viewport.height()));
  }

  record Size(int width, int height) {}

  private static int whole(double length, int most) {
    return (int) Math.max(1, Math.min(most, Math.round(length)));
  }

  /** Bytes that cutting and scaling take beside the picture, for each band. */
  long most(PixelFormat format, Rendering how) {
    Viewport viewport = how.viewport();
    if (viewport == null && tall == 1) return 0;
    Size size = viewport == null
        ? size(format.columns(), format.rows(), null)
        : new Size(viewport.width(), viewport.height());
    return (viewport == null ? 0 : format.pixels()) + 2L * size.width() * format.rows()
        + 2L * size.width() * size.height();
  }
}
