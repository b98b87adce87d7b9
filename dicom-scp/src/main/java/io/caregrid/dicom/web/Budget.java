package io.caregrid.dicom.web;

import io.caregrid.contract.Departed;
import io.caregrid.contract.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
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

  /** Why a job of so many bytes never comes about; empty when it may. */
  Optional<Failure> tooLarge(long bytes) {
    if (bytes <= most()) return Optional.empty();
    return Optional.of(new Failure.TooLarge("this takes " + bytes + " bytes of memory; this node has " + most()
        + " for one picture (dicom.workHeapPercent)"));
  }

  /**
   * @param patience how long it may wait
   * @return completes on the caller's context. TooLarge 413: more than all there is. Busy 503: not in time. {@link Departed}: nobody waits for it any more
   */
  Future<Lease> take(long bytes, Client client, Duration patience) {
    Optional<Failure> never = tooLarge(bytes);
    if (never.isPresent()) return Future.failedFuture(never.get());
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

    /** Gives to those in front what is left. Nobody is asked whether he is still there while the lane is locked: to know, he may need a lock of his own. */
    void next() {
      for (Waiter first = first(); first != null; first = first()) {
        boolean wanted = !first.isDone() && !first.client.isGone();
        Taken taken = taken(first, wanted);
        if (taken == Taken.NO_ROOM) return;
        if (taken == Taken.BY_ANOTHER) continue;
        if (!wanted) first.fail(new Departed());
        else {
          Lease lease = lease(first.bytes);
          if (!first.grant(lease)) lease.close();
        }
      }
    }

    private enum Taken {
      FROM_THE_QUEUE, BY_ANOTHER, NO_ROOM
    }

    private synchronized Waiter first() {
      return waiting.peek();
    }

    private synchronized Taken taken(Waiter first, boolean wanted) {
      if (waiting.peek() != first) return Taken.BY_ANOTHER;
      if (wanted && first.bytes > left) return Taken.NO_ROOM;
      waiting.remove();
      if (wanted) left -= first.bytes;
      return Taken.FROM_THE_QUEUE;
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
