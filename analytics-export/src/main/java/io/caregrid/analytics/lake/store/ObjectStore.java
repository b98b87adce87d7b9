package io.caregrid.analytics.lake.store;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * Immutable objects by name. A name is relative, parts separated by {@code /}, of ASCII letters, digits and {@code _ - =}; the last part may have dots, but
 * does not begin with one. Names sort by their bytes. Any thread; blocking: never on an event loop.
 *
 * <p>Every method throws {@link IOException} when the store cannot be asked or refuses; nothing was then promised: an object may or may not have been
 * written. A name that is none is an {@link IllegalArgumentException}.
 */
public interface ObjectStore extends AutoCloseable {

  /**
   * An object as it is found.
   *
   * @param bytes    its size
   * @param modified when it was put, by the store's clock: good for telling that something has been lying about for hours, not for an order
   */
  record Entry(String name, long bytes, Instant modified) {}

  /** Durable when it returns; replaces what has this name. A reader sees the old object, the new one or none, never a part. */
  void put(String name, Path file) throws IOException;

  /** As {@link #put(String, Path)}, of something small. */
  void put(String name, byte[] content) throws IOException;

  /**
   * Durable when it returns true. False: another object has this name already, and is not changed. Of many that race, one gets true, also when the store's
   * first answer was lost on the way. That is known by the content: every writer puts something of its own into it, a random id.
   */
  boolean putIfAbsent(String name, byte[] content) throws IOException;

  /** Null when there is none. */
  byte[] get(String name) throws IOException;

  /** {@code length} bytes from {@code offset}, fewer at the object's end; null when there is none. */
  byte[] get(String name, long offset, int length) throws IOException;

  /** Names with this prefix that sort behind {@code after} ("" for all), in order, at most {@code max}. */
  List<Entry> list(String prefix, String after, int max) throws IOException;

  /** Null when there is none. */
  Entry head(String name) throws IOException;

  /** Gone when it returns; no failure when there was none. */
  void delete(String name) throws IOException;

  /**
   * A local file with the object's bytes, for readers that know files only. It stays until {@link Local#close}; of a folder it is the object itself.
   *
   * @throws java.nio.file.NoSuchFileException when there is none
   * @throws NoRoom when too much is open
   */
  Local local(String name) throws IOException;

  /** A file that stays as long as this is open. Never written to. */
  interface Local extends AutoCloseable {
    Path path();

    @Override
    void close();
  }

  /** Bytes that may be {@link #local} at once; of a folder as many as there are. */
  default long room() {
    return Long.MAX_VALUE;
  }

  /** What is {@link #local} already, and open, leaves no room for another. */
  final class NoRoom extends IOException {
    private static final long serialVersionUID = 1;

    NoRoom(long held, long wanted, long most) {
      super("local copies that are in use take " + held + " of " + most + " bytes, " + wanted
          + " more are wanted: raise lake.s3.cacheMegabytes");
    }
  }

  /** Folders in which every {@link #local} file lies. */
  List<Path> folders();

  /** What was local may be gone, and nothing can be asked any more. */
  @Override
  void close();
}
