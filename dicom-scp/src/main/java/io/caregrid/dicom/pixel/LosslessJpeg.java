package io.caregrid.dicom.pixel;

import java.util.Arrays;

/**
 * Lossless JPEG with Huffman coding (ITU-T T.81 annex H; processes 14 and 14 selection value 1 of PS3.5), 2 to 16 bits, any predictor and point
 * transform, one scan for all components or one for each. Written here because ImageIO's plugins were seen to give wrong pixels without a word where
 * a difference of the first column leaves the range of the samples.
 */
final class LosslessJpeg {
  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int DHT = 0xC4;
  private static final int DRI = 0xDD;
  private static final int SOF3 = 0xC3;
  /** Four for each scan; each takes 256 kB to unfold, however few its bytes. */
  static final int MOST_TABLES = 64;

  private final byte[] stream;
  private final JpegHeader header;
  private final int width;
  private final byte[] out;
  private final int[] ids;
  private final int[][] tables = new int[4][];
  private int tablesRead;
  private int restartInterval;

  /** @param width bytes of a sample of the result */
  private LosslessJpeg(byte[] stream, JpegHeader header, int width) {
    this.stream = stream;
    this.header = header;
    this.width = width;
    this.ids = new int[header.components()];
    this.out = new byte[Math.multiplyExact(header.rows() * header.columns(), header.components() * width)];
  }

  /** Native little endian, pixel after pixel, components as coded. The caller has compared the header's sizes with what is sane. */
  static byte[] decode(byte[] stream, JpegHeader header, int width) {
    if (header.subsampled()) throw PixelException.unsupported("a lossless JPEG stream of subsampled components");
    return new LosslessJpeg(stream, header, width).decode();
  }

  private byte[] decode() {
    int at = 2;
    int left = header.components();
    while (left > 0) {
      at = Jpeg.nextMarker(stream, at);
      int marker = stream[at + 1] & 0xFF;
      if (marker == EOI) throw PixelException.broken("a JPEG stream without all of its components");
      if (marker == SOI || marker >= 0xD0 && marker < SOI) {
        at += 2;
        continue;
      }
      int end = at + 2 + Jpeg.segment(stream, at);
      int body = at + 4;
      at = end;
      if (marker == DHT) tables(body, end);
      else if (marker == DRI && end - body >= 2) restartInterval = word(body);
      else
        if (marker == SOF3 && end - body >= 6 + 3 * ids.length)
          for (int i = 0; i < ids.length; i++) ids[i] = stream[body + 6 + 3 * i] & 0xFF;
        else
          if (marker == SOS) {
            left -= stream[body] & 0xFF;
            at = scan(body, end);
          }
    }
    return out;
  }

  /** T.81 B.2.4.2, C.2: for every 16 bits that may come, how many are the code (upper byte) and what it means. */
  private void tables(int from, int end) {
    int at = from;
    while (at + 17 <= end) {
      if (++tablesRead > MOST_TABLES)
        throw PixelException.unsupported("a lossless JPEG stream of more than " + MOST_TABLES + " Huffman tables");
      int slot = stream[at] & 0xFF;
      if (slot >= tables.length)
        throw PixelException.broken("a Huffman table of number " + slot + " in a lossless JPEG stream");
      int[] table = new int[1 << 16];
      int code = 0;
      int value = at + 17;
      for (int length = 1; length <= 16; length++) {
        int count = stream[at + length] & 0xFF;
        int step = 1 << 16 - length;
        if (code + count * step > table.length || value + count > end)
          throw PixelException.broken("a Huffman table that contradicts itself");
        for (int i = 0; i < count; i++, code += step)
          Arrays.fill(table, code, code + step, length << 8 | Math.min(stream[value++] & 0xFF, 17));
      }
      tables[slot] = table;
      at = value;
    }
  }

  /** @return where its entropy coded data ends */
  private int scan(int body, int end) {
    int count = stream[body] & 0xFF;
    if (count < 1 || count > ids.length || end - body < 4 + 2 * count)
      throw PixelException.broken("a JPEG scan of " + count + " components");
    int[] components = new int[count];
    int[][] codes = new int[count][];
    for (int i = 0; i < count; i++) {
      components[i] = component(stream[body + 1 + 2 * i] & 0xFF, i, count);
      codes[i] = tables[stream[body + 2 + 2 * i] >> 4 & 3];
      if (codes[i] == null) throw PixelException.broken("a JPEG scan without its Huffman table");
    }
    int predictor = stream[body + 1 + 2 * count] & 0xFF;
    int shift = stream[body + 3 + 2 * count] & 0xF;
    if (predictor < 1 || predictor > 7 || shift >= header.precision())
      throw PixelException.broken("a lossless JPEG scan of predictor " + predictor);
    JpegBits bits = new JpegBits(stream, end);
    samples(bits, components, codes, predictor, shift);
    return bits.end();
  }

  /** Some writers give several components one number: then their order tells them apart. */
  private int component(int id, int place, int count) {
    if (count == ids.length) return place;
    for (int i = 0; i < ids.length; i++) if (ids[i] == id) return i;
    throw PixelException.broken("a JPEG scan of a component that its frame does not have");
  }

  private void samples(JpegBits bits, int[] components, int[][] codes, int predictor, int shift) {
    int columns = header.columns();
    int start = 1 << header.precision() - shift - 1;
    int[][] above = new int[components.length][columns];
    int[][] line = new int[components.length][columns];
    int untilRestart = restartInterval;
    boolean first = true;
    for (int y = 0; y < header.rows(); y++) {
      if (restartInterval > 0 && untilRestart <= 0) {
        bits.restart();
        untilRestart = restartInterval;
        first = true;
      }
      for (int x = 0; x < columns; x++)
        for (int i = 0; i < components.length; i++) {
          int predicted = predicted(predictor, above[i], line[i], x, first, start);
          line[i][x] = predicted + bits.difference(codes[i]) & 0xFFFF;
          put(line[i][x] << shift, y, x, components[i]);
        }
      untilRestart -= columns;
      first = false;
      int[][] swap = above;
      above = line;
      line = swap;
    }
    bits.requireAll();
  }

  /** H.1.2.1, table H.1: at the edges only one neighbour is known. */
  private static int predicted(int predictor, int[] above, int[] line, int x, boolean first, int start) {
    if (first) return x == 0 ? start : line[x - 1];
    if (x == 0) return above[0];
    return switch (predictor) {
      case 1 -> line[x - 1];
      case 2 -> above[x];
      case 3 -> above[x - 1];
      case 4 -> line[x - 1] + above[x] - above[x - 1];
      case 5 -> line[x - 1] + (above[x] - above[x - 1] >> 1);
      case 6 -> above[x] + (line[x - 1] - above[x - 1] >> 1);
      default -> line[x - 1] + above[x] >> 1;
    };
  }

  private void put(int value, int y, int x, int component) {
    int at = ((y * header.columns() + x) * header.components() + component) * width;
    for (int i = 0; i < width; i++) out[at + i] = (byte) (i < 4 ? value >>> 8 * i : 0);
  }

  private int word(int at) {
    return (stream[at] & 0xFF) << 8 | stream[at + 1] & 0xFF;
  }
}
