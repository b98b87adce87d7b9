package io.caregrid.dicom.pixel;

/**
 * Into how many pieces a JPEG 2000 stream cuts its picture (ITU-T T.800 annexes A.5, A.6 and B): a decoder keeps a record of each before it reads the
 * first bit, so a hundred bytes may ask for gigabytes. Looked for in the main header and in those of the tile parts.
 */
final class Jpeg2000Structure {
  private static final int SIZ = 0xFF51;
  private static final int COD = 0xFF52;
  private static final int COC = 0xFF53;
  private static final int SOT = 0xFF90;
  private static final int SOD = 0xFF93;
  private static final int EOC = 0xFFD9;
  private static final int LARGEST_PRECINCT = 15;
  private static final int MOST_LEVELS = 32;

  /** Bytes of JJ2000's records, seen by their sum and rounded up. */
  private static final long TILE = 2048;
  private static final long PRECINCT = 1024;
  private static final long BLOCK = 320;
  private static final long LAYER = 32;
  /** What records may take, for each sample and besides. */
  static final int BYTES_PER_SAMPLE = 4;
  static final int BYTES = 1 << 20;

  private final byte[] stream;
  private long width;
  private long height;
  private int components;
  private long tiles = 1;
  private int layers = 1;
  private long most;

  private Jpeg2000Structure(byte[] stream) {
    this.stream = stream;
  }

  /**
   * UNSUPPORTED when its pieces take more memory than the picture is worth.
   *
   * @param from of the code stream, whose SIZ segment is there
   */
  static void check(byte[] stream, int from) {
    Jpeg2000Structure structure = new Jpeg2000Structure(stream);
    structure.walk(from + 2);
    long samples = structure.width * structure.height * structure.components;
    if (structure.most + structure.tiles * TILE > BYTES_PER_SAMPLE * samples + BYTES)
      throw PixelException.unsupported("a JPEG 2000 stream of so many tiles, precincts, code blocks or layers");
  }

  private void walk(int from) {
    long at = from;
    long partEnd = stream.length;
    while (at + 4 <= stream.length) {
      int here = (int) at;
      int marker = word(here);
      if (marker == EOC) return;
      if (marker == SOD) {
        at = Math.max(at + 2, partEnd);
        continue;
      }
      int length = word(here + 2);
      if (length < 2 || here + 2 + length > stream.length) return;
      if (marker == SOT && length == 10) {
        long part = number(here + 6);
        partEnd = part < 14 ? stream.length : here + part;
      } else segment(marker, here + 4, here + 2 + length);
      at += 2 + length;
    }
  }

  private void segment(int marker, int at, int end) {
    if (marker == SIZ && end - at >= 36) size(at);
    if (marker == COD && end - at >= 10) {
      layers = Math.max(layers, word(at + 2));
      style((stream[at] & 1) != 0, at + 5, end);
    }
    int skip = components < 257 ? 1 : 2;
    if (marker == COC && end - at >= skip + 6) style((stream[at + skip] & 1) != 0, at + skip + 1, end);
  }

  private void size(int at) {
    width = number(at + 2) - number(at + 10);
    height = number(at + 6) - number(at + 14);
    components = word(at + 34);
    long wide = Math.max(1, number(at + 18));
    long high = Math.max(1, number(at + 22));
    tiles = ((width + wide - 1) / wide + 1) * ((height + high - 1) / high + 1);
  }

  /** Of SPcod or SPcoc: as if it were for all components and the whole picture. */
  private void style(boolean precincts, int at, int end) {
    int levels = Math.min(MOST_LEVELS, stream[at] & 0xFF);
    int blockWide = (stream[at + 1] & 0xF) + 2;
    int blockHigh = (stream[at + 2] & 0xF) + 2;
    long bytes = 0;
    for (int resolution = 0; resolution <= levels; resolution++) {
      int place = at + 5 + resolution;
      int size = precincts && place < end ? stream[place] & 0xFF : LARGEST_PRECINCT << 4 | LARGEST_PRECINCT;
      int wide = size & 0xF;
      int high = size >> 4;
      int band = resolution == 0 ? 0 : 1;
      long across = pieces(width, levels - resolution, wide);
      long down = pieces(height, levels - resolution, high);
      long blocks = pieces(width, levels - resolution, Math.min(wide, blockWide + band))
          * pieces(height, levels - resolution, Math.min(high, blockHigh + band)) * (resolution == 0 ? 1 : 3);
      bytes += across * down * PRECINCT + blocks * (BLOCK + LAYER * layers);
    }
    most = Math.max(most, bytes * components);
  }

  private static long pieces(long length, int halvings, int exponent) {
    long here = (length + (1L << halvings) - 1) >> halvings;
    return (here + (1L << exponent) - 1) >> exponent;
  }

  private int word(int at) {
    return (stream[at] & 0xFF) << 8 | stream[at + 1] & 0xFF;
  }

  private long number(int at) {
    return (long) word(at) << 16 | word(at + 2);
  }
}
