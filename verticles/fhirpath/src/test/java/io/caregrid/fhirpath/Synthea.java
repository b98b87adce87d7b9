package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Resources of MITRE's Synthea, which the build puts into {@code verticles/synthea/target/lib} under -Pfull. Without it a test is skipped, unless
 * CAREGRID_STRICT=true. The same seed gives the same patients; {@code -Dsynthea.seed} gives others.
 */
final class Synthea {
  private static final Path LIBRARY = Path.of("..", "synthea", "target", "lib");
  private static final int PATIENTS = 5;

  private Synthea() {}

  /** All resources of all bundles, patients' and hospitals'. */
  static List<JsonNode> resources() throws Exception {
    boolean there = Files.isDirectory(LIBRARY);
    if ("true".equals(System.getenv("CAREGRID_STRICT"))) assertTrue(there, "CAREGRID_STRICT, and no " + LIBRARY);
    assumeTrue(there, "no Synthea in " + LIBRARY + " (build with -Pfull)");
    Path made = Path.of("target", "synthea-" + Long.getLong("synthea.seed", 20261122));
    if (!Files.isDirectory(made.resolve("fhir"))) generate(made);
    List<JsonNode> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(made.resolve("fhir"))) {
      for (Path file : files.sorted().toList()) {
        for (JsonNode entry : Rendered.JSON.readTree(file.toFile()).path("entry")) all.add(entry.path("resource"));
      }
    }
    return all;
  }

  private static void generate(Path into) throws IOException, InterruptedException {
    long seed = Long.getLong("synthea.seed", 20261122);
    Path log = Path.of("target", "synthea.log");
    Process program = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
        "-cp", LIBRARY.toAbsolutePath() + "/*", "App", "-s", "" + seed, "-cs", "" + seed, "-r", "20260101", "-p",
        "" + PATIENTS, "--exporter.baseDirectory=" + into.toAbsolutePath(), "--exporter.hospital.fhir.export=true",
        "--exporter.practitioner.fhir.export=true", "--exporter.years_of_history=10")
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    if (!program.waitFor(5, TimeUnit.MINUTES)) program.destroyForcibly();
    assertEquals(0, program.exitValue(), "Synthea failed, its words are in " + log.toAbsolutePath());
  }
}
