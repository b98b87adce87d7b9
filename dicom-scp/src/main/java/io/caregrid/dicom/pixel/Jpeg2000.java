package io.caregrid.dicom.pixel;

import com.github.jaiimageio.jpeg2000.impl.J2KImageReaderSpi;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** JPEG 2000 part 1 (ITU-T T.800) through jai-imageio's JJ2000. The stream says itself whether its colours were transformed; the reader undoes that. */
final class Jpeg2000 {
  private static final J2KImageReaderSpi READER = new J2KImageReaderSpi();
  private static final int SIZ = 0xFF51;

  private Jpeg2000() {}

  /** Native little endian, pixel after pixel; the sign is that of (0028,0103), whatever the stream says. */
  static byte[] decode(byte[] stream, PixelFormat format) {
    int precision = check(stream, format);
    format.frameInMemory();
    if (format.allocated() > 16) throw PixelException.unsupported("JPEG 2000 of more than 16 bits");
    byte[] out = Rasters.bytes(raster(stream, codestream(stream)), format);
    if (format.signed() && format.allocated() == 16 && precision < 16) extend(out, precision);
    return out;
  }

  /** The reader makes room for what the stream declares: so that is compared with the image first. Bits a sample. */
  static int check(byte[] stream, PixelFormat format) {
    if (format.allocated() < 8) throw PixelException.unsupported("JPEG 2000 with less than 8 bits allocated");
    int at = codestream(stream) + 2;
    if (at + 41 > stream.length || word(stream, at) != SIZ)
      throw PixelException.broken("a JPEG 2000 stream without its SIZ segment");
    if (word(stream, at + 4) >> 14 != 0)
      throw PixelException.unsupported("a JPEG 2000 stream with extensions of part 2 or 15");
    long columns = number(stream, at + 6) - number(stream, at + 14);
    long rows = number(stream, at + 10) - number(stream, at + 18);
    int components = word(stream, at + 38);
    if (columns != format.columns() || rows != format.rows() || components != format.samples())
      throw PixelException
          .broken("a JPEG 2000 stream of " + rows + "x" + columns + "x" + components + " in an image of "
              + format.rows() + "x" + format.columns() + "x" + format.samples());
    Jpeg2000Structure.check(stream, at - 2);
    int precision = (stream[at + 40] & 0x7F) + 1;
    if (precision > format.allocated())
      throw PixelException
          .broken("a JPEG 2000 stream of " + precision + " bits in " + format.allocated() + " allocated");
    return precision;
  }

  /** Some writers leave the JP2 file format around the code stream, which PS3.5 A.4.4 forbids. */
  private static int codestream(byte[] stream) {
    for (int at = 0; at + 3 < stream.length; at++)
      if (word(stream, at) == 0xFF4F && word(stream, at + 2) == SIZ) return at;
    throw PixelException.broken("a frame that is no JPEG 2000 stream");
  }

  private static Raster raster(byte[] stream, int from) {
    ImageReader reader = null;
    try (Ending input = new Ending(new ByteArrayInputStream(stream, from, stream.length - from))) {
      reader = READER.createReaderInstance();
      reader.setInput(input, true, true);
      Raster raster = reader.readRaster(0, null);
      if (input.behind > Ending.MOST_BEHIND) throw PixelException.broken("a JPEG 2000 stream ends early");
      return raster;
    } catch (PixelException known) {
      throw known;
    } catch (IOException | RuntimeException e) {
      throw PixelException.broken("a JPEG 2000 stream that cannot be decoded");
    } finally {
      if (reader != null) reader.dispose();
    }
  }

  /** JJ2000 takes what is behind the end for bits, and may look for the end of a number there for ever. */
  private static final class Ending extends MemoryCacheImageInputStream {
    private static final int MOST_BEHIND = 4096;
    private int behind;

    Ending(InputStream stream) {
      super(stream);
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      if (read < 0 && ++behind > MOST_BEHIND) throw new EOFException();
      return read;
    }
  }

  private static void extend(byte[] samples, int precision) {
    int shift = 32 - precision;
    for (int at = 0; at < samples.length; at += 2) {
      int value = (samples[at + 1] << 8 | samples[at] & 0xFF) << shift >> shift;
      samples[at] = (byte) value;
      samples[at + 1] = (byte) (value >> 8);
    }
  }

  private static int word(byte[] stream, int at) {
    return (stream[at] & 0xFF) << 8 | stream[at + 1] & 0xFF;
  }

  private static long number(byte[] stream, int at) {
    return (long) word(stream, at) << 16 | word(stream, at + 2);
  }
}
