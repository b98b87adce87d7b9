package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.api.Ward;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The black-box FHIR cases in {@code src/test/resources/cases/fhir} (their README tells the format), run by their own runner against our door. What
 * passes is listed in {@code passing.txt}, and the list can only grow: a listed case that fails breaks the build, a new one that passes is written to
 * {@code target/passing.txt}, to be copied over.
 */
@ExtendWith(Ward.Key.class)
@Tag("full")
class FhirCasesIT {
  private static final Path CASES = Path.of("src", "test", "resources", "cases", "fhir");
  private static final Path RESULT = Path.of("target", "fhir-cases.json");

  @Test
  void everyListedCaseStillPasses(Ward ward) throws Exception {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    assumeTrue(strict || pythonIsThere(), "skipped: python3 is missing");

    Set<String> passing = run(ward);

    Set<String> listed = new TreeSet<>(Files.readAllLines(CASES.resolve("passing.txt")));
    Set<String> lost = new TreeSet<>(listed);
    lost.removeAll(passing);
    Files.write(Path.of("target", "passing.txt"), passing);
    assertEquals(Set.of(), lost, "cases that passed before");
  }

  private static Set<String> run(Ward ward) throws IOException, InterruptedException {
    Files.createDirectories(RESULT.getParent());
    List<String> command = List.of("python3", CASES.resolve("run.py").toString(), ward.base() + "/fhir", "--jobs", "4",
        "--timeout", "60", "--json", RESULT.toString());
    Process runner = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(Path.of("target", "fhir-cases.txt").toFile())
        .start();
    try {
      if (!runner.waitFor(5, TimeUnit.MINUTES))
        throw new IllegalStateException("the cases take more than five minutes");
    } finally {
      runner.destroyForcibly();
    }
    return passing(new JsonArray(Buffer.buffer(Files.readAllBytes(RESULT))));
  }

  private static Set<String> passing(JsonArray results) {
    List<JsonObject> all = results.stream().map(JsonObject.class::cast).toList();
    TreeMap<String, Long> count = all.stream()
        .filter(FhirCasesIT::passed)
        .collect(Collectors.groupingBy(result -> result.getString("area"), TreeMap::new, Collectors.counting()));
    System.out.println("FHIR cases that pass, by file: " + count);
    return all.stream()
        .filter(FhirCasesIT::passed)
        .map(result -> result.getString("area") + ": " + result.getString("name"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean passed(JsonObject result) {
    return result.getBoolean("ok");
  }

  private static boolean pythonIsThere() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException missing) {
      return false;
    }
  }
}
