package io.caregrid.platform;

import io.caregrid.cluster.NodeConfig;
import io.caregrid.engines.FolderLock;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;

/** Opens the record of accesses, which a node does not start without. */
final class Trails {
  private Trails() {}

  /** @throws StartException when it cannot be kept there */
  static Trail open(NodeConfig config, MeterRegistry metrics, Opened opened) {
    Path folder = AuditShipCommand.folder(config);
    try {
      Trail.make(folder);
      opened.keep(FolderLock.take(folder, "audit"));
      return opened.keep(Trail.open(folder, config.audit(), config.name(), metrics));
    } catch (IOException refused) {
      throw new StartException("accesses cannot be recorded there, check audit.folder: " + refused, refused);
    }
  }
}
