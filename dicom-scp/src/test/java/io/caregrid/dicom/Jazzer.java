package io.caregrid.dicom;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Jazzer hunts for bytes that break a {@code fuzzerTestOneInput}, in a JVM of its own with little memory: its agent must be there first, and a reader
 * that allocates by a declared length shows. It is led by what its instruments see, which no seed fixes: what it finds says something about
 * the code, never about the last change. So it runs where somebody hunts ({@code -Phunt}, CONTRIBUTING.md), and what it found is kept and run by every build.
 */
public final class Jazzer {
  private static final long RUNS = Long.getLong("caregrid.hunt.runs", 300_000);
  private static final long SEED = Long.getLong("caregrid.test.seed", 20261121);

  private Jazzer() {}

  /**
   * @param folder   of the test, with what to begin with in its {@code corpus}
   * @param memory   MiB of heap
   * @param longest  bytes of an input
   * @param settings more for its JVM
   */
  public static void hunt(Class<?> target, Path folder, int memory, int longest, String... settings)
      throws IOException, InterruptedException {
    Path log = Path.of("target", target.getSimpleName() + ".txt");
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx" + memory + "m", "-XX:+EnableDynamicAgentLoading"));
    command.addAll(List.of(settings));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "com.code_intelligence.jazzer.Jazzer",
        "--target_class=" + target.getName(), "--instrumentation_includes=" + target.getPackageName() + ".**",
        "--reproducer_path=" + folder, "-runs=" + RUNS, "-seed=" + SEED, "-max_len=" + longest,
        "-artifact_prefix=target/", folder.resolve("corpus").toString()));

    Process jazzer = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      // a hundred runs a second is a tenth of what the slowest does on a busy machine
      if (!jazzer.waitFor(60 + RUNS / 100, TimeUnit.SECONDS))
        throw new IllegalStateException("fuzzing takes too long: " + log);
    } finally {
      jazzer.destroyForcibly();
    }

    List<String> said = Files.readAllLines(log);
    assertEquals(0, jazzer.exitValue(), String.join("\n", said.subList(Math.max(0, said.size() - 40), said.size())));
  }
}
