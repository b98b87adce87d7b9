package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Senders that fall silent in the middle of an instance keep memory from nobody. */
@ExtendWith(Engines.class)
class StalledSendersIT {
  private static final int BUFFER = 16 << 20;
  private static final int PIXELS = 900_000;
  private static final int SENT = 800_000;
  private static final int PIECE = 16_000;

  private Vault vault;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) {
    vault = new Vault(
        Vault.database(postgres,
            postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
        folder.resolve("dicom"),
        StoringNode.config(BUFFER), 4 << 20);
  }

  @AfterEach
  void close() {
    vault.close();
  }

  @Test
  void whoSendsProperlyGetsThroughWhileSilentOnesFilledMemory() {
    List<Silent> silent = silent(BUFFER / SENT + 1);

    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 1, 500_000)).outcome());
    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 2, 5_000_000)).outcome());

    wholeAfterwards(silent);
  }

  @Test
  void aNodeWhoseMemorySilentOnesFilledTakesMoreAgainByItself() {
    List<Silent> silent = silent(BUFFER / SENT + 1);

    FaultsIT.until(vault.archive::acceptsMore);

    wholeAfterwards(silent);
  }

  /** So much that whoever waits for some room to become free would wait for ever. */
  @Test
  void whoSendsProperlyGetsThroughWhileSilentOnesHoldNearlyAll() {
    List<Silent> silent = silent(BUFFER / SENT - 1);

    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 1, 6_000_000)).outcome());

    wholeAfterwards(silent);
  }

  @Test
  void aSilentSenderThatGoesAwayLeavesNothing() throws Exception {
    List<Silent> silent = silent(BUFFER / SENT + 1);
    FaultsIT.until(vault.archive::acceptsMore);

    for (Silent each : silent) each.context.runOnContext(go -> each.incoming.abandon());

    FaultsIT.until(() -> files() == 0);
    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 1, 500_000)).outcome());
  }

  /** What goes to a file is gathered before it is written, if it comes in crumbs. */
  @Test
  void crumbsOfLargeInstancesWhoseSendersFellSilentKeepMemoryFromNobody() {
    byte[] image = Phantom.image(3, 1, 1_500_000);
    List<ByteBuf> large = Phantom.pieces(java.util.Arrays.copyOf(image, 1_100_000), PIECE);
    byte[] crumbs = java.util.Arrays.copyOfRange(image, 1_100_000, 1_160_000);
    for (int n = 0; n < BUFFER / crumbs.length + 10; n++) {
      Promise<Void> sent = Promise.promise();
      vault.vertx.getOrCreateContext().runOnContext(go -> {
        Incoming incoming = vault.archive.receive();
        large.forEach(piece -> incoming.write(piece.copy()));
        incoming.drained().onSuccess(free -> {
          Phantom.pieces(crumbs, 1_000).forEach(incoming::write);
          sent.complete();
        });
      });
      get(sent.future());
    }

    FaultsIT.until(vault.archive::acceptsMore);
    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 1, 5_000_000)).outcome());
    large.forEach(ByteBuf::release);
  }

  private int files() {
    try {
      return Shelf.files(vault.folder).size();
    } catch (java.io.IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private record Silent(byte[] image, Context context, Incoming incoming, List<ByteBuf> rest) {}

  private List<Silent> silent(int count) {
    List<Silent> silent = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      byte[] image = Phantom.image(2, n, PIXELS);
      List<ByteBuf> pieces = Phantom.pieces(image, PIECE);
      Promise<Silent> sent = Promise.promise();
      Context context = vault.vertx.getOrCreateContext();
      context.runOnContext(go -> {
        Incoming incoming = vault.archive.receive();
        pieces.subList(0, SENT / PIECE).forEach(incoming::write);
        sent.complete(new Silent(image, context, incoming, pieces.subList(SENT / PIECE, pieces.size())));
      });
      silent.add(get(sent.future()));
    }
    return silent;
  }

  /** They come back, and nothing of theirs was lost. */
  private void wholeAfterwards(List<Silent> silent) {
    List<Future<Receipt>> stored = new ArrayList<>();
    for (Silent each : silent) {
      Promise<Receipt> receipt = Promise.promise();
      each.context.runOnContext(go -> {
        each.rest.forEach(each.incoming::write);
        each.incoming.finish(Expected.ANYTHING).onComplete(receipt);
      });
      stored.add(receipt.future());
    }
    for (int n = 0; n < silent.size(); n++) {
      assertEquals(Outcome.STORED, get(stored.get(n)).outcome());
      assertArrayEquals(silent.get(n).image, vault.read(get(vault.index.files().at(Phantom.instance(2, n)))));
    }
  }
}
