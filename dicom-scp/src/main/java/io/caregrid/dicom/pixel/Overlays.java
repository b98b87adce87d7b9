package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Value;
import java.nio.ByteBuffer;

/**
 * Overlay planes (PS3.3 C.9.2): drawings and regions of one bit a pixel beside the picture, in up to 16 repeating groups 6000 to 601E. They are drawn in
 * white. Those of old files, in unused bits of the pixels, are retired and not drawn.
 */
final class Overlays {
  private static final int FIRST = 0x60000000;
  private static final int LAST = 0x601E0000;
  private static final int GROUP = 0x00020000;
  private static final int ROWS = 0x0010;
  private static final int COLUMNS = 0x0011;
  private static final int FRAMES = 0x0015;
  private static final int ORIGIN = 0x0050;
  private static final int FRAME_ORIGIN = 0x0051;
  private static final int DATA = 0x3000;
  private static final int MOST_SIDE = 0xFFFF;

  private final DataSet set;
  private final Source source;

  Overlays(DataSet set, Source source) {
    this.set = set;
    this.source = source;
  }

  /** Into the picture itself, which is of the image's size. BROKEN when a plane ends early. */
  void draw(Picture picture, int frame) {
    for (int group = FIRST; group <= LAST; group += GROUP) {
      Element data = set.get(group | DATA);
      if (data == null) continue;
      int index = index(group, frame);
      if (index >= 0) draw(picture, group, data, index);
    }
  }

  /** Which of the plane's frames lies over this one (C.9.3.1.1); -1: none. A plane that does not count frames lies over all. */
  private int index(int group, int frame) {
    if (!set.has(group | FRAMES) && !set.has(group | FRAME_ORIGIN)) return 0;
    long index = frame - number(group, FRAME_ORIGIN, 1);
    return index >= 0 && index < number(group, FRAMES, 1) ? (int) index : -1;
  }

  private void draw(Picture picture, int group, Element data, int index) {
    long rows = side(group, ROWS);
    long columns = side(group, COLUMNS);
    double[] origin = set.decimals(group | ORIGIN);
    long top = origin.length == 2 ? (long) origin[0] - 1 : 0;
    long left = origin.length == 2 ? (long) origin[1] - 1 : 0;
    long first = Math.max(0, -top);
    long last = Math.min(rows, picture.height() - top);
    for (long row = first; row < last; row++) {
      long bit = (index * rows + row) * columns;
      byte[] bits = bits(data, bit / 8 & ~1L, (bit + columns + 7) / 8);
      int skip = (int) (bit - (bit / 8 & ~1L) * 8);
      for (long column = Math.max(0, -left); column < Math.min(columns, picture.width() - left); column++) {
        int at = skip + (int) column;
        if ((bits[at >> 3] >> (at & 7) & 1) != 0) picture.whiten((int) (left + column), (int) (top + row));
      }
    }
  }

  /** From an even place on; little endian, as the bits are counted (PS3.5 8.1.2). */
  private byte[] bits(Element data, long from, long to) {
    long end = to + to % 2;
    long length = data.value() instanceof Value.Bulk bulk ? bulk.length() : inline(data).length;
    if (to > length) throw PixelException.broken("an overlay plane ends early");
    byte[] bits = new byte[(int) (Math.min(end, length) - from)];
    if (data.value() instanceof Value.Bulk bulk)
      Frames.readInto(source, bulk.position() + from, ByteBuffer.wrap(bits));
    else
      System.arraycopy(inline(data), (int) from, bits, 0, bits.length);
    if (set.syntax().bigEndian()) NativeFrames.swap(bits, NativeFrames.word(data.vr()));
    return bits;
  }

  private static byte[] inline(Element data) {
    if (data.value() instanceof Value.Bytes bytes) return bytes.bytes();
    throw PixelException.broken("an overlay plane that is no plain value");
  }

  /** They are US, but may come with any VR. */
  private long side(int group, int element) {
    long side = number(group, element, 0);
    if (side < 0 || side > MOST_SIDE)
      throw PixelException.broken(Tag.text(group | element) + " must be at most " + MOST_SIDE);
    return side;
  }

  private long number(int group, int element, long absent) {
    return set.number(group | element).orElse(absent);
  }
}
