package io.caregrid.events;

import io.caregrid.contract.Audit;
import io.vertx.core.Future;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What of resources left the house for one target, for the audit trail: each try, with how it ended there. An entry for all that left together and ended alike. One
 * that cannot be kept stays owed, and nothing more may leave before it is: so no more is ever owed than one sending.
 */
final class Disclosures {
  /** It may have arrived, or not. */
  private static final int UNHEARD = 504;
  private final Audit audit;
  private final Target target;
  private final Queue<Audit.Entry> owed = new ConcurrentLinkedQueue<>();

  Disclosures(Audit audit, Target target) {
    this.audit = audit;
    this.target = target;
  }

  /**
   * Any thread.
   *
   * @param how    PUT, DELETE, or POST of a Bundle that was not taken as such
   * @param what   {@code Type/id}, as they are called here
   * @param about  references of this house, of which Patients are those whose data it was
   * @param status of HTTP; 0: no answer; 304: it was there as it is here
   */
  void add(String how, List<String> what, Set<String> about, int status) {
    owed.add(Audit.Entry.of(target.reader(), Audit.Deed.SENT, null)
        .asking(how + " " + target.config().host())
        .to(what)
        .about(about.stream().filter(reference -> reference.startsWith("Patient/")).toList())
        .ended(status == 0 ? UNHEARD : status));
  }

  /** Completes when all is in the trail; not twice at a time. Busy 503. */
  Future<Void> kept() {
    Audit.Entry next = owed.peek();
    if (next == null) return Future.succeededFuture();
    return audit.record(next).compose(done -> {
      owed.poll();
      return kept();
    });
  }
}
