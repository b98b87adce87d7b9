package io.caregrid.engines;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/** The folders engines live in. */
final class Folders {
  private Folders() {}

  static Path temporary(String name) {
    try {
      return Files.createTempDirectory("caregrid-" + name + "-");
    } catch (IOException failed) {
      throw new EngineException("no temporary folder for " + name + ": " + failed, failed);
    }
  }

  /** Whether what is written there never reaches a disk. */
  static boolean isInMemory(Path folder) {
    try {
      return Files.getFileStore(folder).type().equals("tmpfs");
    } catch (IOException failed) {
      throw new EngineException("folder " + folder + " cannot be looked at: " + failed, failed);
    }
  }

  /** A folder only this user can enter, under the temporary folder, the same one for every run. */
  static Path cache() {
    String user = System.getProperty("user.name");
    Path folder = Path.of(System.getProperty("java.io.tmpdir"), "caregrid-engines-" + user);
    try {
      Files.createDirectories(folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      if (!Files.getOwner(folder).getName().equals(user))
        throw new EngineException("folder " + folder + " belongs to somebody else: remove it");
      return folder;
    } catch (IOException failed) {
      throw new EngineException("folder " + folder + " cannot be made: " + failed, failed);
    }
  }

  /** Removes the folder and everything in it; what is gone already is fine. */
  static void remove(Path folder) {
    try {
      Files.walkFileTree(folder, new SimpleFileVisitor<>() {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
          Files.deleteIfExists(file);
          return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failed) throws IOException {
          return goOn(failed);
        }

        @Override
        public FileVisitResult postVisitDirectory(Path visited, IOException failed) throws IOException {
          goOn(failed);
          Files.deleteIfExists(visited);
          return FileVisitResult.CONTINUE;
        }
      });
    } catch (IOException failed) {
      throw new EngineException("folder " + folder + " cannot be removed: " + failed, failed);
    }
  }

  /** What somebody else has removed meanwhile, such as a server that is just ending, is as it should be. */
  private static FileVisitResult goOn(IOException failed) throws IOException {
    if (failed != null && !(failed instanceof NoSuchFileException)) throw failed;
    return FileVisitResult.CONTINUE;
  }
}
