package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The library web viewers stand on, npm's dicomweb-client, under Node: {@code src/test/resources/dicomweb-client/check.mjs}. npm fetches it and xhr2, which
 * gives Node a browser's XMLHttpRequest, into {@code target} once.
 */
@Tag("full")
@ExtendWith(Engines.class)
class DicomWebClientIT {
  private static final Path SCRIPT = Path.of("src", "test", "resources", "dicomweb-client", "check.mjs")
      .toAbsolutePath();
  private static final Path MODULES = Path.of("target", "dicomweb-client").toAbsolutePath();
  private static final int ROWS = 16;
  private static final int FRAMES = 3;

  @Test
  void theLibraryStoresFindsAndFetches(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    boolean installed = isInstalled();
    assertTrue(installed || !strict,
        () -> "node, npm or the packages are missing: " + read(MODULES.resolve("npm.txt")));
    assumeTrue(installed,
        "skipped: node or npm is missing, or npm did not get the packages; target/dicomweb-client/npm.txt says why");
    Path file = Files.write(folder.resolve("slice.dcm"), Slices.file(Slices.picture(1, 1, ROWS, FRAMES)));
    Path printed = MODULES.resolve("printed.txt");

    int exit;
    try (WebDoor door = new WebDoor(postgres, folder.resolve("dicom"), DicomConfig.DEFAULT)) {
      exit = Foreign.run(MODULES, printed, 5, TimeUnit.MINUTES,
          List.of("node", SCRIPT.toString(), door.base(), file.toString(),
              Slices.study(1), Slices.series(1), Slices.instance(1, 1), String.valueOf(Slices.COLUMNS),
              String.valueOf(ROWS), String.valueOf(FRAMES)));
    }

    assertEquals(0, exit, () -> read(printed));
  }

  private static boolean isInstalled() throws IOException, InterruptedException {
    if (Files.exists(MODULES.resolve("node_modules/dicomweb-client"))
        && Files.exists(MODULES.resolve("node_modules/xhr2")))
      return true;
    if (!Foreign.runs("node", "--version") || !Foreign.runs("npm", "--version")) return false;
    Files.createDirectories(MODULES);
    Files.writeString(MODULES.resolve("package.json"), "{\"private\":true}");
    for (int tries = 0; tries < 3; tries++) // a registry may be away for a moment
      if (Foreign.run(MODULES, MODULES.resolve("npm.txt"), 5, TimeUnit.MINUTES, List.of("npm", "install", "--no-audit",
          "--no-fund", "--no-package-lock", "--no-save", "dicomweb-client@0.11.3", "xhr2@0.2.1")) == 0)
        return true;
    return false;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException gone) {
      return gone.toString();
    }
  }
}
