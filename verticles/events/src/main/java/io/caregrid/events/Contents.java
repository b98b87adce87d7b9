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
  private static final long BYTES = 4L << 20;
  private final FhirStore store;

  Contents(FhirStore store) {
    this.store = store;
  }

  /** Of the first ones, one at least: as many as fit into some megabytes. Busy 503. */
  Future<List<Letter>> of(Target target, List<Delivery> deliveries) {
    return more(target, deliveries, new ArrayList<>(), 0);
  }

  private Future<List<Letter>> more(Target target, List<Delivery> deliveries, List<Letter> letters, long bytes) {
    if (letters.size() == deliveries.size() || bytes >= BYTES) return Future.succeededFuture(letters);
    return letter(target, deliveries.get(letters.size())).compose(letter -> {
      letters.add(letter);
      return more(target, deliveries, letters, bytes + (letter.resource() == null ? 0 : letter.resource().length()));
    });
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
