package io.caregrid;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The house's own source files, found from this module's folder. */
final class Sources {
  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Set<String> SIGNED = signed();

  private Sources() {}

  static boolean hasSign(String packageName) {
    return SIGNED.contains(packageName);
  }

  /** A file of the project, by its path from the root. */
  static Path file(String path) {
    return ROOT.resolve(path);
  }

  private static Set<String> signed() {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files.filter(file -> file.endsWith("package-info.java") && file.toString().contains("/src/main/java/"))
          .map(file -> file.getParent().toString().replaceFirst(".*/src/main/java/", "").replace('/', '.'))
          .collect(Collectors.toSet());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
