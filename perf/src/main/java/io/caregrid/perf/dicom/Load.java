package io.caregrid.perf.dicom;

import io.caregrid.perf.dicom.Phantom.Kind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A number of associations that send a number of pictures between them, all opened before the first picture goes.
 *
 * @param run          names its pictures, different for every load of a process
 * @param associations at a time, each a thread of the driver
 * @param images       over all, divided evenly
 */
record Load(int run, Kind kind, int associations, int images) {

  /**
   * @param seconds from the first picture to the last answer
   * @param bytes   of one data set
   * @param micros  of each picture, from the write to the answer
   */
  record Outcome(int images, double seconds, int bytes, Histogram micros) {
    double imagesPerSecond() {
      return images / seconds;
    }
  }

  int perAssociation() {
    return images / associations;
  }

  /** Gives a picture's bytes as the archive keeps them. */
  interface Kept {
    byte[] of(PictureName name) throws IOException, InterruptedException;
  }

  /**
   * Compares some of these pictures, evenly spread over the load and over its associations, byte for byte.
   *
   * @return how many
   */
  int compare(int sample, Kept kept) throws IOException, InterruptedException {
    Phantom phantom = Phantom.of(kind, PictureName.of(run, 0, 0), 1, 0);
    int all = perAssociation() * associations;
    int many = Math.min(sample, all);
    for (int i = 0; i < many; i++) {
      int which = (int) ((long) i * (all - 1) / Math.max(1, many - 1));
      PictureName name = PictureName.of(run, which % associations, which / associations);
      byte[] there = kept.of(name);
      if (!phantom.isEndOf(there, name))
        throw new IllegalStateException("picture " + which + " is kept as " + there.length + " other bytes");
    }
    return many;
  }

  Outcome send(InetSocketAddress peer, String calledAe) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(associations);
    CyclicBarrier together = new CyclicBarrier(associations);
    try {
      List<Future<One>> running = new ArrayList<>();
      for (int association = 0; association < associations; association++) {
        int which = association;
        running.add(threads.submit(() -> one(peer, calledAe, which, together)));
      }
      Histogram micros = new Histogram(3);
      long first = Long.MAX_VALUE;
      long last = Long.MIN_VALUE;
      int bytes = 0;
      for (Future<One> each : running) {
        One one = each.get();
        micros.add(one.micros);
        first = Math.min(first, one.begun);
        last = Math.max(last, one.ended);
        bytes = one.bytes;
      }
      return new Outcome(perAssociation() * associations, (last - first) / 1e9, bytes, micros);
    } finally {
      threads.shutdownNow();
    }
  }

  private record One(long begun, long ended, int bytes, Histogram micros) {}

  private One one(InetSocketAddress peer, String calledAe, int which, CyclicBarrier together) throws Exception {
    Histogram micros = new Histogram(3);
    try (Sender sender = new Sender(peer, calledAe, kind, run, which)) {
      together.await(30, TimeUnit.SECONDS);
      long begun = System.nanoTime();
      sender.send(0, perAssociation(), micros);
      return new One(begun, System.nanoTime(), sender.bytes(), micros);
    }
  }
}
