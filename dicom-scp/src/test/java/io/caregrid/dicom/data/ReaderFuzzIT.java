package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jazzer looks for bytes that break {@link ReaderFuzzTest}, a fixed number of times, from pydicom's files where they are there. In a JVM of its own with
 * little memory: its agent must be there first, and a reader that allocates by a declared length shows.
 */
@Tag("full")
class ReaderFuzzIT {
  private static final int RUNS = 300_000;

  @Test
  void noBytesAreFoundThatBreakTheReader(@TempDir Path folder) throws Exception {
    Path corpus = Files.createDirectory(folder.resolve("corpus"));
    seed(corpus);
    Path log = Path.of("target", "reader-fuzz.txt");

    Process jazzer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx400m",
        "-XX:+EnableDynamicAgentLoading", "-cp", System.getProperty("java.class.path"),
        "com.code_intelligence.jazzer.Jazzer", "--target_class=" + ReaderFuzzTest.class.getName(),
        "--instrumentation_includes=io.caregrid.dicom.data.**", "--reproducer_path=" + folder, "-runs=" + RUNS,
        "-seed=20261121", "-max_len=20000", "-artifact_prefix=target/", corpus.toString())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    try {
      if (!jazzer.waitFor(15, TimeUnit.MINUTES)) throw new IllegalStateException("fuzzing takes more than 15 minutes");
    } finally {
      jazzer.destroyForcibly();
    }

    List<String> said = Files.readAllLines(log);
    assertEquals(0, jazzer.exitValue(), String.join("\n", said.subList(Math.max(0, said.size() - 40), said.size())));
  }

  /** Small files, each to be read whole, as far as its header, and as the JSON that pydicom gives for it. */
  private static void seed(Path corpus) throws IOException, InterruptedException {
    for (Pydicom.Reading reading : Pydicom.readings()) {
      byte[] file = Files.readAllBytes(reading.file());
      if (reading.json() != null && reading.json().toString().length() < 15_000)
        Files.write(corpus.resolve("json-" + reading.name()), prefixed(ReaderFuzzTest.AS_JSON, reading.json()
            .toString()
            .getBytes(StandardCharsets.UTF_8)));
      if (file.length > 15_000) continue;
      Files.write(corpus.resolve(reading.name()), prefixed((byte) 0x10, file));
      Files.write(corpus.resolve("header-" + reading.name()), prefixed((byte) 0x90, file));
    }
  }

  private static byte[] prefixed(byte how, byte[] file) {
    byte[] input = new byte[file.length + 1];
    input[0] = how;
    System.arraycopy(file, 0, input, 1, file.length);
    return input;
  }
}
