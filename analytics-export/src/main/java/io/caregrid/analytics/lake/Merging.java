package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.table.Budget;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.Merge;
import io.caregrid.analytics.lake.table.Prepared;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Which table is merged next, and how often. Any thread: a {@link Task} runs on another than the follower's, which goes on. */
final class Merging {
  private final Merge merge;
  private final Duration maxLag;
  private final Clock clock;
  private final Map<String, Budget> budgets = new HashMap<>();

  Merging(Merge merge, Duration maxLag, Clock clock) {
    this.merge = merge;
    this.maxLag = maxLag;
    this.clock = clock;
  }

  /** A table, its log and its state as they were when it became due. */
  record Task(KeyedTable table, Snapshot log, Snapshot state, long head) {}

  /** @param took working time */
  record Done(Task task, Prepared prepared, Duration took) {}

  /** The table that has waited longest since it was allowed to; null when there is none. */
  synchronized Task due(Ledger ledger) {
    Instant now = clock.instant();
    KeyedTable next = null;
    for (KeyedTable table : ledger.catalogue().all()) {
      if (!allowed(table).allows(now) || !isBehind(ledger, table)) continue;
      if (next == null || allowed(table).next().isBefore(allowed(next).next())) next = table;
    }
    return next == null
        ? null
        : new Task(next, ledger.newest(next.log()), ledger.newest(next.state()), ledger.head().number());
  }

  private Budget allowed(KeyedTable table) {
    return budgets.computeIfAbsent(table.name(), name -> new Budget(clock.instant()));
  }

  private static boolean isBehind(Ledger ledger, KeyedTable table) {
    long merged = KeyedTable.merged(ledger.newest(table.state()));
    return !LogFile.behind(ledger.newest(table.log()), merged).isEmpty();
  }

  /** Any thread; blocking. */
  Done run(Task task) throws IOException {
    long began = System.nanoTime();
    Prepared prepared = merge.prepare(task.table(), task.log(), task.state(), task.head());
    return new Done(task, prepared, Duration.ofNanos(System.nanoTime() - began));
  }

  /** It took that much: the next one of this table waits accordingly. */
  synchronized void done(Done done) {
    Budget next = Budget.after(clock.instant(), done.took(), done.prepared().bytes(), maxLag);
    budgets.put(done.task().table().name(), next);
  }

  /** What failed is tried again after a while. */
  synchronized void failed(Task task) {
    budgets.put(task.table().name(), new Budget(clock.instant()
        .plus(maxLag.compareTo(Budget.LEAST) < 0
            ? maxLag
            : Budget.LEAST)));
  }
}
