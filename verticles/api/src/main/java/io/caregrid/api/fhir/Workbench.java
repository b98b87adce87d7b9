package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Places for work that others wrote and nobody can stop. So many work at a time, each on a thread of its own, the others stand in line. Work that goes on after its time has lost its
 * place: whoever asked is answered, the next one begins. What goes on all the same is counted; while that are as many as are borne, nobody begins,
 * and all are told so at once, those in line too. Any thread; results come on the caller's context.
 *
 * <p>Bounded: threads by {@code places + borne}, the line by {@code most}, the time in line, the time of the work. Not bounded: how long a thread goes on that has lost its place.
 */
final class Workbench {
  private static final Logger log = LoggerFactory.getLogger(Workbench.class);

  /**
   * @param places work at a time
   * @param borne  threads that go on after their time, before nobody begins any more
   * @param most   in line
   * @param inLine longest in line: Busy 503 then
   * @param time   of the work: TooCostly 422 then
   */
  record Bounds(int places, int borne, int most, Duration inLine, Duration time) {}

  private final VertxInternal vertx;
  private final String name;
  private final Bounds bounds;
  private final Deque<Piece<?>> line = new ArrayDeque<>();
  private int working;
  private int lost;
  private int made;

  /** @param name of the work, for threads and in what is told */
  Workbench(Vertx vertx, String name, Bounds bounds) {
    this.vertx = (VertxInternal) vertx;
    this.name = name;
    this.bounds = bounds;
  }

  private enum State {
    IN_LINE,
    AT_WORK,
    /** At work, but its place is another's. */
    LOST,
    ENDED
  }

  private final class Piece<T> {
    final Callable<T> work;
    final Promise<T> answer = vertx.promise();
    State state = State.IN_LINE;
    /** Of the line, then of the work; null for none. */
    Long timer;
    Thread thread;

    Piece(Callable<T> work) {
      this.work = work;
    }

    void begin() {
      state = State.AT_WORK;
      timer = vertx.setTimer(bounds.time().toMillis(), late -> giveUp(this));
      thread = new Thread(this::work, name + "-" + made++);
      thread.setDaemon(true);
      try {
        thread.start();
      } catch (Throwable none) { // of the machine's or the heap's
        log.warn("no thread for work what={} cause={}", name, none.toString());
        vertx.cancelTimer(timer);
        state = State.ENDED;
        working--;
        answer.tryFail(busy());
      }
    }

    private void work() {
      try {
        T found = work.call();
        ended(this);
        answer.tryComplete(found);
      } catch (Throwable cause) {
        ended(this);
        answer.tryFail(cause);
      }
    }
  }

  /**
   * TooCostly 422 when it takes too long, Busy 503 when it never began; else whatever {@code work} gives or throws. It is interrupted when its time is over, and need not care.
   */
  <T> Future<T> run(Callable<T> work) {
    Piece<T> piece = new Piece<>(work);
    synchronized (this) {
      if (lost >= bounds.borne() || line.size() >= bounds.most()) return Future.failedFuture(busy());
      line.add(piece);
      next();
      if (piece.state == State.IN_LINE) piece.timer = vertx.setTimer(bounds.inLine().toMillis(), late -> leave(piece));
    }
    return piece.answer.future();
  }

  /** With the lock. */
  private void next() {
    while (working < bounds.places() && lost < bounds.borne() && !line.isEmpty()) {
      Piece<?> first = line.remove();
      if (first.timer != null) vertx.cancelTimer(first.timer);
      working++;
      first.begin();
    }
  }

  /** Threads that go on after their time. */
  synchronized int lost() {
    return lost;
  }

  private void leave(Piece<?> piece) {
    synchronized (this) {
      if (!line.remove(piece)) return;
      piece.state = State.ENDED;
    }
    piece.answer.tryFail(busy());
  }

  private void giveUp(Piece<?> piece) {
    List<Piece<?>> away = new ArrayList<>();
    synchronized (this) {
      if (piece.state != State.AT_WORK) return;
      piece.state = State.LOST;
      working--;
      lost++;
      log.warn("work goes on after its time what={} threads={}", name, lost);
      next();
      if (lost >= bounds.borne()) {
        away.addAll(line);
        line.clear();
      }
      for (Piece<?> one : away) {
        vertx.cancelTimer(one.timer);
        one.state = State.ENDED;
      }
    }
    away.forEach(one -> one.answer.tryFail(busy()));
    piece.thread.interrupt();
    piece.answer.tryFail(new Failure.TooCostly(
        name + " takes more than " + bounds.time().toSeconds() + " s here: ask for less at once"));
  }

  private synchronized void ended(Piece<?> piece) {
    if (piece.state == State.LOST) {
      lost--;
      log.info("work has ended after its time what={} threads={}", name, lost);
    } else {
      working--;
      vertx.cancelTimer(piece.timer);
    }
    piece.state = State.ENDED;
    next();
  }

  private Failure busy() {
    return new Failure.Busy(
        "more work of this kind waits here than this node does at a time: " + name + "; try again shortly");
  }
}
