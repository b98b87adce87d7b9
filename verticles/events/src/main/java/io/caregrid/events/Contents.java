package io.caregrid.events;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.events.Courier.Letter;
import io.caregrid.store.Deliveries.Delivery;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * What resources say, read for a target that may know it, and in the audit trail as read by it. A version that is not there any more is read as the resource is
 * now; one that cannot be read at all is told without what it says.
 */
final class Contents {
  private final FhirStore store;

  Contents(FhirStore store) {
    this.store = store;
  }

  /** Busy 503. */
  Future<List<Letter>> of(Target target, List<Delivery> deliveries) {
    List<Letter> letters = new ArrayList<>();
    Future<?> done = Future.succeededFuture();
    for (Delivery delivery : deliveries)
      done = done.compose(next -> letter(target, delivery)).onSuccess(letters::add);
    return done.map(all -> letters);
  }

  private Future<Letter> letter(Target target, Delivery delivery) {
    boolean address = target.reader() == null || delivery.bare() || delivery.op() == null
        || delivery.op() == Change.Op.DELETE;
    if (address) return Future.succeededFuture(new Letter(delivery, null));
    Caller reader = target.reader();
    return store.vread(reader, delivery.type(), delivery.id(), delivery.version())
        .recover(cause -> isGone(cause)
            ? store.read(reader, delivery.type(), delivery.id())
            : Future.failedFuture(cause))
        .map(stored -> new Letter(delivery, stored.body()))
        .recover(cause -> isGone(cause) || cause instanceof Failure.Unreadable
            ? Future.succeededFuture(new Letter(delivery, null))
            : Future.failedFuture(cause));
  }

  private static boolean isGone(Throwable cause) {
    return cause instanceof Failure.NotFound || cause instanceof Failure.Gone;
  }
}
