package io.caregrid.dicom.pixel;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * RLE Lossless (PS3.5 annex G): a header of 64 bytes, then one PackBits segment for each byte of each sample, the most significant byte first, so
 * that 16-bit RGB has six: red high, red low, green high ...
 */
final class Rle {
  private static final int HEADER = 64;
  static final int MOST_SEGMENTS = 15;
  private static final int MAX_RUN = 128;

  private Rle() {}

  /** A frame as native little endian, by plane or by pixel as the format says. BROKEN where the segments do not give it. */
  static byte[] decode(byte[] frame, PixelFormat format) {
    int width = bytesPerSample(format);
    int[] starts = starts(frame, format.samples() * width);
    byte[] out = new byte[format.frameInMemory()];
    for (int segment = 0; segment < starts.length - 1; segment++) {
      int sample = segment / width;
      int low = width - 1 - segment % width;
      int step = format.byPlane() ? width : width * format.samples();
      int first = format.byPlane() ? (int) format.pixels() * width * sample : width * sample;
      expand(frame, starts[segment], starts[segment + 1], out, first + low, step, (int) format.pixels());
    }
    return out;
  }

  /** Bytes of a frame that nothing repeats in: a literal's head for every 128 bytes of a row, a byte of padding a segment. */
  static long most(PixelFormat format) {
    long row = format.columns() + format.columns() / MAX_RUN + 1;
    return HEADER + (long) format.samples() * format.bytesPerSample() * (format.rows() * row + 1);
  }

  /** A native little endian frame as an RLE frame of even length. */
  static byte[] encode(byte[] frame, PixelFormat format) {
    return packed(frame, format).toByteArray();
  }

  /** The same, in as much memory as the longest needs, and no copy of it. */
  static Packed packed(byte[] frame, PixelFormat format) {
    int width = bytesPerSample(format);
    int segments = format.samples() * width;
    if (segments > MOST_SEGMENTS) throw PixelException.unsupported("RLE has no room for " + segments + " segments");
    Packed out = new Packed((int) most(format));
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN).putInt(segments);
    out.writeBytes(header.array());
    for (int segment = 0; segment < segments; segment++) {
      header.putInt(out.size());
      int step = format.byPlane() ? width : segments;
      int first = segment / width * (format.byPlane() ? (int) format.pixels() * width : width);
      pack(frame, first + width - 1 - segment % width, step, format, out);
      if (out.size() % 2 != 0) out.write(0);
    }
    out.begin(header.array());
    return out;
  }

  static final class Packed extends ByteArrayOutputStream {
    private Packed(int most) {
      super(most);
    }

    private void begin(byte[] header) {
      System.arraycopy(header, 0, buf, 0, header.length);
    }
  }

  private static int bytesPerSample(PixelFormat format) {
    if (format.allocated() < 8 || format.isSubsampled())
      throw PixelException.unsupported("RLE of one bit a sample or of subsampled colour");
    return format.bytesPerSample();
  }

  /** Where each segment starts, and where the last one ends (G.5). */
  private static int[] starts(byte[] frame, int expected) {
    if (frame.length < HEADER) throw PixelException.broken("an RLE frame of " + frame.length + " bytes has no header");
    ByteBuffer header = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    int segments = header.getInt();
    if (segments != expected)
      throw PixelException.broken("an RLE frame of " + segments + " segments where the image needs " + expected);
    int[] starts = new int[segments + 1];
    starts[segments] = frame.length;
    for (int segment = 0; segment < segments; segment++) {
      starts[segment] = header.getInt();
      if (starts[segment] < (segment == 0 ? HEADER : starts[segment - 1]) || starts[segment] > frame.length)
        throw PixelException.broken("RLE segment " + (segment + 1) + " starts outside its frame");
    }
    return starts;
  }

  /** G.3.2. What runs over the last pixel is padding. */
  private static void expand(byte[] in, int from, int to, byte[] out, int first, int step, int pixels) {
    int position = first;
    int left = pixels;
    int next = from;
    while (left > 0) {
      if (next + 1 >= to) throw PixelException.broken("an RLE segment ends " + left + " pixels early");
      int code = in[next++];
      if (code >= 0) {
        int run = Math.min(Math.min(code + 1, to - next), left);
        for (int i = 0; i < run; i++, position += step) out[position] = in[next + i];
        next += code + 1;
        left -= run;
      } else if (code != -128) {
        int run = Math.min(1 - code, left);
        for (int i = 0; i < run; i++, position += step) out[position] = in[next];
        next++;
        left -= run;
      }
    }
  }

  /** G.3.1: each row on its own, as G.3 asks. */
  private static void pack(byte[] in, int first, int step, PixelFormat format, ByteArrayOutputStream out) {
    byte[] row = new byte[format.columns()];
    int position = first;
    for (int y = 0; y < format.rows(); y++) {
      for (int x = 0; x < row.length; x++, position += step) row[x] = in[position];
      packRow(row, out);
    }
  }

  private static void packRow(byte[] row, ByteArrayOutputStream out) {
    int literal = 0;
    int at = 0;
    while (at < row.length) {
      int run = runAt(row, at);
      if (run < 3) {
        at += run;
        continue;
      }
      writeLiterals(row, literal, at, out);
      out.write(1 - run);
      out.write(row[at]);
      at += run;
      literal = at;
    }
    writeLiterals(row, literal, row.length, out);
  }

  private static int runAt(byte[] row, int at) {
    int end = at + 1;
    while (end < row.length && end - at < MAX_RUN && row[end] == row[at]) end++;
    return end - at;
  }

  private static void writeLiterals(byte[] row, int from, int to, ByteArrayOutputStream out) {
    for (int at = from; at < to; at += MAX_RUN) {
      int count = Math.min(MAX_RUN, to - at);
      out.write(count - 1);
      out.write(row, at, count);
    }
  }
}
