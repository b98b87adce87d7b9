package io.caregrid.dicom.pixel;

/**
 * What the screen gets: 8 bits, gray (one band) or red, green, blue (three), row by row.
 *
 * @param pixels {@code width * height * bands}
 */
record Picture(int width, int height, int bands, byte[] pixels) {

  /**
   * The region of the viewport, flipped if it says so, in the size that fits and in its true proportions.
   *
   * @param viewport null: all of it
   */
  Picture shown(Screen screen, Viewport viewport) {
    Picture region = viewport == null ? this : region(viewport);
    Screen.Size size = screen.size(region.width, region.height, viewport);
    if (size.width() == region.width && size.height() == region.height) return region;
    return region.wide(size.width()).turned().wide(size.height()).turned();
  }

  void whiten(int x, int y) {
    int at = (y * width + x) * bands;
    for (int band = 0; band < bands; band++) pixels[at + band] = (byte) 0xFF;
  }

  private Picture region(Viewport viewport) {
    int regionWidth = Math.min(viewport.regionWidth() == 0 ? width : Math.abs(viewport.regionWidth()),
        width - viewport.x());
    int regionHeight = Math.min(viewport.regionHeight() == 0 ? height : Math.abs(viewport.regionHeight()),
        height - viewport.y());
    if (regionWidth < 1 || regionHeight < 1)
      throw new IllegalArgumentException("viewport region lies outside the picture");
    boolean flipX = viewport.regionWidth() < 0;
    boolean flipY = viewport.regionHeight() < 0;
    if (regionWidth == width && regionHeight == height && !flipX && !flipY) return this;
    byte[] out = new byte[regionWidth * regionHeight * bands];
    int at = 0;
    for (int y = 0; y < regionHeight; y++) {
      int row = viewport.y() + (flipY ? regionHeight - 1 - y : y);
      for (int x = 0; x < regionWidth; x++) {
        int from = (row * width + viewport.x() + (flipX ? regionWidth - 1 - x : x)) * bands;
        for (int band = 0; band < bands; band++) out[at++] = pixels[from + band];
      }
    }
    return new Picture(regionWidth, regionHeight, bands, out);
  }

  /** Rows of {@code to} pixels: smaller by averaging, larger by interpolation, both a triangle of the wider grid's size. */
  private Picture wide(int to) {
    if (to == width) return this;
    double ratio = (double) width / to;
    double reach = Math.max(1, ratio);
    byte[] out = new byte[to * height * bands];
    for (int x = 0; x < to; x++) {
      double center = (x + 0.5) * ratio - 0.5;
      int first = Math.max(0, (int) Math.ceil(center - reach));
      int last = Math.min(width - 1, (int) Math.floor(center + reach));
      double[] weights = weights(center, reach, first, last);
      for (int y = 0; y < height; y++)
        for (int band = 0; band < bands; band++)
          out[(y * to + x) * bands + band] = (byte) Math.round(sum(weights, (y * width + first) * bands + band));
    }
    return new Picture(to, height, bands, out);
  }

  private static double[] weights(double center, double reach, int first, int last) {
    double[] weights = new double[last - first + 1];
    double total = 0;
    for (int i = 0; i < weights.length; i++)
      total += weights[i] = Math.max(1e-9, 1 - Math.abs(first + i - center) / reach);
    for (int i = 0; i < weights.length; i++) weights[i] /= total;
    return weights;
  }

  private double sum(double[] weights, int at) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) sum += weights[i] * (pixels[at + i * bands] & 0xFF);
    return sum;
  }

  /** Columns for rows. */
  private Picture turned() {
    byte[] out = new byte[pixels.length];
    int at = 0;
    for (int x = 0; x < width; x++)
      for (int y = 0; y < height; y++)
        for (int band = 0; band < bands; band++) out[at++] = pixels[(y * width + x) * bands + band];
    return new Picture(height, width, bands, out);
  }
}
