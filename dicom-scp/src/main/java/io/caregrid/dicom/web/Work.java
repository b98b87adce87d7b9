package io.caregrid.dicom.web;

import io.caregrid.contract.Departed;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What takes processor time and memory: decoding, encoding, rendering, reading whole data sets. As many jobs at once as there are processors and memory
 * for them ({@link Budget}), and none for a client who has gone. A job never waits for a client.
 */
final class Work {
  /** Jobs that wait for a processor or for memory. */
  private static final int WAITING = 256;
  /** A client is told to come back after this; one whose answer has begun gets no such answer, so it waits longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration LONG_PATIENCE = Duration.ofMinutes(2);
  private static final long LONGEST_MINUTES = 10;

  private final Budget budget;
  private final WorkerExecutor workers;
  private final AtomicInteger waiting = new AtomicInteger();

  /** @param memory bytes for all jobs together */
  Work(Vertx vertx, long memory) {
    budget = new Budget(vertx, memory);
    workers = vertx.createSharedWorkerExecutor("dicom-web-pixels",
        Math.max(2, Runtime.getRuntime().availableProcessors()), LONGEST_MINUTES, TimeUnit.MINUTES);
  }

  Future<Void> close() {
    return workers.close();
  }

  /** See {@link Budget#tooLarge}. */
  Optional<Failure> tooLarge(long bytes) {
    return budget.tooLarge(bytes);
  }

  /**
   * @param bytes what the job needs at most
   * @return TooLarge 413 when that is more than there ever is; Busy 503 when too many wait or it waited too long; {@link Departed} instead of work for
   *         nobody
   */
  <T> Future<T> run(Client client, long bytes, Callable<T> job) {
    if (waiting.incrementAndGet() > WAITING && !client.hasBegun()) {
      waiting.decrementAndGet();
      return Future
          .failedFuture(new Failure.Busy("more pictures are being worked on than this node has processors for"));
    }
    return budget.take(bytes, client, client.hasBegun() ? LONG_PATIENCE : PATIENCE)
        .compose(lease -> workers.executeBlocking(() -> {
          if (client.isGone()) throw new Departed();
          return job.call();
        }, false).onComplete(over -> lease.close()))
        .onComplete(over -> waiting.decrementAndGet());
  }
}
