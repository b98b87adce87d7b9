package io.caregrid.store.audit;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.util.ArrayList;
import java.util.List;

/** Entries that wait for the disk, each with the future of its request. Any thread adds; one takes all that wait at once. */
final class Waiting {
  /** Each is a request under way. */
  private static final int MOST = 100_000;
  static final Failure.Busy FULL = new Failure.Busy(Audit.CLOSED);

  record One(Entry entry, Promise<Void> kept) {
    void ended(boolean isKept) {
      if (isKept) kept.tryComplete();
      else kept.tryFail(FULL);
    }
  }

  private List<One> waiting = new ArrayList<>();
  private boolean closed;

  /** Completed on the calling context, with Busy when it was not kept. */
  Future<Void> add(Entry entry) {
    Context context = Vertx.currentContext();
    Promise<Void> kept = context == null ? Promise.promise() : ((ContextInternal) context).promise();
    synchronized (this) {
      if (closed || waiting.size() >= MOST) {
        kept.fail(FULL);
      } else {
        waiting.add(new One(entry, kept));
        if (waiting.size() == 1) notifyAll();
      }
    }
    return kept.future();
  }

  /** All that wait; nobody when nobody came for so long. Null: it is closed, and all who came were given. */
  synchronized List<One> next(long millis) {
    if (waiting.isEmpty()) {
      if (closed) return null;
      try {
        wait(millis);
      } catch (InterruptedException stopped) {
        closed = true;
      }
    }
    if (waiting.isEmpty()) return List.of();
    List<One> fresh = new ArrayList<>();
    List<One> group = waiting;
    waiting = fresh;
    return group;
  }

  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
