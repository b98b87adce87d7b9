package io.caregrid.dicom.archive;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What stands before every instance in a segment file, {@value #BYTES} bytes, big endian: magic, state, CRC32C of the content, its length, when it was
 * stored, CRC32C of these (without the state, which changes in place), zeros. The content is a whole Part 10 file and follows at once.
 *
 * @param length   of the content, bytes
 * @param crc32c   of the content
 * @param storedAt milliseconds since 1970
 */
record RecordHeader(State state, long length, int crc32c, long storedAt) {

  static final int BYTES = 64;
  /** Of the state in the header. */
  static final int STATE_AT = 8;
  private static final long MAGIC = 0x4347494D41474531L; // "CGIMAGE1"

  /** Four letters on disk. Nothing else is a state: a header not yet written is zeros, so its record is torn. */
  enum State {
    /** Counts when its index row says so, or when a crash came before anybody could. */
    LIVE(0x4C495645),
    /** A copy made while compacting, until the index points to it. */
    COPY(0x434F5059),
    /** Deleted: the content is zeros, or about to be. */
    DEAD(0x44454144),
    /** No instance, but zeros up to where the next group begins, see {@link Blocks}. */
    FILL(0x46494C4C);

    final int letters;

    State(int letters) {
      this.letters = letters;
    }
  }

  ByteBuffer bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES);
    put(bytes);
    return bytes.flip();
  }

  /** Fills exactly {@link #BYTES}. */
  void put(ByteBuffer into) {
    into.putLong(MAGIC).putInt(state.letters).putInt(crc32c).putLong(length).putLong(storedAt).putInt(sum());
    while (into.position() % BYTES != 0) into.put((byte) 0);
  }

  /** Null when these {@link #BYTES} are no header. */
  static RecordHeader read(ByteBuffer bytes) {
    if (bytes.remaining() < BYTES || bytes.getLong() != MAGIC) return null;
    int letters = bytes.getInt();
    int crc = bytes.getInt();
    long length = bytes.getLong();
    long storedAt = bytes.getLong();
    for (State state : State.values()) {
      RecordHeader header = new RecordHeader(state, length, crc, storedAt);
      if (state.letters == letters) return length >= 0 && header.sum() == bytes.getInt() ? header : null;
    }
    return null;
  }

  /** Whether the magic stands there. */
  static boolean mayBegin(ByteBuffer bytes, int at) {
    return bytes.getLong(at) == MAGIC;
  }

  private int sum() {
    ByteBuffer summed = ByteBuffer.allocate(28).putLong(MAGIC).putInt(crc32c).putLong(length).putLong(storedAt);
    CRC32C crc = new CRC32C();
    crc.update(summed.flip());
    return (int) crc.getValue();
  }

  RecordHeader in(State next) {
    return new RecordHeader(next, length, crc32c, storedAt);
  }
}
