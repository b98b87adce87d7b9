package io.caregrid.store.audit;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.store.AuditEvents;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;

/** Removes months of the trail that are over for longer than they are to be kept; what was removed is recorded. */
final class Retention {
  private final AuditEvents events;
  private final Audit audit;
  private final int days;
  private final Clock clock;

  /** @param days 0: for ever */
  Retention(AuditEvents events, Audit audit, int days, Clock clock) {
    this.events = events;
    this.audit = audit;
    this.days = days;
    this.clock = clock;
  }

  /** @return what was removed, as {@code 2019-03} */
  Future<List<String>> keepTo() {
    if (days == 0) return Future.succeededFuture(List.of());
    LocalDate before = clock.instant().minus(Duration.ofDays(days)).atZone(ZoneOffset.UTC).toLocalDate();
    return events.forget(before)
        .compose(gone -> gone.isEmpty()
            ? Future.succeededFuture(gone)
            : audit.record(Entry.of(Caller.system("audit"), Deed.AUDIT_REMOVED, null)
                .asking("audit.retentionDays=" + days + " removed " + String.join(", ", gone))).map(gone));
  }
}
