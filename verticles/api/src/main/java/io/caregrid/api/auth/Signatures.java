package io.caregrid.api.auth;

import io.caregrid.contract.Failure;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Checks signatures on threads of its own, since one takes up to some milliseconds and anybody can send forged ones: the event loop goes on meanwhile. At
 * most {@link #WAITING} wait, {@link #OF_ONE} of one address, so that a flood from one leaves room for others; what comes beyond is answered 503. It takes
 * half of the processors at most, four of them at most. Any thread.
 */
final class Signatures implements AutoCloseable {
  /** Seconds a check takes. */
  static final String CHECKS = "auth.signatures";
  static final int WAITING = 400;
  static final int OF_ONE = 100;
  private static final int MOST_THREADS = 4;
  private static final Failure BUSY = new Failure.Busy(
      "more new access tokens come than can be examined; try again, and keep a token that was taken until it expires");
  private final ThreadPoolExecutor threads;
  private final Timer checks;
  private final Map<String, Integer> waiting = new HashMap<>();

  Signatures(MeterRegistry metrics) {
    int count = Math.max(1, Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors() / 2));
    checks = metrics.timer(CHECKS);
    threads = new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), work -> {
      Thread thread = new Thread(work, "signatures");
      thread.setDaemon(true);
      return thread;
    });
  }

  /**
   * @param from  the address that asks; null: the house itself
   * @param check of one signature
   * @return completes on a thread of this; fails with Busy when too many wait
   */
  Future<Boolean> checked(String from, BooleanSupplier check) {
    if (!enters(from)) return Future.failedFuture(BUSY);
    Promise<Boolean> answer = Promise.promise();
    try {
      threads.execute(() -> check(from, check, answer));
    } catch (RejectedExecutionException full) {
      leaves(from);
      return Future.failedFuture(BUSY);
    } catch (Error noThread) {
      leaves(from);
      return Future.failedFuture(noThread);
    }
    return answer.future();
  }

  private void check(String from, BooleanSupplier check, Promise<Boolean> answer) {
    try {
      leaves(from);
      answer.complete(checks.record(check));
    } catch (Throwable bug) {
      // an Error too: whoever comes with this token would wait for ever
      answer.tryFail(bug);
    }
  }

  private synchronized boolean enters(String from) {
    if (from == null) return true;
    int already = waiting.getOrDefault(from, 0);
    if (already >= OF_ONE) return false;
    waiting.put(from, already + 1);
    return true;
  }

  private synchronized void leaves(String from) {
    if (from != null) waiting.computeIfPresent(from, (same, count) -> count == 1 ? null : count - 1);
  }

  /** What waits is still checked. */
  @Override
  public void close() {
    threads.shutdown();
  }
}
