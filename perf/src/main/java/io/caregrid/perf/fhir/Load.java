package io.caregrid.perf.fhir;

import io.caregrid.perf.Usage;
import io.caregrid.perf.dicom.Machine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;

/** Sends a turn of a workload: a few connections, each waiting for every answer. */
final class Load {
  private static final long NONE = 0;

  private Load() {}

  /**
   * What one turn gave.
   *
   * @param done    of the workload's unit
   * @param used    CPU seconds of server and database, what was still written afterwards included; null when unknown
   * @param foreign percent of the machine that others took meanwhile
   */
  record Result(int round, String server, String workload, int connections, double seconds, long done, Usage used,
      Histogram nanos, double foreign) {
    double perSecond() {
      return done / seconds;
    }

    /** NaN when the server's CPU is unknown. */
    double perCpuSecond() {
      return used == null ? Double.NaN : done / Math.max(0.01, used.node() + used.database());
    }
  }

  /** @param seed the same on every server: so is what is asked for */
  static Result run(int round, Server server, Ward ward, Workload workload, int connections, double seconds, long seed)
      throws IOException, InterruptedException {
    Workload.Turn turn = workload.turn(server, ward);
    server.settle();
    Machine.Reading machine = Machine.read(() -> cpu(server));
    Usage before = server.usage();
    long began = System.nanoTime();
    List<Tally> tallies = send(server, turn, connections, began + (long) (seconds * 1e9), seed);
    double took = (System.nanoTime() - began) / 1e9;
    server.settle();
    Usage used = before == null ? null : server.usage().since(before);
    double foreign = Machine.read(() -> cpu(server)).foreignSince(machine);
    Histogram together = new Histogram(3);
    tallies.forEach(one -> together.add(one.nanos()));
    long done = tallies.stream().mapToLong(Tally::done).sum();
    if (done == NONE) throw new IOException(workload.name() + " got nothing done");
    return new Result(round, server.name(), workload.name(), connections, took, done, used, together, foreign);
  }

  private static double cpu(Server server) {
    Usage usage = server.usage();
    return usage == null ? 0 : usage.node() + usage.database();
  }

  private static List<Tally> send(Server server, Workload.Turn turn, int connections, long end, long seed)
      throws IOException, InterruptedException {
    AtomicReference<Throwable> failed = new AtomicReference<>();
    List<Tally> tallies = new ArrayList<>();
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Tally tally = new Tally(new Wire(server.base()));
      Workload.Step step = turn.step(i, connections, new Random(seed + i));
      tallies.add(tally);
      Thread sender = new Thread(() -> send(tally, step, end, failed), "sender-" + i);
      senders.add(sender);
      sender.start();
    }
    for (Thread sender : senders) sender.join();
    if (failed.get() != null) throw new IOException(server.name() + ": " + failed.get().getMessage(), failed.get());
    return tallies;
  }

  private static void send(Tally tally, Workload.Step step, long end, AtomicReference<Throwable> failed) {
    try (tally) {
      boolean more = true;
      while (more && System.nanoTime() < end && failed.get() == null) more = step.once(tally);
    } catch (IOException | RuntimeException cause) {
      failed.compareAndSet(null, cause);
    }
  }
}
