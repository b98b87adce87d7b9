package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * How much memory the bundles under way may take. A bundle has no bound of its own but that: one may take all of it, several share it. A tree is some twenty times
 * as large as its text, so the texts of all of them together may be a twentieth of the heap.
 */
final class BundleRoom {
  private static final int TREE = 20;
  private final long most;
  private final AtomicLong taken = new AtomicLong();

  BundleRoom() {
    this(Math.max(Bodies.MAX_BYTES, Math.min(Runtime.getRuntime().maxMemory() / TREE, 1L << 30)));
  }

  BundleRoom(long most) {
    this.most = most;
  }

  /** Reads the body and does the work. TooLarge 413 when it alone is too much, Busy 503 when it is too much beside others. */
  <T> Future<T> within(RoutingContext request, Function<Bodies.Sent, Future<T>> work) {
    return Bodies.resource(request, (int) most).compose(body -> {
      int bytes = body.bytes().length();
      long now = taken.addAndGet(bytes);
      if (now > most && now != bytes) {
        taken.addAndGet(-bytes);
        throw new Failure.Busy("Other large bundles are under way; try again shortly");
      }
      return Future.<Void>succeededFuture()
          .compose(begun -> work.apply(body))
          .onComplete(done -> taken.addAndGet(-bytes));
    });
  }
}
