package io.caregrid.dicom.web;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Room for what was made for clients and has not gone out: little of it in memory, the rest in files that end with their answer. So a client that reads
 * slowly holds neither memory nor a thread, and all of them together no more than {@value #DISK_BYTES} bytes on disk.
 */
final class Spools {
  static final long DISK_BYTES = 4L << 30;
  private static final String NAME = "answer-";

  private final Path folder;
  private final AtomicLong memoryLeft;
  private final AtomicLong diskLeft = new AtomicLong(DISK_BYTES);

  /** @param folder made when it is missing; what another process left in it is removed */
  Spools(Path folder, long memory) {
    this.folder = folder;
    memoryLeft = new AtomicLong(memory);
    try {
      Files.createDirectories(folder);
      try (DirectoryStream<Path> left = Files.newDirectoryStream(folder, NAME + "*")) {
        for (Path one : left) Files.deleteIfExists(one);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  Spool open() {
    return new Spool(this);
  }

  /** False: there is not that much. */
  boolean takeMemory(long bytes) {
    return take(memoryLeft, bytes);
  }

  void giveMemory(long bytes) {
    memoryLeft.addAndGet(bytes);
  }

  boolean takeDisk(long bytes) {
    return take(diskLeft, bytes);
  }

  void giveDisk(long bytes) {
    diskLeft.addAndGet(bytes);
  }

  private static boolean take(AtomicLong left, long bytes) {
    if (left.addAndGet(-bytes) >= 0) return true;
    left.addAndGet(bytes);
    return false;
  }

  /** For its owner alone (it holds patient data), gone when it is closed. */
  FileChannel file() throws IOException {
    return FileChannel.open(Files.createTempFile(folder, NAME, ""), StandardOpenOption.READ, StandardOpenOption.WRITE,
        StandardOpenOption.DELETE_ON_CLOSE);
  }
}
