package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The memory of all that works on pictures at a time. A job takes what it needs before it begins and gives it back when it is over; what does not fit
 * now waits, in the order of asking, and what never fits is refused.
 *
 * <p>In two lanes, so that what is small never waits behind what is huge: a quarter is for jobs of which at least {@value #SMALL_AT_ONCE} fit into it,
 * the rest for larger ones. Any thread.
 */
final class Budget {
  private static final int SMALL_SHARE = 4;
  private static final int SMALL_AT_ONCE = 2;

  /** Taken; {@link #close} gives it back, once. */
  interface Lease extends AutoCloseable {
    @Override
    void close();
  }

  private final Vertx vertx;
  private final Lane small;
  private final Lane large;

  Budget(Vertx vertx, long bytes) {
    this.vertx = vertx;
    small = new Lane(bytes / SMALL_SHARE);
    large = new Lane(bytes - small.size);
  }

  /** The largest job there can be, in bytes. */
  long most() {
    return large.size;
  }

  /**
   * @param patience how long it may wait
   * @return completes on the caller's context. TooLarge 413: more than all there is. Busy 503: not in time. {@link Departed}: nobody waits for it any more
   */
  Future<Lease> take(long bytes, Client client, Duration patience) {
    if (bytes > most())
      return Future.failedFuture(new Failure.TooLarge("this takes " + bytes + " bytes of memory; this node has "
          + most() + " for one picture (dicom.workHeapPercent)"));
    Waiter waiter = new Waiter(vertx.getOrCreateContext(), bytes, client);
    Lane lane = bytes <= small.size / SMALL_AT_ONCE ? small : large;
    lane.add(waiter);
    if (!waiter.isDone()) {
      long timer = vertx.setTimer(patience.toMillis(), late -> {
        if (waiter.fail(new Failure.Busy("the memory for pictures is taken by others"))) lane.next();
      });
      waiter.granted.future().onComplete(over -> vertx.cancelTimer(timer));
    }
    return waiter.granted.future();
  }

  private static final class Waiter {
    final Context context;
    final long bytes;
    final Client client;
    final Promise<Lease> granted = Promise.promise();
    private final AtomicBoolean done = new AtomicBoolean();

    Waiter(Context context, long bytes, Client client) {
      this.context = context;
      this.bytes = bytes;
      this.client = client;
    }

    boolean isDone() {
      return done.get();
    }

    /** False: it does not wait any more. */
    boolean grant(Lease lease) {
      if (!done.compareAndSet(false, true)) return false;
      context.runOnContext(now -> granted.complete(lease));
      return true;
    }

    boolean fail(RuntimeException why) {
      if (!done.compareAndSet(false, true)) return false;
      context.runOnContext(now -> granted.fail(why));
      return true;
    }
  }

  private static final class Lane {
    final long size;
    private final Deque<Waiter> waiting = new ArrayDeque<>();
    private long left;

    Lane(long size) {
      this.size = size;
      left = size;
    }

    void add(Waiter waiter) {
      synchronized (this) {
        waiting.add(waiter);
      }
      next();
    }

    /** Gives to those in front what is left. */
    void next() {
      List<Waiter> ready = new ArrayList<>();
      synchronized (this) {
        for (Waiter first = waiting.peek(); first != null; first = waiting.peek()) {
          boolean wanted = !first.isDone() && !first.client.isGone();
          if (wanted && first.bytes > left) break;
          waiting.remove();
          if (wanted) left -= first.bytes;
          else first.fail(new Departed());
          if (wanted) ready.add(first);
        }
      }
      for (Waiter one : ready) {
        Lease lease = lease(one.bytes);
        if (!one.grant(lease)) lease.close();
      }
    }

    private Lease lease(long bytes) {
      AtomicBoolean held = new AtomicBoolean(true);
      return () -> {
        if (!held.compareAndSet(true, false)) return;
        synchronized (this) {
          left += bytes;
        }
        next();
      };
    }
  }
}
