package io.caregrid.engines;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Folders of tests in Linux's file system in memory, where it has room; else in the usual temporary folder. What an engine wrote there survives its process, killed
 * or not, as on a disk: only a loss of power shows the difference, which no test brings about. A database of the house has 2,400 files, and a disk takes seconds to
 * make them safe and as long to remove them.
 */
public final class Memory implements TempDirFactory {
  private static final Path SHARED = Path.of("/dev/shm");
  /** What two modules need that are tested at once, beside their processes. */
  private static final long ROOM = 4L << 30;

  /** For {@code @TempDir(factory = Memory.class)}, when an engine is to live there. */
  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) {
    return folder("test");
  }

  /** A new one that only this user can enter; whoever asked removes it. */
  public static Path folder(String name) {
    try {
      if (!isThere()) return Folders.temporary(name);
      removeLeft(name);
      return hasRoom() ? Files.createTempDirectory(SHARED, "caregrid-" + name + "-") : Folders.temporary(name);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static boolean isThere() {
    return Files.isWritable(SHARED) && Folders.isInMemory(SHARED);
  }

  /** The engine's folders of processes that were killed: nobody holds their locks any more. */
  private static void removeLeft(String engine) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(SHARED, "caregrid-" + engine + "-*")) {
      for (Path folder : all) {
        if (!isLeft(folder.resolve(engine + ".lock"))) continue;
        try (FolderLock lock = FolderLock.take(folder, engine)) {
          Orphan.stop(folder.resolve("data"));
          Folders.remove(folder);
        } catch (EngineException inUse) {
          // by somebody whose processes are not seen from here
        }
      }
    }
  }

  /** Its process is gone. One that is there may just be removing it. */
  private static boolean isLeft(Path lock) throws IOException {
    try {
      String holder = Files.readString(lock).strip();
      return !holder.isEmpty() && ProcessHandle.of(Long.parseLong(holder)).isEmpty();
    } catch (NoSuchFileException notYetOrNotAnyMore) {
      return false;
    }
  }

  private static boolean hasRoom() throws IOException {
    return Files.getFileStore(SHARED).getUsableSpace() > ROOM && availableBytes() > ROOM;
  }

  private static long availableBytes() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines.filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    }
  }
}
