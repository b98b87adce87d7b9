package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Everybody is answered, and what was not answered with success has left nothing behind that somebody finds. */
@ExtendWith(Engines.class)
class CommitterIT {

  @Test
  void whatIsDeletedBeforeItsInsertIsConfirmedLeavesNoRowWithoutBytes(LocalPostgres postgres, @TempDir Path folder)
      throws IOException {
    DatabaseConfig database = Vault.database(postgres, postgres.createDatabase());
    try (LostAnswers between = new LostAnswers(database);
        Vault node = new Vault(between.config(), folder.resolve("dicom"), DicomConfig.DEFAULT, 4 << 20);
        Vault other = new Vault(database, folder.resolve("other"), DicomConfig.DEFAULT, 4 << 20)) {
      node.store(Phantom.image(1, 0, 20_000));
      between.lose();
      Future<Receipt> storing = node.storing(Phantom.image(1, 1, 20_000), Expected.ANYTHING);
      FaultsIT.until(() -> other.instances(1).size() == 2);
      get(other.archive.delete(Vault.CALLER, Phantom.study(1), null, Phantom.instance(1, 1)));
      between.breakOff();
      get(node.archive.keepNow());

      get(storing.transform(done -> Future.succeededFuture()));

      for (Located each : node.instances(1)) assertArrayEquals(Phantom.image(1, 0, 20_000), node.read(each));
      FaultsIT.until(() -> {
        get(node.archive.keepNow());
        return get(node.index.files().garbage(node.instances(1).get(0).node(), "w0/", 0, 10)).isEmpty();
      });
      assertEquals(List.of(), Verification.run(node.folder, node.index, (bytes, all) -> {}).first());
    }
  }
}
