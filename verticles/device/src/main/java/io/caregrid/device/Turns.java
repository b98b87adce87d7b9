package io.caregrid.device;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Supplier;

/** Lets a few pieces of asynchronous work run at once and the others wait in line, so that sixty shards do not take every database connection. Safe from any thread. */
final class Turns {
  private final Vertx vertx;
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private int free;

  Turns(Vertx vertx, int atOnce) {
    this.vertx = vertx;
    this.free = atOnce;
  }

  /** Runs {@code work} on the caller's context when it is its turn. */
  <T> Future<T> take(Supplier<Future<T>> work) {
    Context here = vertx.getOrCreateContext();
    Promise<T> promise = Promise.promise();
    Runnable turn = () -> here.runOnContext(now -> run(work, promise));
    if (mayStart(turn)) turn.run();
    return promise.future();
  }

  private <T> void run(Supplier<Future<T>> work, Promise<T> promise) {
    Future<T> result;
    try {
      result = work.get();
    } catch (RuntimeException failed) {
      result = Future.failedFuture(failed);
    }
    result.onComplete(done -> next()).onComplete(promise);
  }

  private synchronized boolean mayStart(Runnable turn) {
    if (free == 0) {
      waiting.add(turn);
      return false;
    }
    free--;
    return true;
  }

  private void next() {
    Runnable turn;
    synchronized (this) {
      turn = waiting.poll();
      if (turn == null) free++;
    }
    if (turn != null) turn.run();
  }
}
