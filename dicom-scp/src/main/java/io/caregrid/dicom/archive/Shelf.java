package io.caregrid.dicom.archive;

import io.caregrid.cluster.ConfigException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The archive folder on disk, and this process's part of it.
 *
 * <pre>
 * archive.id                 the folder's own name in the index, made once
 * places.lock                held while somebody takes a writer's place or tries one, and all the time that an index is made anew
 * w0/ w1/ ...                one writer each, locked while a process uses it (several only when nodes share the folder)
 * w0/numbers                 files below the first are settled, numbers below the second may be taken; behind them those of
 *                            files that are in doubt all the same
 * w0/000000/000000000017.seg segment file 17; a file's number is never used again
 * </pre>
 *
 * <p>A file is settled when nothing of it is on its way any more: every complete record in it is known to the index or dead. A start looks at the
 * others only. One in which a start found what it could not settle is in doubt: every start looks at it again, and nobody removes it.
 */
final class Shelf implements AutoCloseable {
  private static final Pattern FILE = Pattern.compile("(w\\d{1,4})/\\d{6,}/(\\d{12,})\\.seg");
  private static final String NUMBERS = "numbers";
  private static final String PLACES = "places.lock";
  private static final String WRITING = "writer.lock";
  private static final int MOST_WRITERS = 1000;
  /** Taking a place takes a few writes at most: whoever holds them all for longer makes the index anew. */
  private static final long PATIENCE_MILLIS = 5_000;
  private static final long PAUSE_MILLIS = 5;
  /** Numbers set aside with one write. */
  private static final long BLOCK = 1024;
  private static final long PER_FOLDER = 1024;

  /** Lock files that this process holds: to the system two of its locks are one, and closing either gives both back. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final String id;
  private final String writer;
  private final Lock lock;
  private final TreeSet<Long> unsettled = new TreeSet<>();
  private final TreeSet<Long> doubtful = new TreeSet<>();
  private long next;
  private long reserved;
  private long settled;
  private boolean changed;

  private Shelf(Path folder, String id, String writer, Lock lock) throws IOException {
    this.folder = folder;
    this.id = id;
    this.writer = writer;
    this.lock = lock;
    long[] numbers = numbers(folder.resolve(writer));
    settled = numbers[0];
    for (int i = 2; i < numbers.length; i++) doubtful.add(numbers[i]);
    next = numbers[1];
    for (String file : files(folder, writer)) {
      long number = number(file);
      next = Math.max(next, number + 1);
      if (number >= settled) unsettled.add(number); // until a start has looked at it
    }
    reserved = next;
  }

  /**
   * Makes the folder when it is missing, and takes the first writer's place that is free. ConfigException: the index is being made anew, and would lose what
   * came meanwhile.
   */
  static Shelf open(Path folder) throws IOException {
    make(folder);
    String id = id(folder);
    try (Lock places = places(folder)) {
      if (places == null)
        throw new ConfigException("the index of the archive in " + folder.toAbsolutePath()
            + " is being made anew: start the node when that is done");
      for (int n = 0; n < MOST_WRITERS; n++) {
        Lock lock = Lock.take(folder.resolve("w" + n), WRITING);
        if (lock != null) return new Shelf(folder, id, "w" + n, lock);
      }
    }
    throw new IOException("more than " + MOST_WRITERS + " processes use " + folder);
  }

  /** Every writer's place, and that no other is taken. */
  record All(List<Shelf> shelves, Lock places) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try (Lock last = places) {
        for (Shelf each : shelves) each.close();
      }
    }
  }

  /** Takes every writer's place, so that nobody writes: for making the index anew. ConfigException: somebody does. */
  static All openAll(Path folder) throws IOException {
    String id = id(folder);
    All all = new All(new ArrayList<>(), places(folder));
    boolean free = all.places != null;
    for (int n = 0; free && Files.isDirectory(folder.resolve("w" + n)); n++) {
      Lock lock = Lock.take(folder.resolve("w" + n), WRITING);
      free = lock != null;
      if (free) all.shelves.add(new Shelf(folder, id, "w" + n, lock));
    }
    if (free) return all;
    all.close();
    throw new ConfigException("the archive folder " + folder.toAbsolutePath() + " is in use: stop the node first");
  }

  /** Null when somebody makes the index anew. */
  private static Lock places(Path folder) throws IOException {
    long began = System.nanoTime();
    while (true) {
      Lock lock = Lock.take(folder, PLACES);
      if (lock != null || System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS)) return lock;
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
    }
  }

  /** A file's lock, held until it is closed or the process ends. */
  private record Lock(Path file, FileChannel channel) implements AutoCloseable {

    /** Null when somebody has it. */
    static Lock take(Path folder, String name) throws IOException {
      make(folder);
      Path file = folder.toRealPath().resolve(name);
      if (!HELD.add(file)) return null;
      FileChannel channel = null;
      FileLock taken = null;
      try {
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        taken = channel.tryLock();
      } finally {
        if (taken == null) {
          if (channel != null) channel.close();
          HELD.remove(file);
        }
      }
      return taken == null ? null : new Lock(file, channel);
    }

    @Override
    public void close() throws IOException {
      channel.close();
      HELD.remove(file);
    }
  }

  /** Whether a process at work may still be writing this file: then what is not whole in it may become so. */
  static boolean isOnItsWay(Path folder, String file) throws IOException {
    Path writer = folder.resolve(file.substring(0, file.indexOf('/')));
    if (number(file) < numbers(writer)[0]) return false;
    try (Lock places = places(folder)) { // or a node that starts just now would find it taken
      if (places == null) return true;
      try (Lock free = Lock.take(writer, WRITING)) {
        return free == null;
      }
    }
  }

  /** ConfigException: there is no archive in {@code folder}. */
  static String knownId(Path folder) throws IOException {
    try {
      return Files.readString(folder.resolve("archive.id")).strip();
    } catch (NoSuchFileException missing) {
      throw new ConfigException("there is no archive in " + folder.toAbsolutePath());
    }
  }

  private static String id(Path folder) throws IOException {
    Path file = folder.resolve("archive.id");
    try (FileChannel making = FileChannel.open(folder.resolve("archive.lock"), StandardOpenOption.CREATE,
        StandardOpenOption.WRITE)) {
      synchronized (Shelf.class) {
        try (FileLock alone = making.lock()) {
          if (!Files.exists(file)) write(file, UUID.randomUUID().toString());
        }
      }
    }
    return Files.readString(file).strip();
  }

  /** Whole or not at all. */
  private static void write(Path file, String text) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text + "\n");
      while (bytes.hasRemaining()) channel.write(bytes);
      channel.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    forceFolder(file.getParent());
  }

  /** Makes a folder and those above it that are missing, durably named. */
  private static void make(Path folder) throws IOException {
    if (Files.isDirectory(folder)) return;
    Path above = folder.toAbsolutePath().getParent();
    make(above);
    Files.createDirectories(folder);
    forceFolder(above);
  }

  /** Makes names in a folder durable. */
  private static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  String id() {
    return id;
  }

  Path folder() {
    return folder;
  }

  /** False when the folder is gone, or another one is in its place: a share that is not mounted just now. */
  boolean isThere() {
    try {
      return Files.readString(folder.resolve("archive.id")).strip().equals(id);
    } catch (IOException away) {
      return false;
    }
  }

  /** What file names of this writer begin with. */
  String prefix() {
    return writer + "/";
  }

  Path path(String file) {
    if (!FILE.matcher(file).matches()) throw new IllegalArgumentException("no segment file: " + file);
    return folder.resolve(file);
  }

  /** Makes a new file, durably named; it is unsettled. @return its name as the index keeps it */
  synchronized String create() throws IOException {
    if (next == reserved) reserve();
    long number = next++;
    String file = String.format("%s/%06d/%012d.seg", writer, number / PER_FOLDER, number);
    Path path = folder.resolve(file);
    make(path.getParent());
    Files.createFile(path);
    forceFolder(path.getParent());
    unsettled.add(number);
    return file;
  }

  private void reserve() throws IOException {
    keepNumbers(next + BLOCK);
    reserved = next + BLOCK;
  }

  private void keepNumbers(long taken) throws IOException {
    StringBuilder numbers = new StringBuilder().append(settled).append(' ').append(taken);
    for (long each : doubtful) numbers.append(' ').append(each);
    write(folder.resolve(writer).resolve(NUMBERS), numbers.toString());
    changed = false;
  }

  /** Nothing of this file is on its way any more. */
  synchronized void settle(String file) {
    unsettled.remove(number(file));
  }

  /** A start has looked at the file, or it is gone. */
  synchronized void trust(String file) {
    changed |= doubtful.remove(number(file));
  }

  /** Nobody can say now what became of something in this file: the next start looks again. */
  synchronized void doubt(String file) {
    changed |= doubtful.add(number(file));
  }

  synchronized boolean isSettled(String file) {
    return !unsettled.contains(number(file)) && !doubtful.contains(number(file));
  }

  /** While a start looks at files, and from time to time after it, so that the next start has less to look at. */
  synchronized void keepSettled() throws IOException {
    long now = unsettled.isEmpty() ? next : unsettled.first();
    if (now == settled && !changed) return;
    settled = now;
    keepNumbers(Math.max(reserved, next));
  }

  /** Files of this writer that a start has to look at, oldest first: each is {@link #settle settled} when that is done. */
  synchronized List<String> toLookAt() throws IOException {
    List<String> files = new ArrayList<>();
    for (String file : files(folder, writer))
      if (!isSettled(file)) files.add(file);
    changed |= doubtful.retainAll(files.stream().map(Shelf::number).toList());
    return files;
  }

  /** Files of this writer, oldest first. */
  List<String> all() throws IOException {
    return files(folder, writer);
  }

  private static long[] numbers(Path writer) throws IOException {
    try {
      String[] words = Files.readString(writer.resolve(NUMBERS)).strip().split(" ");
      long[] numbers = new long[Math.max(2, words.length)];
      for (int i = 0; i < numbers.length; i++) numbers[i] = Long.parseLong(words[i]);
      return numbers;
    } catch (NoSuchFileException | NumberFormatException | ArrayIndexOutOfBoundsException none) {
      return new long[] {0, 0};
    }
  }

  static long number(String file) {
    Matcher name = FILE.matcher(file);
    if (!name.matches()) throw new IllegalArgumentException("no segment file: " + file);
    return Long.parseLong(name.group(2));
  }

  /** All segment files of all writers, by writer and number. */
  static List<String> files(Path folder) throws IOException {
    List<String> all = new ArrayList<>();
    for (int n = 0; Files.isDirectory(folder.resolve("w" + n)); n++) all.addAll(files(folder, "w" + n));
    return all;
  }

  private static List<String> files(Path folder, String writer) throws IOException {
    List<String> files = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder.resolve(writer), Files::isDirectory)) {
      for (Path each : folders)
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(each, "*.seg")) {
          inside.forEach(path -> files.add(writer + "/" + each.getFileName() + "/" + path.getFileName()));
        }
    }
    files.removeIf(file -> !FILE.matcher(file).matches());
    files.sort(java.util.Comparator.comparingLong(Shelf::number));
    return files;
  }

  /** Removes a file and its name. When that fails the next start looks at it. */
  void remove(String file) throws IOException {
    doubt(file);
    settle(file); // one that stays must not have all later ones looked at
    Files.deleteIfExists(path(file));
    forceFolder(path(file).getParent());
    trust(file);
  }

  @Override
  public void close() throws IOException {
    try {
      keepSettled();
    } finally {
      lock.close();
    }
  }
}
