package io.caregrid.dicom.pixel;

/** The entropy coded bits of a JPEG scan (ITU-T T.81 F.2.2): a zero byte after 0xFF is stuffing, any other is a marker, where the bits end. */
final class JpegBits {
  private final byte[] stream;
  private int at;
  private long bits;
  private int count;
  /** Bits that were asked for and are not in the stream. */
  private int missing;

  JpegBits(byte[] stream, int from) {
    this.stream = stream;
    this.at = from;
  }

  /** H.1.2.2: how many bits, then the bits; 16 stands for 32768. */
  int difference(int[] table) {
    fill();
    int entry = table[(int) (bits >>> count - 16) & 0xFFFF];
    int length = entry >> 8;
    int size = entry & 0xFF;
    if (length == 0 || size > 16) throw PixelException.broken("a code in a JPEG scan that its table does not have");
    count -= length;
    if (size == 0) return 0;
    if (size == 16) return 32768;
    fill();
    count -= size;
    int value = (int) (bits >>> count) & (1 << size) - 1;
    return value < 1 << size - 1 ? value - (1 << size) + 1 : value;
  }

  /** At least 32 bits are there; behind the end they are zeros. */
  private void fill() {
    while (count <= 32) {
      int next = next();
      if (next < 0) missing += 8;
      bits = bits << 8 | Math.max(next, 0);
      count += 8;
    }
  }

  /** -1: a marker, or the end. */
  private int next() {
    if (at >= stream.length) return -1;
    int value = stream[at] & 0xFF;
    if (value != 0xFF) {
      at++;
      return value;
    }
    if (at + 1 >= stream.length || stream[at + 1] != 0) return -1;
    at += 2;
    return value;
  }

  /** E.2.4: the rest of the byte is filling, then comes RST. */
  void restart() {
    requireAll();
    at = end();
    if (at + 1 >= stream.length || (stream[at + 1] & 0xF8) != 0xD0)
      throw PixelException.broken("a JPEG scan without its restart marker");
    at += 2;
    count = 0;
    missing = 0;
  }

  /** BROKEN when more was read than there is. */
  void requireAll() {
    if (missing > count) throw PixelException.broken("a JPEG scan ends early");
  }

  /** The marker after the entropy coded data. */
  int end() {
    while (at + 1 < stream.length
        && ((stream[at] & 0xFF) != 0xFF || stream[at + 1] == 0 || (stream[at + 1] & 0xFF) == 0xFF))
      at++;
    return at;
  }
}
