package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * Lets so many be at work at once, and so many more stand in line, in the order they came and none longer than {@code patience}. Who comes beyond, or has
 * stood too long, is told to come again: {@link Failure.Crowded}. Any thread.
 */
final class Turnstile {
  private final VertxInternal vertx;
  private final int atOnce;
  private final int most;
  private final Duration patience;
  private final String busy;
  private final Deque<Promise<Void>> line = new ArrayDeque<>();
  private int inside;

  /** @param most in line @param busy what is said to those who are sent away */
  Turnstile(Vertx vertx, int atOnce, int most, Duration patience, String busy) {
    this.vertx = (VertxInternal) vertx;
    this.atOnce = atOnce;
    this.most = most;
    this.patience = patience;
    this.busy = busy;
  }

  /** Does the work when it is its turn; the result comes on the caller's context. */
  <T> Future<T> pass(Supplier<Future<T>> work) {
    return enter().compose(
        entered -> Future.<Void>succeededFuture().compose(go -> work.get()).onComplete(done -> leave()));
  }

  /** False when there is no room now. Who entered leaves. */
  synchronized boolean enterNow() {
    if (inside >= atOnce) return false;
    inside++;
    return true;
  }

  private synchronized Future<Void> enter() {
    if (enterNow()) return Future.succeededFuture();
    if (line.size() >= most) return Future.failedFuture(new Failure.Crowded(busy));
    Promise<Void> turn = vertx.promise();
    line.add(turn);
    long timer = vertx.setTimer(patience.toMillis(), late -> giveUp(turn));
    return turn.future().onComplete(over -> vertx.cancelTimer(timer));
  }

  private void giveUp(Promise<Void> turn) {
    boolean waited;
    synchronized (this) {
      waited = line.remove(turn);
    }
    if (waited) turn.fail(new Failure.Crowded(busy));
  }

  void leave() {
    Promise<Void> next;
    synchronized (this) {
      next = line.poll();
      if (next == null) inside--;
    }
    if (next != null) next.complete();
  }
}
