package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The black-box DICOMweb cases of {@code src/test/resources/cases/dicom}, by their own runner against our door: all of group STD, which is PS3.18, of
 * CF, the change feed, and of EQT, extended query tags. It needs Debian's python3-pydicom. What it printed lies in {@code target/dicomweb-cases.txt}.
 */
@ExtendWith(Engines.class)
class DicomWebCasesIT {
  private static final String PYTHON = "/usr/bin/python3";
  private static final Path CASES = Path.of("src", "test", "resources", "cases", "dicom", "dicomweb.py");
  private static final Path PRINTED = Path.of("target", "dicomweb-cases.txt");
  private static final int ALL = 75 + 9 + 7;

  @Test
  void everyCasePasses(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    assumeTrue(strict || Foreign.runs(PYTHON, "-c", "import pydicom"), "skipped: python3-pydicom is missing");

    try (WebDoor door = new WebDoor(postgres, folder, DicomConfig.DEFAULT)) {
      Foreign.run(Path.of("."), PRINTED, 5, TimeUnit.MINUTES,
          List.of(PYTHON, CASES.toString(), door.base(), "--groups", "STD,CF,EQT"));
    }

    List<String> printed = Files.readAllLines(PRINTED);
    assertEquals(List.of(), printed.stream().filter(line -> line.startsWith("FAIL")).toList());
    assertEquals(ALL + " passed, 0 failed", printed.get(printed.size() - 1));
  }
}
