package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * How much memory the bundles under way and other large bodies may take, from their first byte on. A bundle has no bound of its own but that: one may take all of
 * it, several share it. A tree is some twenty times as large as its text, so the texts of all of them together may be a twentieth of the heap. Who sends slowly
 * keeps others out only for so long; small resources are let through whatever the large ones do.
 */
final class BundleRoom {
  private static final int TREE = 20;
  private static final int ANSWERED = 4;
  private static final int SMALL = 64 << 10;
  private static final Duration SENDING = Duration.ofMinutes(3);
  /** This process's. */
  static final BundleRoom HEAP = new BundleRoom();
  /** What is answered, from when it is whole until its client has it. */
  static final BundleRoom ANSWERS = new BundleRoom(Runtime.getRuntime().maxMemory() / ANSWERED);
  private final long most;
  private final AtomicLong taken = new AtomicLong();

  private BundleRoom() {
    this(Math.max(Bodies.MAX_BYTES, Math.min(Runtime.getRuntime().maxMemory() / TREE, 1L << 30)));
  }

  BundleRoom(long most) {
    this.most = most;
  }

  long most() {
    return most;
  }

  /** Reads the body and does the work. TooLarge 413 when it alone is too much, Busy 503 when it is too much beside others, or comes too slowly. */
  <T> Future<T> within(RoutingContext request, Function<Bodies.Sent, Future<T>> work) {
    Place place = new Place(0);
    return Bodies.resource(request, (int) most, place).compose(work).onComplete(done -> place.leave());
  }

  /** For a body that is no bundle, until its request has been answered or its client has gone. */
  Bodies.Meter beside(RoutingContext request) {
    Place place = new Place(SMALL);
    request.addEndHandler(ended -> place.leave());
    return place;
  }

  /** For an answer that large, likewise. Busy 503 when it is too much beside others, which clients that read slowly may keep. */
  void keep(RoutingContext request, int bytes) {
    if (bytes > SMALL) beside(request).take(bytes);
  }

  /** Bytes. */
  long taken() {
    return taken.get();
  }

  /** What one body takes. */
  private final class Place implements Bodies.Meter {
    private final long start = System.nanoTime();
    private int free;
    private int mine;
    private boolean left;

    /** @param free bytes that are not counted */
    Place(int free) {
      this.free = free;
    }

    @Override
    public synchronized void take(int bytes) {
      if (left) throw new Failure.Busy("Nobody waits for this any more");
      if (System.nanoTime() - start > SENDING.toNanos())
        throw new Failure.Busy("The body takes more than " + SENDING.toMinutes() + " minutes to come");
      int counted = Math.max(0, bytes - free);
      free -= bytes - counted;
      if (counted == 0) return;
      long now = taken.addAndGet(counted);
      mine += counted;
      if (now > most && now != mine) throw new Failure.Busy("Other large bodies are under way; try again shortly");
    }

    synchronized void leave() {
      taken.addAndGet(-mine);
      mine = 0;
      left = true;
    }
  }
}
