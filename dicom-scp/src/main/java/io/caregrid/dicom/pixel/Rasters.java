package io.caregrid.dicom.pixel;

import java.awt.image.Raster;

/** From what ImageIO's readers give to native pixels. */
final class Rasters {
  private Rasters() {}

  /** Pixel after pixel, little endian. BROKEN when the raster is not of the format's size. */
  static byte[] bytes(Raster raster, PixelFormat format) {
    int columns = format.columns();
    int samples = format.samples();
    if (raster.getWidth() != columns || raster.getHeight() != format.rows() || raster.getNumBands() != samples)
      throw PixelException.broken("a compressed frame of " + raster.getHeight() + "x" + raster.getWidth() + "x"
          + raster.getNumBands() + " in an image of " + format.rows() + "x" + columns + "x" + samples);
    byte[] out = new byte[format.with(samples == 1 ? format.photometric() : Photometric.RGB, false).frameInMemory()];
    int[] row = new int[columns * samples];
    int at = 0;
    for (int y = 0; y < format.rows(); y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, columns, 1, row);
      at = put(row, out, at, format.bytesPerSample());
    }
    return out;
  }

  private static int put(int[] row, byte[] out, int at, int width) {
    for (int value : row)
      for (int i = 0; i < width; i++) out[at++] = (byte) (i < 4 ? value >> 8 * i : value >> 31);
    return at;
  }
}
