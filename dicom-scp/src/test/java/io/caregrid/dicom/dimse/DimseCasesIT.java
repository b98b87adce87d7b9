package io.caregrid.dicom.dimse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.web.Foreign;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The black-box DIMSE cases of {@code src/test/resources/cases/dicom}, by DCMTK's clients against our port: echo, store and survival. Query and
 * retrieve (find, get, move) are not built, and their cases say so. What it printed lies in {@code target/dimse-cases.txt}.
 */
@ExtendWith(Engines.class)
@Tag("full")
class DimseCasesIT {
  private static final Path CASES = Path.of("src", "test", "resources", "cases", "dicom", "dimse.sh");
  private static final Path PRINTED = Path.of("target", "dimse-cases.txt");
  /** Echo 8, store 8 and two associations, survival 2; without pydicom's files. */
  private static final int OF_ITS_OWN = 19;
  private static final int PYDICOM_FILES = 60;

  @Test
  void everyEchoAndStoreCasePasses(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    Dcmtk.require();

    try (Port port = Port.open(postgres, folder, Port.DEFAULT)) {
      Foreign.run(Path.of("."), PRINTED, 10, TimeUnit.MINUTES,
          List.of("bash", CASES.toString(), "127.0.0.1", String.valueOf(
              port.number), "CAREGRID"));
    }

    List<String> built = Files.readAllLines(PRINTED)
        .stream()
        .filter(line -> line.matches("(ok   |FAIL ) .*") && !line.matches("(ok   |FAIL ) (find|get|move|C-CANCEL) .*"))
        .toList();
    assertEquals(List.of(), built.stream().filter(line -> line.startsWith("FAIL")).toList());
    long files = built.stream().filter(line -> line.matches(".{6}store .*\\.dcm .*")).count();
    assertTrue(files >= PYDICOM_FILES, "pydicom files stored: " + files);
    assertEquals(OF_ITS_OWN, built.size() - files);
  }
}
