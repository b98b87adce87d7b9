package io.caregrid.store.audit;

import io.caregrid.store.AuditPosition;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A ring of lines in a file that is mapped into memory: whoever records an access copies its line here, without a call of the system, and it outlives this process
 * as anything in the page cache does. From here it is moved to the {@link Tape} by one thread at a time; what was not is found by {@link Rescue}.
 *
 * <p>The file: a head of {@value #HEAD} bytes, and the ring, in which each line has a {@link Frame}.
 *
 * <pre>
 * 0  CGSTAGE1
 * 8  bytes of the ring, 8 bytes
 * 16 position before which all is moved, 8 bytes
 * 24 file of the journal, and 32 the offset in it: nothing from that position on is before this place
 * </pre>
 *
 * <p>Reading is done by calls: a file that somebody cuts is then an answer, not a fault. Writing is not: the fault is an {@link InternalError}, here or (so the JDK)
 * later; what was written is looked at again, so that nothing is said to be kept in a page that is gone.
 */
final class Stage implements AutoCloseable {
  /** Of the ring; a power of two. */
  static final int BYTES = 4 << 20;
  static final int HEAD = 4096;
  static final long MAGIC = 0x3145474154534743L;
  static final int RING_AT = 8;
  static final int MOVED_AT = 16;
  static final int SEGMENT_AT = 24;
  static final int OFFSET_AT = 32;
  /** Copying takes a fraction of a microsecond: so long somebody else's is waited for. */
  private static final int SPINS = 200;
  private static final Duration HELD = Duration.ofSeconds(1);
  private static final int PART = 1 << 20;
  private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** It is not as it was left: somebody has cut or overwritten it. */
  static final class Damaged extends IOException {
    Damaged(String what) {
      super(what, null);
    }
  }

  /**
   * Lines one after the other.
   *
   * @param end position behind the last
   */
  record Part(byte[] bytes, int length, long end) {}

  private final Path path;
  private final RandomAccessFile file;
  private final MappedByteBuffer map;
  private final int size;
  private final Object key;
  private final ReentrantLock held = new ReentrantLock();
  private volatile long next;
  private volatile long moved;
  private volatile boolean closed;

  private Stage(Path path, RandomAccessFile file, int size, long next) throws IOException {
    this.path = path;
    this.file = file;
    this.size = size;
    this.key = key(path);
    this.next = next;
    this.moved = next;
    map = file.getChannel().map(MapMode.READ_WRITE, 0, HEAD + size);
    map.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Nobody has staged anything behind {@code next}, and all before it is moved. @param place where what comes next goes, or before that */
  static Stage open(Path path, int size, long next, AuditPosition place) throws IOException {
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    try {
      if (file.length() != HEAD + size) throw new Damaged("it has " + file.length() + " bytes");
      Stage stage = new Stage(path, file, size, next);
      stage.moved(next, place);
      return stage;
    } catch (IOException | RuntimeException | Error refused) {
      file.close();
      throw refused;
    }
  }

  /** The bytes of one in which there is nothing yet. */
  static byte[] blank(int size) {
    byte[] bytes = new byte[HEAD + size];
    Frame.buffer(bytes).putLong(0, MAGIC).putLong(RING_AT, size).putLong(MOVED_AT, size);
    return bytes;
  }

  /** False: somebody else holds it. */
  boolean tryHold() {
    for (int spin = 0; spin < SPINS; spin++) {
      if (held.tryLock()) return true;
      Thread.onSpinWait();
    }
    return false;
  }

  void hold() {
    held.lock();
  }

  void release() {
    held.unlock();
  }

  /**
   * Holding. A whole line.
   *
   * @return false: there is no room, or nothing is taken any more
   * @throws InternalError the page is gone, or cannot be had
   */
  boolean append(byte[] line, int length) {
    long position = next;
    int all = Frame.size(length);
    if (closed || length > Frame.MOST || position + all - moved > size) return false;
    int head = HEAD + at(position);
    map.putInt(head + 8, length);
    map.putInt(head + 12, Frame.check(position, length));
    copy(line, length, at(position + Frame.HEAD));
    LONG.setRelease(map, head, position);
    boolean there = (long) LONG.getVolatile(map, head) == position
        && map.get(HEAD + at(position + Frame.HEAD + length - 1)) == line[length - 1];
    if (!there) throw new InternalError("what was staged is not there");
    next = position + all;
    return true;
  }

  private void copy(byte[] line, int length, int at) {
    int first = Math.min(length, size - at);
    map.put(HEAD + at, line, 0, first);
    if (first < length) map.put(HEAD, line, first, length - first);
  }

  private int at(long position) {
    return (int) (position & size - 1);
  }

  boolean isEmpty() {
    return moved == next;
  }

  /** Holding the tape. What is to be moved first; null when nothing is. */
  Part next() throws IOException {
    long from = moved;
    long until = Math.min(next, from + PART);
    if (from == until) return null;
    byte[] bytes = read(from, (int) (until - from));
    var frames = Frame.buffer(bytes);
    int length = 0;
    int at = 0;
    while (at + Frame.HEAD <= bytes.length) {
      int line = frames.getInt(at + 8);
      boolean known = frames.getLong(at) == from + at && line > 0 && line <= Frame.MOST
          && frames.getInt(at + 12) == Frame.check(from + at, line);
      if (!known) throw new Damaged("nothing was staged at " + at(from + at));
      if (at + Frame.size(line) > bytes.length) break;
      System.arraycopy(bytes, at + Frame.HEAD, bytes, length, line);
      length += line;
      at += Frame.size(line);
    }
    return new Part(bytes, length, from + at);
  }

  private byte[] read(long from, int length) throws IOException {
    byte[] bytes = new byte[length];
    int first = Math.min(length, size - at(from));
    read(bytes, 0, first, at(from));
    if (first < length) read(bytes, first, length - first, 0);
    return bytes;
  }

  private void read(byte[] bytes, int from, int length, int at) throws IOException {
    file.seek(HEAD + at);
    try {
      file.readFully(bytes, from, length);
    } catch (java.io.EOFException cut) {
      throw new Damaged("it ends at " + file.length());
    }
  }

  /** Holding the tape. All before this position is in the journal's files, and nothing that comes is before that place. */
  void moved(long position, AuditPosition place) {
    LONG.setRelease(map, MOVED_AT, position);
    LONG.setRelease(map, OFFSET_AT, place.offset());
    LONG.setRelease(map, SEGMENT_AT, place.segment());
    moved = position;
  }

  /** All of it, as it stands in the file. */
  byte[] bytes() throws IOException {
    byte[] bytes = new byte[(int) Math.min(file.length(), HEAD + size)];
    file.seek(0);
    file.readFully(bytes);
    return bytes;
  }

  /** False: somebody has cut, replaced or removed it. */
  boolean isThere() {
    try {
      return isFile() && file.length() == HEAD + size;
    } catch (IOException closed) {
      return false;
    }
  }

  /** False: somebody has replaced or removed it. */
  boolean isFile() {
    try {
      return key.equals(key(path));
    } catch (IOException gone) {
      return false;
    }
  }

  private static Object key(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return key == null ? path : key;
  }

  /**
   * Nothing more is taken, and whoever was at it has done so; it may still be read. Does not wait for ever: a fault that the JVM tells late may leave it held for good.
   */
  void end() {
    closed = true;
    try {
      if (held.tryLock(HELD.toMillis(), TimeUnit.MILLISECONDS)) held.unlock();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
