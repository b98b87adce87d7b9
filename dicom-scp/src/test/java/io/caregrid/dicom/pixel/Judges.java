package io.caregrid.dicom.pixel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.dicom.data.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Who else reads pixels: DCMTK's tools, pydicom with NumPy and Pillow, all from Debian. Missing: the test is skipped, unless CAREGRID_STRICT. */
final class Judges {
  private static final String PYTHON = "/usr/bin/python3";
  private static final Path FILES = Path.of("/usr/lib/python3/dist-packages/pydicom/data/test_files");

  private Judges() {}

  static void require() throws IOException, InterruptedException {
    boolean there = ends(PYTHON, "-c", "import pydicom, numpy, PIL") == 0 && ends("dcmdjpeg", "--version") == 0
        && Files.isDirectory(FILES);
    assumeTrue(there || "true".equals(System.getenv("CAREGRID_STRICT")),
        "skipped: dcmtk, python3-pydicom, python3-numpy or python3-pil is missing");
  }

  static Path file(String name) {
    return FILES.resolve(name);
  }

  /** pydicom's own test files. */
  static List<Path> files() throws IOException {
    return files(FILES);
  }

  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.toString().endsWith(".dcm")).sorted().toList();
    }
  }

  static Source source(Path file) throws IOException {
    return Source.of(ByteBuffer.wrap(Files.readAllBytes(file)));
  }

  /** Decodes with {@code decode.py}. */
  static void decode(Path folder, Path results) throws IOException, InterruptedException {
    run(PYTHON, Path.of("src", "test", "resources", "pixel", "decode.py").toString(), folder.toString(),
        results.toString());
  }

  static void decodeFiles(Path results) throws IOException, InterruptedException {
    decode(FILES, results);
  }

  /** Whatever it says on standard output and error. Fails when it fails. */
  static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) throw new IllegalStateException(List.of(command) + " failed: " + said);
    return said;
  }

  static boolean runs(String... command) throws IOException, InterruptedException {
    return ends(command) == 0;
  }

  private static int ends(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(new ArrayList<>(List.of(command))).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor();
    } catch (IOException missing) {
      return -1;
    }
  }
}
