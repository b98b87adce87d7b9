package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.TransferSyntax;
import io.netty.buffer.Unpooled;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArrivalTest {
  private final Vertx vertx = Vertx.vertx();
  private final Room room = new Room(vertx);

  /** An archive that notes what it is asked to do. */
  private static final class Room extends SmallArrivals {
    private final Queue<Runnable> inflating = new ArrayDeque<>();
    private final List<Arrival> committed = new ArrayList<>();

    Room(Vertx vertx) {
      super(vertx, 1 << 20);
    }

    @Override
    public Executor inflating() {
      return inflating::add;
    }

    @Override
    public void commit(Arrival arrival) {
      committed.add(arrival);
    }
  }

  @AfterEach
  void close() {
    vertx.close().await();
  }

  private Arrival arrived(byte[]... parts) {
    Arrival arrival = new Arrival(room, vertx.getOrCreateContext());
    for (byte[] part : parts) arrival.write(Unpooled.wrappedBuffer(part));
    arrival.finish(Expected.ANYTHING);
    return arrival;
  }

  private static byte[] header() {
    return Part10.header(Phantom.CT, Phantom.instance(1, 1), TransferSyntax.DEFLATED_LE, "TEST").array();
  }

  @Test
  void aPlainInstanceIsDescribedAtOnce() {
    Arrival arrival = arrived(Phantom.image(1, 1, 1_000));

    assertNotNull(arrival.described());
    assertEquals(List.of(arrival), room.committed);
  }

  @Test
  void aDeflatedInstanceIsNotInflatedOnItsSendersThread() {
    Arrival arrival = arrived(header(), DataSetWriter.bytes(Phantom.attributes(1, 1), TransferSyntax.DEFLATED_LE));

    assertNull(arrival.described());
    assertEquals(1, room.inflating.size());
    room.inflating.remove().run();
    assertEquals(Phantom.instance(1, 1), arrival.described().key().instance());
    assertEquals(List.of(arrival), room.committed);
  }

  @Test
  void aDeflatedInstanceThatIsBrokenLeavesNothingInMemory() {
    Arrival arrival = arrived(header(), new byte[] {(byte) 0xFF, 1, 2, 3});
    assertTrue(room.memory.used() > 0);

    room.inflating.remove().run();

    assertEquals(0, room.memory.used());
    assertNull(arrival.described());
    assertEquals(List.of(), room.committed);
  }
}
