package io.caregrid.platform;

import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.dimse.Outgoing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Pictures that lie in files and folders.
 *
 * @param pictures in the order of the file system, each file once however often it was named
 * @param others   files in folders that are no pictures
 * @param problems what could not be read, and what was named but is no picture: a line each
 */
record PictureFiles(List<Outgoing> pictures, int others, List<String> problems) {

  /** Blocks: looks into every file. */
  static PictureFiles find(List<Path> paths) {
    Search search = new Search();
    for (Path path : paths)
      if (Files.isDirectory(path)) search.folder(path);
      else search.named(path);
    return new PictureFiles(search.pictures, search.others, search.problems);
  }

  /** Bytes of all data sets. */
  long bytes() {
    return pictures.stream().mapToLong(Outgoing::length).sum();
  }

  private static final class Search extends SimpleFileVisitor<Path> {
    private final List<Outgoing> pictures = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final Set<Path> seen = new HashSet<>();
    private int others;

    void folder(Path folder) {
      try {
        Files.walkFileTree(folder, this);
      } catch (IOException failed) {
        unreadable(folder, failed);
      }
    }

    void named(Path file) {
      try {
        add(file);
      } catch (DicomException no) {
        problems.add(file + ": not a picture: " + no.getMessage());
      }
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (!attributes.isRegularFile()) return FileVisitResult.CONTINUE;
      try {
        add(file);
      } catch (DicomException no) {
        others++;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failed) {
      unreadable(file, failed);
      return FileVisitResult.CONTINUE;
    }

    private void add(Path file) {
      if (!seen.add(file.toAbsolutePath().normalize())) return;
      try {
        pictures.add(Outgoing.read(file));
      } catch (UncheckedIOException failed) {
        unreadable(file, failed.getCause());
      } catch (IOException failed) {
        unreadable(file, failed);
      }
    }

    private void unreadable(Path file, IOException why) {
      problems.add(file + ": cannot be read: "
          + (why instanceof NoSuchFileException ? "it does not exist" : why.getMessage()));
    }
  }
}
