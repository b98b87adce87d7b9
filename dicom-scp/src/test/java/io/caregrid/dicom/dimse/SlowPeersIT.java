package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.dimse.Sender.Sent;
import io.caregrid.dicom.ul.Pdu;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
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
  /** Between two bytes of one who trickles. */
  private static final long PAUSE_NANOS = 400_000_000;
  /** For timers that are looked at four times within idle, and for a busy machine. */
  private static final Duration SLACK = Duration.ofSeconds(60);

  /** More than 150 in all are half open, while ARTIM and idle have not yet ended them. */
  @Test
  void twoHundredSlowOnesStopNobodyAndAreEnded(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    try (Port port = Port.open(postgres, folder.resolve("archive"),
        Port.config(List.of(), 512, 512, 131_072, ARTIM, IDLE))) {
      List<Outgoing> pictures = new ArrayList<>();
      for (int n = 0; n < 20; n++) pictures.add(Outgoing.read(Slides.picture(folder, n, 500_000)));
      send(port, pictures);
      long alone = send(port, pictures);
      List<RawPeer> asking = new ArrayList<>();
      List<RawPeer> storing = new ArrayList<>();
      try {
        open(port, asking, storing);
        Thread trickle = trickle(asking.subList(OF_A_KIND, 2 * OF_A_KIND));

        long among = send(port, pictures);

        System.out.printf("20 pictures: alone %d ms, among %d slow peers %d ms%n", alone, 4 * OF_A_KIND, among);
        assertTrue(among < 10 * alone + 15_000, among + " ms among slow peers, alone " + alone);
        long start = System.nanoTime();
        for (RawPeer peer : asking) assertEquals(RawPeer.CLOSED, peer.read());
        assertWithin(start, ARTIM);
        for (RawPeer peer : storing) {
          assertEquals(Pdu.ABORT, peer.read());
          assertEquals(RawPeer.CLOSED, peer.read());
        }
        assertWithin(start, IDLE.plus(IDLE.dividedBy(4)).plus(ARTIM));
        trickle.join();
        long late = System.nanoTime() + SLACK.toNanos();
        while (port.metrics.get(DimseMetrics.ASSOCIATIONS).gauge().value() > 0 && System.nanoTime() < late)
          LockSupport.parkNanos(PAUSE_NANOS);
        assertEquals(2 * OF_A_KIND, port.metrics.get(DimseMetrics.ENDED).tag("how", "SILENT").counter().count());
        assertEquals(0, port.metrics.get(DimseMetrics.ASSOCIATIONS).gauge().value());
      } finally {
        for (RawPeer peer : asking) peer.close();
        for (RawPeer peer : storing) peer.close();
      }
    }
  }

  /** Silent ones, ones that ask byte by byte; ones that stop in a command, and ones that stop in a data set. */
  private static void open(Port port, List<RawPeer> asking, List<RawPeer> storing) throws IOException {
    for (int i = 0; i < 2 * OF_A_KIND; i++) asking.add(new RawPeer(port.number));
    byte[] store = RawPeer.command(3, CommandSet.store(1, Slides.CT, "1.2.3"));
    byte[] half = RawPeer.data(3, true, new byte[10_000]);
    for (int i = 0; i < OF_A_KIND; i++)
      storing.add(new RawPeer(port.number).associate().send(Arrays.copyOf(store, store.length - 20)));
    for (int i = 0; i < OF_A_KIND; i++)
      storing.add(new RawPeer(port.number).associate().send(store).send(Arrays.copyOf(half, 5000)));
  }

  /** A byte each, as long as they are let. */
  private static Thread trickle(List<RawPeer> peers) {
    byte[] request = RawPeer.request("CAREGRID", "SLOW");
    Thread thread = new Thread(() -> {
      try {
        for (byte one : request) {
          for (RawPeer peer : peers) peer.send(new byte[] {one});
          LockSupport.parkNanos(PAUSE_NANOS);
        }
      } catch (IOException closed) {
        // that is what is expected
      }
    }, "trickle");
    thread.start();
    return thread;
  }

  private static long send(Port port, List<Outgoing> pictures) {
    long start = System.nanoTime();
    ConcurrentLinkedQueue<Sent> told = new ConcurrentLinkedQueue<>();
    get(new Sender(port.vertx, port.peer()).send(pictures, 1, told::add));
    assertEquals(List.of(), told.stream().filter(sent -> !sent.isKept()).toList());
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private static void assertWithin(long start, Duration limit) {
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    assertTrue(took.compareTo(limit.plus(SLACK)) < 0, "ended after " + took);
  }
}
