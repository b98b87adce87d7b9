package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Vr;

/**
 * Pixel data that is not encapsulated: frame after frame without padding (PS3.5 8.1.1, 8.2.1), so that a frame of many gigabytes of them is found by
 * counting.
 *
 * @param position in the source, of {@code length} bytes
 * @param wordBytes size of the words whose bytes are the other way round in big endian: 2 for OW, 4 for OF, 8 for OD, 1 for OB
 */
record NativeFrames(Source source, long position, long length, PixelFormat format, boolean bigEndian,
    int wordBytes) implements Frames {

  static NativeFrames of(Source source, long position, long length, PixelFormat format, TransferSyntax syntax, Vr vr) {
    return new NativeFrames(source, position, length, format, syntax.bigEndian(), word(vr));
  }

  /** Width of the words that change places between byte orders (PS3.5 7.3). */
  static int word(Vr vr) {
    return switch (vr) {
      case OW, US, SS, AT -> 2;
      case OF, OL, FL, SL, UL -> 4;
      case OD, OV, FD, SV, UV -> 8;
      default -> 1;
    };
  }

  @Override
  public int count() {
    return format.frames();
  }

  @Override
  public long bytes(int frame) {
    return format.frameBytes() + wordBytes;
  }

  @Override
  public byte[] head(int frame, int most) {
    byte[] whole = read(frame);
    return whole.length <= most ? whole : java.util.Arrays.copyOf(whole, most);
  }

  /** Little endian, whatever the byte order of the file. */
  @Override
  public byte[] read(int frame) {
    int size = format.frameInMemory();
    long firstBit = frame * format.frameBits();
    long lastBit = firstBit + format.frameBits();
    if ((lastBit + 7) / 8 > length)
      throw PixelException.broken(
          "frame " + (frame + 1) + " ends at byte " + (lastBit + 7) / 8 + " of the pixel data, which has " + length);
    long from = firstBit / 8 / wordBytes * wordBytes;
    long to = Math.min(length, ((lastBit + 7) / 8 + wordBytes - 1) / wordBytes * wordBytes);
    byte[] bytes = Frames.read(source, position + from, to - from);
    if (bigEndian) swap(bytes, wordBytes);
    long skip = firstBit - from * 8;
    return skip == 0 && bytes.length == size ? bytes : cut(bytes, skip, size);
  }

  /** True when a frame is a run of whole bytes as they are sent: no need to hold it in memory. */
  boolean isPlain() {
    return (!bigEndian || wordBytes == 1) && format.frameBits() % 8 == 0;
  }

  private byte[] cut(byte[] bytes, long skipBits, int size) {
    byte[] out = new byte[size];
    int first = (int) (skipBits / 8);
    int shift = (int) (skipBits % 8);
    if (shift == 0) System.arraycopy(bytes, first, out, 0, size);
    else for (int i = 0; i < size; i++) {
      int high = first + i + 1 < bytes.length ? bytes[first + i + 1] & 0xFF : 0;
      out[i] = (byte) ((bytes[first + i] & 0xFF) >> shift | high << 8 - shift);
    }
    int spare = (int) (format.frameBits() % 8);
    if (spare != 0) out[size - 1] &= (byte) ((1 << spare) - 1);
    return out;
  }

  static void swap(byte[] bytes, int word) {
    for (int at = 0; at + word <= bytes.length; at += word) {
      for (int low = at, high = at + word - 1; low < high; low++, high--) {
        byte kept = bytes[low];
        bytes[low] = bytes[high];
        bytes[high] = kept;
      }
    }
  }
}
