package io.caregrid.store.audit;

import io.caregrid.store.AuditPosition;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The folder of one node's journal: files {@code audit-000000000001.jsonl}, numbered in order, {@code journal}, which holds the journal's id, and {@code stage},
 * where lines are before they are in one of the files. Readable by this process's user only.
 */
final class Segments {
  private static final Pattern NAME = Pattern.compile("audit-(\\d{12})\\.jsonl");
  private static final Set<StandardOpenOption> NEW = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  /** Of one write by a channel, which keeps as much memory for the thread. */
  private static final int PROBE_BYTES = 64 << 10;

  final Path folder;
  private volatile UUID id;

  private Segments(Path folder, UUID id) {
    this.folder = folder;
    this.id = id;
  }

  /** The folder, as nobody else may look into it. One that is there stays as it is. */
  static void make(Path folder) throws IOException {
    Files.createDirectories(folder, only("rwx------"));
  }

  /** Whether somebody has ever kept a journal here. */
  static boolean isJournal(Path folder) {
    return Files.exists(folder.resolve("journal"));
  }

  static Segments open(Path folder) throws IOException {
    make(folder);
    Path mark = folder.resolve("journal");
    if (!Files.exists(mark)) mark(folder, UUID.randomUUID());
    try {
      return new Segments(folder, UUID.fromString(Files.readString(mark).strip()));
    } catch (IllegalArgumentException unreadable) {
      throw new IOException(
          mark + " does not hold the journal's id: restore it, or move the folder away and begin a new journal",
          unreadable);
    }
  }

  private static void mark(Path folder, UUID id) throws IOException {
    replace(folder.resolve("journal"), (id + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** A file that is as it was before or has these bytes, all of them on the disk. */
  static void replace(Path file, byte[] bytes) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try {
      try (FileChannel channel = FileChannel.open(fresh, NEW, only("rw-------"))) {
        for (ByteBuffer left = ByteBuffer.wrap(bytes); left.position() < bytes.length;)
          channel.write(left.limit(Math.min(bytes.length, left.position() + PROBE_BYTES)));
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
    force(file.getParent());
  }

  UUID id() {
    return id;
  }

  /** To the database this is a journal it has never seen: all that is here comes in, and what is in already is known by its ids. */
  void rename() throws IOException {
    UUID fresh = UUID.randomUUID();
    mark(folder, fresh);
    id = fresh;
  }

  private static FileAttribute<?>[] only(String permissions) {
    return POSIX
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
        : new FileAttribute<?>[0];
  }

  private static void force(Path folder) throws IOException {
    try (FileChannel entries = FileChannel.open(folder)) {
      entries.force(true);
    }
  }

  Path file(long number) {
    return folder.resolve(String.format(Locale.ROOT, "audit-%012d.jsonl", number));
  }

  /** Number → bytes. */
  TreeMap<Long, Long> all() throws IOException {
    TreeMap<Long, Long> found = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches()) found.put(Long.parseLong(name.group(1)), size(file));
      }
    }
    return found;
  }

  private static long size(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException removed) {
      return 0;
    }
  }

  /** When somebody last wrote to this file, milliseconds since 1970. */
  long writtenMillis(long number) throws IOException {
    return Files.getLastModifiedTime(file(number)).toMillis();
  }

  /** The file is there after a loss of power, too. */
  RandomAccessFile create(long number) throws IOException {
    FileChannel.open(file(number), NEW, only("rw-------")).close();
    force(folder);
    return new RandomAccessFile(file(number).toFile(), "rw");
  }

  /** Writes something, and removes it: fails as long as the disk takes nothing. */
  void probe() throws IOException {
    Path file = folder.resolve("probe");
    Files.deleteIfExists(file);
    try (FileChannel probe = FileChannel.open(file, NEW, only("rw-------"))) {
      ByteBuffer bytes = ByteBuffer.allocate(PROBE_BYTES);
      while (bytes.hasRemaining()) probe.write(bytes);
      probe.force(true);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Removes whole files before this position that were not written to since then; never the last one, by which the next start knows its number. */
  int removeBefore(AuditPosition shipped, Instant since) throws IOException {
    int removed = 0;
    TreeMap<Long, Long> all = all();
    for (long number : all.headMap(shipped.segment()).keySet()) {
      if (number == all.lastKey()) continue;
      Path file = file(number);
      if (!Files.getLastModifiedTime(file).toInstant().isBefore(since)) continue;
      Files.deleteIfExists(file);
      removed++;
    }
    return removed;
  }
}
