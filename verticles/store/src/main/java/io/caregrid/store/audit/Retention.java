package io.caregrid.store.audit;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.store.AuditEvents;
import io.vertx.core.Future;
import java.util.List;

/**
 * Removes months of the trail that are over for longer than they are to be kept, by the database's clock. What was removed is recorded; the database remembers it
 * until it is.
 */
final class Retention {
  private final AuditEvents events;
  private final Audit audit;
  private final int days;

  /** @param days 0: for ever */
  Retention(AuditEvents events, Audit audit, int days) {
    this.events = events;
    this.audit = audit;
    this.days = days;
  }

  /** @return what was removed, as {@code 2019-03} */
  Future<List<String>> keepTo() {
    if (days == 0) return Future.succeededFuture(List.of());
    return events.forget(days)
        .compose(gone -> gone.isEmpty() ? Future.succeededFuture(gone) : tell(gone).map(gone));
  }

  private Future<Void> tell(List<String> gone) {
    return audit.record(Entry.of(Caller.system("audit"), Deed.AUDIT_REMOVED, null)
        .asking("audit.retentionDays=" + days + " removed " + String.join(", ", gone)))
        .compose(recorded -> events.told(gone));
  }
}
