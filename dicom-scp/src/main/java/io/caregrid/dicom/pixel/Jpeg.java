package io.caregrid.dicom.pixel;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * JPEG of 8 bits by DCT (baseline and extended, PS3.5 8.2.1 process 1 and 2) through the JDK's reader, lossless (process 14) through TwelveMonkeys'.
 * Both are asked for the components as coded; whether these are colour differences is decided here ({@link JpegHeader#isYbr}), not by a reader's guess.
 */
final class Jpeg {
  private static final ImageReaderSpi LOSSLESS = new JPEGImageReaderSpi();
  private static final ImageReaderSpi DCT = platformReader();

  private Jpeg() {}

  /** UNSUPPORTED when the stream is of a kind not decoded here. */
  static void check(JpegHeader header) {
    boolean dct = header.process() == 0xC0 || header.process() == 0xC1 || header.process() == 0xC2;
    if (dct && header.precision() == 8 || header.isLossless()) return;
    throw PixelException.unsupported("a JPEG stream of " + (header.process() == 0xF7
        ? "JPEG-LS"
        : "process "
            + Integer.toHexString(header.process()))
        + " with " + header.precision() + " bits");
  }

  /** A frame as native little endian, pixel after pixel; YCbCr becomes RGB. */
  static byte[] decode(byte[] stream, PixelFormat format) {
    JpegHeader header = JpegHeader.of(stream);
    check(header);
    if (header.rows() != format.rows() || header.columns() != format.columns()
        || header.components() != format.samples())
      throw PixelException
          .broken("a JPEG stream of " + header.rows() + "x" + header.columns() + "x" + header.components()
              + " in an image of " + format.rows() + "x" + format.columns() + "x" + format.samples());
    if (header.precision() > format.allocated())
      throw PixelException
          .broken("a JPEG stream of " + header.precision() + " bits in " + format.allocated() + " allocated");
    byte[] out = Rasters.bytes(raster(stream, header), format);
    if (header.isYbr(format.photometric())) Ybr.toRgb(out, format);
    return out;
  }

  private static Raster raster(byte[] stream, JpegHeader header) {
    ImageReader reader = null;
    try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(stream))) {
      reader = (header.isLossless() ? LOSSLESS : DCT).createReaderInstance();
      reader.setInput(input, true, true);
      return header.isLossless() ? reader.read(0).getRaster() : reader.readRaster(0, null);
    } catch (IOException | RuntimeException e) {
      throw PixelException.broken("a JPEG stream that cannot be decoded");
    } finally {
      if (reader != null) reader.dispose();
    }
  }

  private static ImageReaderSpi platformReader() {
    for (Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg"); readers.hasNext();) {
      ImageReaderSpi spi = readers.next().getOriginatingProvider();
      if (spi.getClass().getModule().getName() != null && spi.getClass().getModule().getName().equals("java.desktop"))
        return spi;
    }
    throw new IllegalStateException("this Java has no JPEG reader: it was built without java.desktop");
  }
}
