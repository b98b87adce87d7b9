package io.caregrid.dicom.data;

import io.caregrid.dicom.Jazzer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks for bytes that break {@link ReaderFuzzTest}, from pydicom's files. */
@Tag("hunt")
class ReaderFuzzIT {
  @Test
  void noBytesAreFoundThatBreakTheReader(@TempDir Path folder) throws Exception {
    seed(Files.createDirectory(folder.resolve("corpus")));

    Jazzer.hunt(ReaderFuzzTest.class, folder, 400, 20_000);
  }

  /** Small files, each to be read whole, as far as its header, and as the JSON that pydicom gives for it. */
  private static void seed(Path corpus) throws IOException, InterruptedException {
    for (Pydicom.Reading reading : Pydicom.readings()) {
      byte[] file = Files.readAllBytes(reading.file());
      if (reading.json() != null && reading.json().toString().length() < 15_000)
        Files.write(corpus.resolve("json-" + reading.name()),
            ReaderFuzzTest.prefixed(ReaderFuzzTest.AS_JSON, reading.json()
                .toString()
                .getBytes(StandardCharsets.UTF_8)));
      if (file.length > 15_000) continue;
      Files.write(corpus.resolve(reading.name()), ReaderFuzzTest.prefixed((byte) 0x10, file));
      Files.write(corpus.resolve("header-" + reading.name()), ReaderFuzzTest.prefixed((byte) 0x90, file));
    }
  }
}
