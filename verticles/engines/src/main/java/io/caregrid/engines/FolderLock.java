package io.caregrid.engines;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps two processes out of one folder. Held until closed or until the process ends, however it ends; the operating system lets go, so a lock is
 * never stale. The file {@code <name>.lock} stays behind and means nothing by itself.
 */
public final class FolderLock implements AutoCloseable {
  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Makes the folder if it is missing, and locks it.
   *
   * @throws EngineException when somebody else holds it or the folder cannot be written
   */
  public static FolderLock take(Path folder, String name) {
    Path file = folder.toAbsolutePath().resolve(name + ".lock");
    try {
      Files.createDirectories(file.getParent());
      FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
          StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        String holder = Files.readString(file).strip();
        channel.close();
        throw new EngineException("folder " + folder.toAbsolutePath() + " is in use by another " + name
            + (holder.isEmpty() ? "" : " (process " + holder + ")") + ": stop that one, or choose another folder");
      }
      channel.truncate(0);
      channel.write(StandardCharsets.UTF_8.encode(Long.toString(ProcessHandle.current().pid())));
      return new FolderLock(channel);
    } catch (IOException failed) {
      throw new EngineException("folder " + folder.toAbsolutePath() + " cannot be used: " + failed, failed);
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException heldByThisProcess) {
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException failed) {
      throw new EngineException("lock cannot be released: " + failed, failed);
    }
  }
}
