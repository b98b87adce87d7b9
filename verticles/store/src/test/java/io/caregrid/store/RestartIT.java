package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real server goes down and comes back under an open pool. */
@Tag("full")
class RestartIT {
  @TempDir(factory = Memory.class)
  Path folder;

  @Test
  void thePoolRecoversAndEverythingAcknowledgedIsThere() throws IOException {
    OwnPort held = OwnPort.take();
    int port = held.number();
    LocalPostgres server = LocalPostgres.start(folder, port);
    DatabaseConfig config = new DatabaseConfig(server.host(), port, server.createDatabase(), server.user(),
        server.password(), 4);
    Room room = Room.open(config);
    FhirStore store = new FhirStore(room.database(), Audit.log());
    Stored kept = get(store.create(CALLER, "Device", json("{'resourceType':'Device'}")));
    Sequencer sequencer = Sequencer.start(room.database());

    server.close();
    Room.fails(Failure.Busy.class, 503, store.read(CALLER, "Device", kept.id()));

    try (LocalPostgres again = LocalPostgres.start(folder, port)) {
      Room.until("the pool has recovered", () -> get(room.database().answers()));
      assertEquals(kept, get(store.read(CALLER, "Device", kept.id())));
      Stored next = get(store.create(CALLER, "Device", json("{'resourceType':'Device'}")));
      Room.until("the sequencer goes on", () -> get(new ChangeFeed(room.database()).head(CALLER)).position() == 2);
      assertTrue(next.created());
      get(sequencer.stop());
      room.close();
    } finally {
      held.close();
    }
  }
}
