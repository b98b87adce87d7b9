package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * How much memory the bundles under way may take, from their first byte on. A bundle has no bound of its own but that: one may take all of it, several share it. A
 * tree is some twenty times as large as its text, so the texts of all of them together may be a twentieth of the heap. Who sends slowly keeps others out only for
 * so long.
 */
final class BundleRoom {
  private static final int TREE = 20;
  private static final Duration SENDING = Duration.ofMinutes(3);
  private final long most;
  private final AtomicLong taken = new AtomicLong();

  BundleRoom() {
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
    Place place = new Place();
    return Bodies.resource(request, (int) most, place)
        .compose(work)
        .onComplete(done -> taken.addAndGet(-place.mine));
  }

  /** What one bundle takes. */
  private final class Place implements Bodies.Meter {
    private final long start = System.nanoTime();
    private int mine;

    @Override
    public void take(int bytes) {
      if (System.nanoTime() - start > SENDING.toNanos())
        throw new Failure.Busy("The bundle takes more than " + SENDING.toMinutes() + " minutes to come");
      if (bytes <= 0) return;
      long now = taken.addAndGet(bytes);
      mine += bytes;
      if (now > most && now != mine) throw new Failure.Busy("Other large bundles are under way; try again shortly");
    }
  }
}
