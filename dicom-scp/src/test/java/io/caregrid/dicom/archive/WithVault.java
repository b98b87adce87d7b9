package io.caregrid.dicom.archive;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A test that has an empty archive of its own, in {@code dicom} below a folder of its own. */
@ExtendWith(Engines.class)
abstract class WithVault {
  LocalPostgres postgres;
  Vault vault;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) {
    this.postgres = postgres;
    vault = Vault.open(postgres, folder.resolve("dicom"));
  }

  @AfterEach
  void close() {
    vault.close();
  }
}
