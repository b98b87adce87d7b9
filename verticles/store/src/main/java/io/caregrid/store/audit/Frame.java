package io.caregrid.store.audit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a line stands in the {@link Stage}: 16 bytes of its own before it, and room after it up to the next multiple of 16.
 *
 * <pre>
 * 0  position, 8 bytes: bytes staged before this one, ever; its place in the ring is the rest of dividing it by the ring's size
 * 8  length of the line, 4 bytes
 * 12 check of both, 4 bytes
 * </pre>
 *
 * All little-endian. The position tells this lap from the last one, and is written when all else is there: what has none was never said to be kept.
 */
record Frame(long position, int length) {
  static final int HEAD = 16;
  /** Longest line that is staged. */
  static final int MOST = 64 << 10;

  /** Whole frames, in order. Null when there is none at this offset of a ring of so many bytes. */
  static Frame at(ByteBuffer ring, int offset, long size) {
    if (offset + HEAD > ring.limit()) return null;
    long position = ring.getLong(offset);
    int length = ring.getInt(offset + 8);
    boolean known = length > 0 && length <= MOST && ring.getInt(offset + 12) == check(position, length);
    return known && position > 0 && position % size == offset ? new Frame(position, length) : null;
  }

  static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where the next one begins. */
  long end() {
    return position + size(length);
  }

  static int size(int length) {
    return HEAD + length + HEAD - 1 & -HEAD;
  }

  static int check(long position, int length) {
    long hash = (position ^ (long) length << 40 ^ 0x9e3779b97f4a7c15L) * 0xd6e8feb86659fd93L;
    hash = (hash ^ hash >>> 32) * 0xd6e8feb86659fd93L;
    return (int) (hash ^ hash >>> 32);
  }
}
