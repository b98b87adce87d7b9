package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.api.Ward;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The FHIR libraries that JavaScript programs stand on, npm's fhir-kit-client and SMART's fhirclient, under Node, unchanged:
 * {@code src/test/resources/fhir-clients}. npm fetches them into {@code target} once.
 */
@Tag("full")
@ExtendWith(Ward.Key.class)
class NpmClientsIT {
  private static final Path SCRIPTS = Path.of("src", "test", "resources", "fhir-clients").toAbsolutePath();
  private static final Path MODULES = Path.of("target", "fhir-clients").toAbsolutePath();

  @ParameterizedTest
  @ValueSource(strings = {"kit.mjs", "smart.mjs"})
  void theLibraryDoesItsWorkUnchanged(String script, Ward ward) throws Exception {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    boolean installed = isInstalled();
    assertTrue(installed || !strict,
        () -> "node, npm or the packages are missing: " + read(MODULES.resolve("npm.txt")));
    assumeTrue(installed,
        "skipped: node or npm is missing, or npm did not get the packages; target/fhir-clients/npm.txt says why");
    Path printed = MODULES.resolve(script + ".txt");

    int exit = run(printed, 5, List.of("node", SCRIPTS.resolve(script).toString(), ward.base() + "/fhir"));

    assertEquals(0, exit, () -> read(printed));
  }

  private static boolean isInstalled() throws IOException, InterruptedException {
    if (Files.exists(MODULES.resolve("node_modules/fhir-kit-client"))
        && Files.exists(MODULES.resolve("node_modules/fhirclient")))
      return true;
    Files.createDirectories(MODULES);
    Files.writeString(MODULES.resolve("package.json"), "{\"private\":true}");
    try {
      for (int tries = 0; tries < 3; tries++) {
        if (tries > 0) LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(20)); // a registry may be away for a moment
        if (run(MODULES.resolve("npm.txt"), 5,
            List.of("npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                "--no-save", "fhir-kit-client@1.9.2", "fhirclient@2.6.3")) == 0)
          return true;
      }
      return false;
    } catch (IOException missing) {
      return false;
    }
  }

  private static int run(Path output, long minutes, List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).directory(MODULES.toFile())
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
    try {
      return process.waitFor(minutes, TimeUnit.MINUTES) ? process.exitValue() : -1;
    } finally {
      process.destroyForcibly();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException gone) {
      return gone.toString();
    }
  }
}
