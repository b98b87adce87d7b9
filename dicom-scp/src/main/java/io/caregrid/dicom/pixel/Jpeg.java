package io.caregrid.dicom.pixel;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * JPEG of 8 bits by DCT (baseline and extended, PS3.5 8.2.1 process 1 and 2) through ImageIO, lossless (process 14) through {@link LosslessJpeg}. Both
 * give the components as coded; whether these are colour differences is decided here ({@link JpegHeader#isYbr}), not by a reader's guess.
 */
final class Jpeg {
  /** Works only as registered: it is then that it finds the platform's reader. */
  private static final ImageReaderSpi MENDING = IIORegistry.getDefaultInstance()
      .getServiceProviderByClass(JPEGImageReaderSpi.class);
  private static final ImageReaderSpi PLATFORM = platformReader();

  /** Each walks over the whole picture, however few bytes it has. */
  static final int MOST_SCANS = 200;
  private static final long MOST_SCANNED = 1L << 29;

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
    if (format.allocated() < 8) throw PixelException.unsupported("JPEG with less than 8 bits allocated");
    long scans = scans(stream);
    if (scans > MOST_SCANS || scans > 1 && scans * format.pixels() > MOST_SCANNED && scans > 4L * header.components())
      throw PixelException.unsupported("a JPEG stream of " + scans + " scans");
    if (header.rows() != format.rows() || header.columns() != format.columns()
        || header.components() != format.samples())
      throw PixelException
          .broken("a JPEG stream of " + header.rows() + "x" + header.columns() + "x" + header.components()
              + " in an image of " + format.rows() + "x" + format.columns() + "x" + format.samples());
    if (header.precision() > format.allocated())
      throw PixelException
          .broken("a JPEG stream of " + header.precision() + " bits in " + format.allocated() + " allocated");
    Codec.JPEG.decoded(format).frameInMemory();
    byte[] out = header.isLossless()
        ? LosslessJpeg.decode(stream, header, format.bytesPerSample())
        : Rasters.bytes(raster(stream), format);
    if (header.isYbr(format.photometric())) Ybr.toRgb(out, format);
    return out;
  }

  /** The platform's reader first; TwelveMonkeys' mends segments that it takes offence at. */
  private static Raster raster(byte[] stream) {
    for (ImageReaderSpi provider : List.of(PLATFORM, MENDING)) {
      ImageReader reader = null;
      try (ImageInputStream input = new MemoryCacheImageInputStream(new ByteArrayInputStream(stream))) {
        reader = provider.createReaderInstance();
        reader.setInput(input, true, true);
        return reader.readRaster(0, null);
      } catch (IOException | RuntimeException e) {
        if (provider == MENDING) throw PixelException.broken("a JPEG stream that cannot be decoded");
      } finally {
        if (reader != null) reader.dispose();
      }
    }
    throw new AssertionError();
  }

  private static int scans(byte[] stream) {
    int scans = 0;
    for (int at = 0; at + 1 < stream.length; at++)
      if ((stream[at] & 0xFF) == 0xFF && (stream[at + 1] & 0xFF) == 0xDA) scans++;
    return scans;
  }

  /** Where the next marker is; what precedes it is skipped, as other readers do. BROKEN when there is none. */
  static int nextMarker(byte[] stream, int from) {
    for (int at = from; at + 3 < stream.length; at++)
      if ((stream[at] & 0xFF) == 0xFF && stream[at + 1] != 0 && (stream[at + 1] & 0xFF) != 0xFF) return at;
    throw PixelException.broken("a JPEG stream ends early");
  }

  /** The length of the segment whose marker is here, which the stream holds. */
  static int segment(byte[] stream, int at) {
    int length = (stream[at + 2] & 0xFF) << 8 | stream[at + 3] & 0xFF;
    if (length < 3 || at + 2 + length > stream.length)
      throw PixelException.broken("a JPEG segment of " + length + " bytes");
    return length;
  }

  private static ImageReaderSpi platformReader() {
    for (Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg"); readers.hasNext();) {
      ImageReaderSpi provider = readers.next().getOriginatingProvider();
      if ("java.desktop".equals(provider.getClass().getModule().getName())) return provider;
    }
    throw new IllegalStateException("this Java has no JPEG reader: its module java.desktop is incomplete");
  }
}
