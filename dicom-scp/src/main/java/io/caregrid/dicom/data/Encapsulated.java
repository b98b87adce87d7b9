package io.caregrid.dicom.data;

import java.util.ArrayList;
import java.util.List;

/** Reads the items of encapsulated pixel data (PS3.5 A.4): offset table, fragments, delimiter. What is inside a fragment is not looked at. */
final class Encapsulated {
  /** Offsets, and fragments, of one element. A second of video or a whole slide has thousands. */
  static final int MOST = 1 << 20;

  private final Window window;
  private final long end;
  private final boolean bigEndian;
  private long position;

  /** @param position where the value begins, which is its first item */
  Encapsulated(Window window, long position, long end, boolean bigEndian) {
    this.window = window;
    this.position = position;
    this.end = end;
    this.bigEndian = bigEndian;
  }

  /** After {@link #read}: behind the delimiter. */
  long position() {
    return position;
  }

  Value.Fragments read() {
    Value.Bulk table = next();
    List<Long> offsets = table == null ? List.of() : offsets(table);
    List<Value.Bulk> fragments = new ArrayList<>();
    for (Value.Bulk each = table == null ? null : next(); each != null; each = next()) {
      if (fragments.size() == MOST) throw new DicomException("more than " + MOST + " fragments");
      fragments.add(each);
    }
    return new Value.Fragments(offsets, fragments);
  }

  /** Null: the delimiter was there. */
  private Value.Bulk next() {
    if (end - position < 8) throw new DicomException("pixel data lacks its delimiter at " + position);
    int at = window.at(position, 8);
    int tag = Head.tag(window.bytes(), at, bigEndian);
    long length = Head.length(window.bytes(), at + 4, bigEndian);
    position += 8;
    if (tag == Tag.SEQUENCE_END) return null;
    if (tag != Tag.ITEM) throw new DicomException(Tag.text(tag) + " between fragments at " + (position - 8));
    if (length > end - position)
      throw new DicomException("a fragment of " + length + " bytes at " + position + ", " + (end - position) + " left");
    Value.Bulk fragment = new Value.Bulk(position, length);
    position += length;
    return fragment;
  }

  private List<Long> offsets(Value.Bulk table) {
    long count = table.length() / 4;
    if (count > MOST) throw new DicomException("more than " + MOST + " offsets");
    List<Long> offsets = new ArrayList<>((int) count);
    for (int i = 0; i < count; i++) {
      int at = window.at(table.position() + i * 4L, 4);
      offsets.add(Head.length(window.bytes(), at, bigEndian));
    }
    return offsets;
  }
}
