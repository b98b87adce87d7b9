package io.caregrid.dicom.data;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * Reads the items of encapsulated pixel data (PS3.5 A.4): offset table, fragments, delimiter. What is inside a fragment is not looked at. A fragment
 * takes 12 bytes of memory, an offset 4: a whole slide has hundreds of thousands, and an empty one is 8 bytes in a file.
 */
final class Encapsulated {
  private final Window window;
  private final long end;
  private final boolean bigEndian;
  private final int most;
  private final int ofAll;
  private long position;
  private int left;

  /**
   * @param position where the value begins, which is its first item
   * @param most     fragments and offsets here
   * @param ofAll    of the whole data set, {@link Limits#fragments}
   */
  Encapsulated(Window window, long position, long end, boolean bigEndian, int most, int ofAll) {
    this.window = window;
    this.position = position;
    this.end = end;
    this.bigEndian = bigEndian;
    this.most = most;
    this.ofAll = ofAll;
    this.left = most;
  }

  /** After {@link #read}: behind the delimiter. */
  long position() {
    return position;
  }

  /** After {@link #read}: how many fragments and offsets there were. */
  int count() {
    return most - left;
  }

  /** DicomException: no items; TooLarge: more fragments and offsets than are allowed. */
  Value.Fragments read() {
    Value.Bulk table = next();
    List<Long> offsets = table == null ? List.of() : offsets(table);
    FragmentList fragments = new FragmentList();
    for (Value.Bulk each = table == null ? null : next(); each != null; each = next()) {
      count(1);
      fragments.append(each.position(), each.length());
    }
    fragments.trim();
    return new Value.Fragments(offsets, fragments);
  }

  private void count(long more) {
    if (more > left) throw new DicomException.TooLarge("more than " + ofAll + " fragments and offsets");
    left -= (int) more;
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
    count(table.length() / 4);
    int[] offsets = new int[(int) (table.length() / 4)];
    for (int i = 0; i < offsets.length; i++) {
      int at = window.at(table.position() + i * 4L, 4);
      offsets[i] = Values.i32(window.bytes(), at, bigEndian);
    }
    return new Offsets(offsets);
  }

  /** Unsigned. */
  private static final class Offsets extends AbstractList<Long> implements RandomAccess {
    private final int[] offsets;

    Offsets(int[] offsets) {
      this.offsets = offsets;
    }

    @Override
    public Long get(int index) {
      return offsets[index] & 0xFFFFFFFFL;
    }

    @Override
    public int size() {
      return offsets.length;
    }
  }

  /** In the order they come. */
  private static final class FragmentList extends AbstractList<Value.Bulk> implements RandomAccess {
    private long[] positions = new long[8];
    private int[] lengths = new int[8];
    private int size;

    void append(long position, long length) {
      if (size == positions.length) resize(size * 2);
      positions[size] = position;
      lengths[size++] = (int) length;
    }

    void trim() {
      if (size < positions.length) resize(size);
    }

    private void resize(int room) {
      positions = Arrays.copyOf(positions, room);
      lengths = Arrays.copyOf(lengths, room);
    }

    @Override
    public Value.Bulk get(int index) {
      Objects.checkIndex(index, size);
      return new Value.Bulk(positions[index], lengths[index] & 0xFFFFFFFFL);
    }

    @Override
    public int size() {
      return size;
    }
  }
}
