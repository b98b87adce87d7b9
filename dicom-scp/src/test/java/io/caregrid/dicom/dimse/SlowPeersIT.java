package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.dimse.Sender.Sent;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Peers that open a connection and do not go on: many at once, at every place where one can stop. */
@ExtendWith(Engines.class)
@Tag("full")
class SlowPeersIT {
  private static final int OF_A_KIND = 50;
  private static final Duration ARTIM = Duration.ofSeconds(20);
  private static final Duration IDLE = Duration.ofSeconds(20);
  /** As long as there is; and longer than anything is waited for: nobody is ended meanwhile. */
  private static final Duration LONG_ARTIM = Duration.ofSeconds(60);
  private static final Duration LONG_IDLE = Duration.ofHours(1);
  /** Between two bytes of one who trickles: far less than {@link #ARTIM}, and his request takes far longer. */
  private static final long PAUSE_NANOS = 400_000_000;
  private static final long PATIENCE_SECONDS = 180;

  private static Port port(LocalPostgres postgres, Path folder, Duration artim, Duration idle) {
    return Port.open(postgres, folder.resolve("archive"), Port.config(List.of(), 512, 512, 131_072, artim, idle));
  }

  @Test
  void twoHundredSlowOnesStopNobody(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    List<Outgoing> pictures = new ArrayList<>();
    for (int n = 0; n < 20; n++) pictures.add(Outgoing.read(Slides.picture(folder, n, 500_000)));
    try (Port port = port(postgres, folder, LONG_ARTIM, LONG_IDLE)) {
      int tries = 1;
      while (!isKeptWhileSlowOnesAreThere(port, pictures))
        assertTrue(tries++ < 3, "nothing is kept before those are ended who ask slowly");
    }
  }

  /** False: it took so long that the first of them may have been ended. */
  private static boolean isKeptWhileSlowOnesAreThere(Port port, List<Outgoing> pictures) throws Exception {
    long began = System.nanoTime();
    try (Slow slow = new Slow(port.number); Sender sender = new Sender(port.vertx, port.peer())) {
      ConcurrentLinkedQueue<Sent> told = new ConcurrentLinkedQueue<>();

      get(sender.send(pictures, 1, told::add));

      assertEquals(pictures.size(), told.size());
      assertEquals(List.of(), told.stream().filter(sent -> !sent.isKept()).toList());
      if (System.nanoTime() - began > LONG_ARTIM.toNanos()) return false;
      assertEquals(0, silent(port));
      assertTrue(port.metrics.get(DimseMetrics.ASSOCIATIONS).gauge().value() >= 2 * OF_A_KIND, "they are there");
      return true;
    }
  }

  @Test
  void twoHundredSlowOnesAreEnded(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    try (Port port = port(postgres, folder, ARTIM, IDLE); Slow slow = new Slow(port.number)) {
      for (RawPeer peer : slow.asking) assertEquals(RawPeer.CLOSED, peer.read());
      for (RawPeer peer : slow.storing) {
        assertEquals(Pdu.ABORT, peer.read());
        assertEquals(RawPeer.CLOSED, peer.read());
      }

      long late = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (port.metrics.get(DimseMetrics.ASSOCIATIONS).gauge().value() > 0 && System.nanoTime() < late)
        LockSupport.parkNanos(PAUSE_NANOS);
      assertEquals(2 * OF_A_KIND, silent(port));
      assertEquals(0, port.metrics.get(DimseMetrics.ASSOCIATIONS).gauge().value());
    }
  }

  private static double silent(Port port) {
    Counter counter = port.metrics.find(DimseMetrics.ENDED).tag("how", "SILENT").counter();
    return counter == null ? 0 : counter.count();
  }

  /** Silent ones and ones that ask byte by byte; ones that stop in a command, and ones that stop in a data set. */
  private static final class Slow implements AutoCloseable {
    private final List<RawPeer> asking = new ArrayList<>();
    private final List<RawPeer> storing = new ArrayList<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Thread trickle;

    private Slow(int port) throws IOException {
      for (int i = 0; i < 2 * OF_A_KIND; i++) asking.add(new RawPeer(port));
      byte[] store = RawPeer.command(3, CommandSet.store(1, Slides.CT, "1.2.3"));
      byte[] half = RawPeer.data(3, true, new byte[10_000]);
      for (int i = 0; i < OF_A_KIND; i++)
        storing.add(new RawPeer(port).associate().send(Arrays.copyOf(store, store.length - 20)));
      for (int i = 0; i < OF_A_KIND; i++)
        storing.add(new RawPeer(port).associate().send(store).send(Arrays.copyOf(half, 5000)));
      trickle = new Thread(this::trickle, "trickle");
      trickle.start();
    }

    /** A byte each, as long as they are let. */
    private void trickle() {
      byte[] request = RawPeer.request("CAREGRID", "SLOW");
      List<RawPeer> open = new ArrayList<>(asking.subList(OF_A_KIND, 2 * OF_A_KIND));
      for (int i = 0; i < request.length && !closing.get(); i++) {
        byte[] one = {request[i]};
        open.removeIf(peer -> !takes(peer, one));
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }

    private static boolean takes(RawPeer peer, byte[] bytes) {
      try {
        peer.send(bytes);
        return true;
      } catch (IOException closed) {
        return false;
      }
    }

    @Override
    public void close() throws Exception {
      closing.set(true);
      trickle.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      for (RawPeer peer : asking) peer.close();
      for (RawPeer peer : storing) peer.close();
    }
  }
}
