package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One line for each key, of this node: who wants the same thing waits here, in the order they came, instead of in the database, where each would hold a
 * connection, or lose a race and begin anew. Others on other nodes know nothing of it; they still race. Any thread; the result comes on the caller's context.
 */
final class Lines<K> {
  private final VertxInternal vertx;
  private final Duration patience;
  private final String busy;
  private final Map<K, Future<Void>> last = new HashMap<>();

  /** @param patience who has stood longer when his turn comes is sent away, with nothing done: {@link Failure.Crowded} */
  Lines(Vertx vertx, Duration patience, String busy) {
    this.vertx = (VertxInternal) vertx;
    this.patience = patience;
    this.busy = busy;
  }

  <T> Future<T> pass(K key, Supplier<Future<T>> work) {
    Promise<Void> over = vertx.promise();
    Future<Void> before;
    synchronized (this) {
      before = last.put(key, over.future());
    }
    long came = System.nanoTime();
    Future<T> done = before == null
        ? Future.<Void>succeededFuture().compose(first -> work.get())
        : before.compose(turn -> late(came) ? Future.failedFuture(new Failure.Crowded(busy)) : work.get());
    return done.onComplete(left -> {
      synchronized (this) {
        last.remove(key, over.future());
      }
      over.complete();
    });
  }

  private boolean late(long came) {
    return System.nanoTime() - came > patience.toNanos();
  }

  synchronized int keys() {
    return last.size();
  }
}
