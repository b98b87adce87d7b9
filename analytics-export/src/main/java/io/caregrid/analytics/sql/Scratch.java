package io.caregrid.analytics.sql;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders for what ends with its query. */
final class Scratch {
  private Scratch() {}

  /** Made when it is missing; files that another process left in it are removed. */
  static Path emptied(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder)) {
      for (Path one : left) if (Files.isRegularFile(one)) Files.deleteIfExists(one);
    }
    return folder.toRealPath();
  }
}
