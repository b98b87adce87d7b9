package io.caregrid.analytics.sql;

import io.caregrid.contract.Failure;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads on which queries are parsed, planned and read. DuckDB plans a query on its caller's stack and does not know how deep that is: on a usual thread a
 * sum of 900 terms or 300 {@code WITH} one upon the other overflow it, and the process dies. With {@value #STACK} bytes DuckDB's own limit of 1000 levels
 * comes first. (Only what is used is really taken.)
 */
final class QueryThreads implements AutoCloseable {
  static final long STACK = 128L << 20;
  private final ThreadPoolExecutor threads;
  /** For what watches those who run. */
  final ScheduledExecutorService clock;

  /** @param waiting jobs that may wait for a thread */
  QueryThreads(int atOnce, int waiting) {
    threads = new ThreadPoolExecutor(atOnce, atOnce, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(waiting),
        job -> daemon(job, "sql", STACK));
    threads.allowCoreThreadTimeOut(true);
    clock = Executors.newSingleThreadScheduledExecutor(job -> daemon(job, "sql-clock", 0));
  }

  private static Thread daemon(Runnable job, String name, long stack) {
    Thread thread = new Thread(null, job, name, stack);
    thread.setDaemon(true);
    return thread;
  }

  /** Busy 503 when too many wait already. */
  void run(Runnable job) {
    try {
      threads.execute(job);
    } catch (RejectedExecutionException full) {
      throw new Failure.Busy(
          "as many queries run and wait as this node takes (lake.sql.atOnce): ask again in a moment");
    }
  }

  int waiting() {
    return threads.getQueue().size();
  }

  @Override
  public void close() {
    threads.shutdownNow();
    clock.shutdownNow();
    try {
      threads.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }
}
