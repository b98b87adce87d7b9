package io.caregrid.engines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Patients of MITRE's Synthea, which the build puts into {@code verticles/synthea/target/lib} under -Pfull. Without it a test is skipped, unless
 * CAREGRID_STRICT=true. The same seed gives the same patients on any day; {@code -Dsynthea.seed} gives others, {@code -Dsynthea.patients}
 * more.
 */
public final class Synthea {
  private static final Path LIBRARY = Path.of("..", "synthea", "target", "lib");
  /** On which their lives are told, and the last one of them. */
  private static final String DAY = "20260101";
  private static final int PATIENTS = Integer.getInteger("synthea.patients", 5);

  private Synthea() {}

  /** Bundles as JSON: hospitals, practitioners, then a transaction for each patient, which needs those. */
  public static List<Path> bundles() throws IOException, InterruptedException {
    boolean there = Files.isDirectory(LIBRARY);
    if ("true".equals(System.getenv("CAREGRID_STRICT"))) assertTrue(there, "CAREGRID_STRICT, and no " + LIBRARY);
    assumeTrue(there, "no Synthea in " + LIBRARY + " (build with -Pfull)");
    Path made = Path.of("target", "synthea-" + Long.getLong("synthea.seed", 20261122) + "-" + DAY + "-" + PATIENTS);
    if (!Files.isDirectory(made.resolve("fhir"))) generate(made);
    try (Stream<Path> files = Files.list(made.resolve("fhir"))) {
      return files.sorted(Comparator.comparing(Synthea::order).thenComparing(Path::compareTo)).toList();
    }
  }

  private static int order(Path file) {
    String name = file.getFileName().toString();
    return name.startsWith("hospital") ? 0 : name.startsWith("practitioner") ? 1 : 2;
  }

  private static void generate(Path into) throws IOException, InterruptedException {
    long seed = Long.getLong("synthea.seed", 20261122);
    Path log = Path.of("target", "synthea.log");
    Process program = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
        "-cp", LIBRARY.toAbsolutePath() + "/*", "App", "-s", "" + seed, "-cs", "" + seed, "-r", DAY, "-e", DAY,
        "-p", "" + PATIENTS, "--exporter.baseDirectory=" + into.toAbsolutePath(),
        "--exporter.hospital.fhir.export=true",
        "--exporter.practitioner.fhir.export=true", "--exporter.years_of_history=10")
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    if (!program.waitFor(10, TimeUnit.MINUTES)) program.destroyForcibly();
    assertEquals(0, program.exitValue(), "Synthea failed, its words are in " + log.toAbsolutePath());
  }
}
