package io.caregrid.analytics.lake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Objects as files of a folder, which several nodes may share.
 *
 * <p>An object is written elsewhere in the folder, forced, and then gets its name: by {@code link(2)} where it must not replace another, by
 * {@code rename(2)} where it may. Both happen or do not; then the folder is forced. So nobody ever sees half an object, and what a killed process leaves is in
 * {@value #PARTS} and goes a day later.
 */
final class FolderStore implements ObjectStore {
  private static final String PARTS = ".parts";
  /** Nobody writes one object for so long: what is older, its writer left. */
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final Path root;
  private final Path parts;

  /** Makes the folder when it is missing. */
  FolderStore(Path folder) throws IOException {
    make(folder.toAbsolutePath());
    root = folder.toRealPath();
    parts = root.resolve(PARTS);
    make(parts);
    sweep(Instant.now().minus(ABANDONED));
  }

  @Override
  public void put(String name, Path file) throws IOException {
    Path target = path(name);
    Path part = part();
    try {
      try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ); FileChannel to = create(part)) {
        long size = from.size();
        for (long at = 0; at < size;) {
          long moved = from.transferTo(at, size - at, to);
          if (moved <= 0) throw new IOException(file + " became shorter while it was put");
          at += moved;
        }
        to.force(true);
      }
      replace(part, target);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  @Override
  public void put(String name, byte[] content) throws IOException {
    Path target = path(name);
    Path part = part();
    try {
      write(part, content);
      replace(part, target);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    Path target = path(name);
    Path part = part();
    try {
      write(part, content);
      make(target.getParent());
      return isLinked(part, target);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** On NFS a link may be there although its answer says that it was before: it is ours when it is the same file. */
  private static boolean isLinked(Path part, Path target) throws IOException {
    boolean ours;
    try {
      Files.createLink(target, part);
      ours = true;
    } catch (FileAlreadyExistsException taken) {
      ours = Files.isSameFile(part, target);
    }
    force(target.getParent());
    return ours;
  }

  private static void replace(Path part, Path target) throws IOException {
    make(target.getParent());
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    force(target.getParent());
  }

  @Override
  public byte[] get(String name) throws IOException {
    try {
      return Files.readAllBytes(path(name));
    } catch (NoSuchFileException none) {
      return absent();
    }
  }

  @Override
  public byte[] get(String name, long offset, int length) throws IOException {
    try (FileChannel file = FileChannel.open(path(name), StandardOpenOption.READ)) {
      int size = (int) Math.max(0, Math.min(length, file.size() - offset));
      ByteBuffer bytes = ByteBuffer.allocate(size);
      while (bytes.hasRemaining())
        if (file.read(bytes, offset + bytes.position()) < 0) throw new IOException(name + " became shorter");
      return bytes.array();
    } catch (NoSuchFileException none) {
      return absent();
    }
  }

  @Override
  public List<Entry> list(String prefix, String after, int max) throws IOException {
    int slash = prefix.lastIndexOf('/');
    String inside = prefix.substring(0, slash + 1);
    if (!inside.isEmpty()) Names.checked(prefix.substring(0, slash));
    List<String> names = new ArrayList<>();
    collect(inside, prefix, after, names);
    if (names.isEmpty()) absent();
    names.sort(null); // ASCII: the order of chars is that of bytes
    List<Entry> entries = new ArrayList<>();
    for (String each : names) {
      if (entries.size() == max) break;
      Entry entry = head(each);
      if (entry != null) entries.add(entry);
    }
    return entries;
  }

  /** Names in {@code inside} ("" or ending with a slash) and below. What is no object is passed over. */
  private void collect(String inside, String prefix, String after, List<String> names) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(root.resolve(inside))) {
      for (Path each : files) {
        String name = inside + each.getFileName();
        boolean isBefore = after.compareTo(name + "0") >= 0; // all of a folder too: '0' is the one behind '/'
        if (isBefore || !name.startsWith(prefix) || !Names.isName(name)) continue;
        if (isFolder(each)) collect(name + "/", prefix, after, names);
        else if (name.startsWith(prefix) && name.compareTo(after) > 0) names.add(name);
      }
    } catch (NoSuchFileException | NotDirectoryException none) {
      // nothing there: an empty list
    }
  }

  /** Folders have no dot in their name: that spares asking for each of many thousand files. */
  private static boolean isFolder(Path path) {
    return path.getFileName().toString().indexOf('.') < 0 && Files.isDirectory(path);
  }

  @Override
  public Entry head(String name) throws IOException {
    try {
      BasicFileAttributes found = Files.readAttributes(path(name), BasicFileAttributes.class);
      return found.isDirectory() ? null : new Entry(name, found.size(), found.lastModifiedTime().toInstant());
    } catch (NoSuchFileException none) {
      return absent();
    }
  }

  @Override
  public void delete(String name) throws IOException {
    Path path = path(name);
    if (Files.deleteIfExists(path)) force(path.getParent());
    else absent();
  }

  @Override
  public Local local(String name) throws IOException {
    Path path = path(name);
    if (!Files.isRegularFile(path)) {
      absent();
      throw new NoSuchFileException(name);
    }
    return new Local() {
      @Override
      public Path path() {
        return path;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public List<Path> folders() {
    return List.of(root);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return root.toString();
  }

  /** Null, after making sure that the folder is the one that was opened: where a disk is no longer mounted there is no empty lake. */
  private <T> T absent() throws IOException {
    if (!Files.isDirectory(parts)) throw new IOException(root + " is not the folder any more that was opened");
    return null;
  }

  private Path path(String name) {
    return root.resolve(Names.checked(name));
  }

  private Path part() {
    return parts.resolve(UUID.randomUUID().toString());
  }

  private static FileChannel create(Path part) throws IOException {
    return FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private static void write(Path part, byte[] content) throws IOException {
    try (FileChannel channel = create(part)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) channel.write(bytes);
      channel.force(true);
    }
  }

  private void sweep(Instant before) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(parts)) {
      for (Path each : left)
        if (Files.getLastModifiedTime(each).toInstant().isBefore(before)) Files.deleteIfExists(each);
    }
  }

  /** Makes a folder and those above it that are missing, durably named. */
  private static void make(Path folder) throws IOException {
    if (Files.isDirectory(folder)) return;
    make(folder.getParent());
    Files.createDirectories(folder);
    force(folder.getParent());
  }

  /** Makes names in a folder durable. */
  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
