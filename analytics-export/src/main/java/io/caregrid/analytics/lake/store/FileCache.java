package io.caregrid.analytics.lake.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Local copies of objects that never change, for readers that know files only.
 *
 * <p>Never more than so many bytes: what was used longest ago goes first, what is open stays, and when all of it is open the next is refused. A copy has its
 * name only when it is whole and forced, so a killed process leaves no torn one; its parts go at the next start. Of many who want the same, one fetches.
 *
 * <p>What nobody opened for a day goes too: so the copy of a file that was erased elsewhere outlives it by a day at most, on a node that answers queries.
 *
 * <p>One process has the folder for itself.
 */
final class FileCache {
  /** An object on its way. */
  interface Opened extends AutoCloseable {
    long bytes();

    InputStream content();

    @Override
    void close();
  }

  /** Where an object comes from. @throws NoSuchFileException there is none */
  interface Source {
    Opened open() throws IOException;
  }

  private static final String PARTS = ".parts";
  private static final Duration UNUSED = Duration.ofDays(1);

  private final Path folder;
  private final long most;
  private final Clock clock;
  private final Map<String, Copy> copies = new LinkedHashMap<>(16, 0.75f, true); // in order of use
  private long bytes;

  FileCache(Path folder, long most, Clock clock) throws IOException {
    Files.createDirectories(folder.resolve(PARTS));
    this.folder = folder.toRealPath();
    this.most = most;
    this.clock = clock;
    try (DirectoryStream<Path> left = Files.newDirectoryStream(this.folder.resolve(PARTS))) {
      for (Path each : left) Files.delete(each);
    }
    for (Path each : oldestFirst()) {
      Copy copy = new Copy(this.folder.relativize(each).toString());
      copy.isHere = true;
      copy.bytes = Files.size(each);
      copy.used = Files.getLastModifiedTime(each).toInstant();
      bytes += copy.bytes;
      copies.put(copy.name, copy);
    }
    synchronized (this) {
      expire();
      makeRoom(0);
    }
  }

  private List<Path> oldestFirst() throws IOException {
    Map<Path, FileTime> times = new LinkedHashMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path each : (Iterable<Path>) files::iterator)
        if (Files.isRegularFile(each)) times.put(each, Files.getLastModifiedTime(each));
    }
    return times.entrySet()
        .stream()
        .sorted(Map.Entry.comparingByValue(Comparator.naturalOrder()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** One object's copy; all of it is guarded by the cache. */
  private final class Copy {
    final String name;
    long bytes;
    int open;
    boolean isHere;
    boolean isForgotten;
    Instant used;

    Copy(String name) {
      this.name = name;
    }

    Path path() {
      return folder.resolve(name);
    }
  }

  Path folder() {
    return folder;
  }

  long most() {
    return most;
  }

  synchronized long bytes() {
    return bytes;
  }

  /** @throws NoSuchFileException there is no such object */
  ObjectStore.Local local(String name, Source source) throws IOException {
    Copy copy = claim(name);
    if (!copy.isHere) fetch(copy, source);
    return new Pin(copy);
  }

  /** A copy that is here, or one that the caller has to fetch. Either counts as open. */
  private synchronized Copy claim(String name) throws IOException {
    expire();
    Copy copy = copies.get(name);
    while (copy != null && !copy.isHere) {
      await();
      copy = copies.get(name);
    }
    if (copy != null && copy.open == 0 && !isWhole(copy)) {
      drop(copy);
      copy = null;
    }
    if (copy == null) {
      copy = new Copy(name);
      copies.put(name, copy);
    }
    copy.open++;
    copy.used = clock.instant();
    return copy;
  }

  /** Somebody may have tidied the folder by hand. */
  private static boolean isWhole(Copy copy) throws IOException {
    try {
      return Files.size(copy.path()) == copy.bytes;
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  private void await() throws IOException {
    try {
      wait();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while an object was fetched");
    }
  }

  private void fetch(Copy copy, Source source) throws IOException {
    boolean whole = false;
    try (Opened object = source.open()) {
      synchronized (this) {
        makeRoom(object.bytes());
        copy.bytes = object.bytes();
        bytes += copy.bytes;
      }
      fetch(copy, object);
      whole = true;
    } finally {
      synchronized (this) {
        if (whole) copy.isHere = true;
        else lose(copy);
        notifyAll();
      }
    }
  }

  private void fetch(Copy copy, Opened object) throws IOException {
    Path part = folder.resolve(PARTS).resolve(UUID.randomUUID().toString());
    try {
      try (FileChannel to = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        copy(Channels.newChannel(object.content()), to);
        if (to.size() != object.bytes())
          throw new IOException(copy.name + ": got " + to.size() + " bytes of " + object.bytes());
        to.force(true);
      }
      Files.createDirectories(copy.path().getParent());
      Files.move(part, copy.path(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void copy(ReadableByteChannel from, FileChannel to) throws IOException {
    ByteBuffer some = ByteBuffer.allocate(1 << 16);
    while (from.read(some) >= 0) {
      some.flip();
      while (some.hasRemaining()) to.write(some);
      some.clear();
    }
  }

  /** Deletes what nobody opened for long; they stand in order of use. Guarded. */
  private void expire() throws IOException {
    Instant before = clock.instant().minus(UNUSED);
    for (Iterator<Copy> each = copies.values().iterator(); each.hasNext();) {
      Copy copy = each.next();
      if (copy.used.isAfter(before)) return;
      if (copy.open > 0) continue;
      Files.deleteIfExists(copy.path());
      bytes -= copy.bytes;
      each.remove();
    }
  }

  /** Deletes what was used longest ago until so many bytes fit. Guarded. */
  private void makeRoom(long wanted) throws IOException {
    long held = copies.values().stream().filter(each -> each.open > 0).mapToLong(each -> each.bytes).sum();
    if (held + wanted > most) throw new ObjectStore.NoRoom(held, wanted, most);
    for (Iterator<Copy> each = copies.values().iterator(); each.hasNext() && bytes + wanted > most;) {
      Copy copy = each.next();
      if (copy.open > 0) continue;
      Files.deleteIfExists(copy.path());
      bytes -= copy.bytes;
      each.remove();
    }
  }

  /** A copy that did not come: whoever waits for it tries itself. Guarded. */
  private void lose(Copy copy) {
    bytes -= copy.bytes;
    copy.open = 0;
    copies.remove(copy.name, copy);
  }

  /** Guarded. */
  private void drop(Copy copy) throws IOException {
    Files.deleteIfExists(copy.path());
    bytes -= copy.bytes;
    copies.remove(copy.name, copy);
  }

  /** The object is deleted: its copy goes now, or when the last who has it open closes it. */
  synchronized void forget(String name) throws IOException {
    Copy copy = copies.get(name);
    if (copy == null) return;
    if (copy.open == 0) drop(copy);
    else copy.isForgotten = true;
  }

  /** Names of copies that are here or coming. */
  synchronized List<String> names() {
    return new ArrayList<>(copies.keySet());
  }

  private final class Pin implements ObjectStore.Local {
    private final Copy copy;
    private boolean closed;

    Pin(Copy copy) {
      this.copy = copy;
    }

    @Override
    public Path path() {
      return copy.path();
    }

    @Override
    public void close() {
      synchronized (FileCache.this) {
        if (closed) return;
        closed = true;
        copy.open--;
        if (copy.open > 0 || !copy.isForgotten) return;
        try {
          drop(copy);
        } catch (IOException stays) {
          copy.isForgotten = false; // it goes when room is needed
        }
      }
    }
  }
}
