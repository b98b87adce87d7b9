package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Budget;
import io.caregrid.analytics.lake.table.Eraser;
import io.caregrid.analytics.lake.table.Fold;
import io.caregrid.analytics.lake.table.Head;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.LogFile;
import io.caregrid.analytics.lake.table.Merge;
import io.caregrid.analytics.lake.table.Prepared;
import io.caregrid.analytics.lake.table.Settle;
import io.caregrid.analytics.lake.table.StateFile;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.analytics.lake.table.Vacuum;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.store.Cause;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the lake needs besides commits, and when: merging states, folding logs, joining what has settled, deleting what nobody reads. One {@link Task} at a time, on another thread than
 * the follower's, which goes on; what it prepared becomes a version of its table in one of the follower's turns. Any thread.
 */
final class Upkeep {
  private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
  private static final Duration VACUUM = Duration.ofHours(1);
  /** A request to erase is found so late at most; what is being erased goes on at once. */
  private static final Duration LOOK = Duration.ofSeconds(10);
  static final String ERASE = "erase";

  private final Merge merge;
  private final Fold fold;
  private final Settle settle;
  private final Vacuum vacuum;
  private final Erasing erasing;
  private final Heads heads;
  private final Duration maxLag;
  private final Duration settleAfter;
  private final Clock clock;
  private final Map<String, Budget> budgets = new HashMap<>();
  private Instant vacuumed;
  private Instant looked = Instant.MIN;
  private boolean unread;
  /** The last task was to erase: whatever else is due has the next turn. */
  private boolean erased;

  Upkeep(ObjectStore store, Path scratch, LakeConfig config, Clock clock, Step.Watch watch) {
    this.merge = new Merge(store, scratch, clock, watch);
    this.fold = new Fold(store, scratch, clock, watch);
    this.settle = new Settle(store, scratch, clock, watch);
    this.vacuum = new Vacuum(store, config.vacuumAfter(), clock, watch);
    this.erasing = new Erasing(store, new Eraser(store, scratch, clock, watch), vacuum);
    this.heads = new Heads(store);
    this.maxLag = config.maxLag();
    this.settleAfter = config.settleAfter();
    this.clock = clock;
    this.vacuumed = clock.instant();
  }

  /** Blocking; null when there is nothing to commit, but the tables may have changed: the follower is to read them anew. */
  interface Work {
    Prepared prepare() throws IOException;
  }

  /** @param what merge, fold, settle, with the table's name; or vacuum, or erase; @param ledger it was thought out on */
  record Task(String what, Ledger ledger, Work work) {}

  /** @param took working time */
  record Done(Task task, Prepared prepared, Duration took) {}

  /** Null when there is nothing to do. */
  synchronized Task due(Ledger ledger) {
    Instant now = clock.instant();
    Task next = erased ? keeping(ledger, now) : null;
    if (next == null) next = erasing(ledger, now);
    if (next == null && !erased) next = keeping(ledger, now);
    erased = next != null && next.what().equals(ERASE);
    return next;
  }

  private Task keeping(Ledger ledger, Instant now) {
    if (!now.isBefore(vacuumed.plus(VACUUM)) || now.isBefore(vacuumed)) {
      vacuumed = now;
      return new Task("vacuum", ledger, () -> {
        vacuum.run(ledger.catalogue(), heads);
        return null;
      });
    }
    Task merging = merging(ledger, now);
    if (merging != null) return merging;
    Task folding = folding(ledger, now);
    return folding == null ? settling(ledger, now) : folding;
  }

  /** What cannot be read of the requests is told, and stops nothing else. */
  private Task erasing(Ledger ledger, Instant now) {
    if (now.isBefore(looked.plus(LOOK)) && !now.isBefore(looked)) return null;
    looked = now;
    try {
      Erasing.Due due = erasing.due(ledger);
      unread = false;
      if (due == null) return null;
      return due.first() == null ? new Task(ERASE, ledger, due.work()) : merging(ledger, due.first());
    } catch (IOException failed) {
      if (!unread) log.warn("requests to erase cannot be read, trying again cause={}", Cause.andPlace(failed));
      unread = true;
      return null;
    }
  }

  private Task settling(Ledger ledger, Instant now) {
    for (KeyedTable table : ledger.catalogue().all()) {
      if (!allowed(settle(table)).allows(now, maxLag)) continue;
      Snapshot state = ledger.newest(table.state());
      List<StateFile> files = Settle.plan(StateFile.all(state), now.minus(settleAfter));
      long number = ledger.head().number();
      if (!files.isEmpty()) return new Task(settle(table), ledger, () -> settle.prepare(table, state, files, number));
    }
    return null;
  }

  private static String settle(KeyedTable table) {
    return "settle " + table.name();
  }

  /** The table that has waited longest since its budget allowed it. */
  private Task merging(Ledger ledger, Instant now) {
    KeyedTable next = null;
    for (KeyedTable table : ledger.catalogue().all()) {
      if (!allowed(merge(table)).allows(now, maxLag) || !isBehind(ledger, table)) continue;
      if (next == null || allowed(merge(table)).next().isBefore(allowed(merge(next)).next())) next = table;
    }
    return next == null ? null : merging(ledger, next);
  }

  private Task merging(Ledger ledger, KeyedTable table) {
    Snapshot log = ledger.newest(table.log());
    Snapshot state = ledger.newest(table.state());
    long number = ledger.head().number();
    return new Task(merge(table), ledger, () -> merge.prepare(table, log, state, number));
  }

  private static String merge(KeyedTable table) {
    return "merge " + table.name();
  }

  private static String fold(KeyedTable table) {
    return "fold " + table.name();
  }

  private Budget allowed(String what) {
    return budgets.computeIfAbsent(what, name -> new Budget(clock.instant()));
  }

  /** When the oldest commit was made that is in no state yet; null when there is none. */
  static Instant unmerged(Ledger ledger) {
    long oldest = Long.MAX_VALUE;
    for (KeyedTable table : ledger.catalogue().all())
      for (LogFile file : LogFile.behind(ledger.newest(table.log()), merged(ledger, table)))
        oldest = Math.min(oldest, file.add().modificationTime());
    return oldest == Long.MAX_VALUE ? null : Instant.ofEpochMilli(oldest);
  }

  private static boolean isBehind(Ledger ledger, KeyedTable table) {
    return !LogFile.behind(ledger.newest(table.log()), merged(ledger, table)).isEmpty();
  }

  private static long merged(Ledger ledger, KeyedTable table) {
    return KeyedTable.merged(ledger.newest(table.state()));
  }

  /** Not while the feed is read that a rebuild ran beside: its files are asked for by themselves. */
  private Task folding(Ledger ledger, Instant now) {
    Head head = ledger.head();
    if (head.safe().position() < head.rebuilt()) return null;
    for (KeyedTable table : ledger.catalogue().all()) {
      if (!allowed(fold(table)).allows(now, maxLag)) continue;
      Snapshot log = ledger.newest(table.log());
      long merged = merged(ledger, table);
      Prepared less = table.isKept() ? null : fold.withoutMerged(table, log, merged, head.safe().position());
      if (less != null) return new Task(fold(table), ledger, () -> less);
      List<LogFile> files = Fold.plan(LogFile.all(log), merged);
      if (!files.isEmpty())
        return new Task(fold(table), ledger, () -> fold.prepare(table, log, files, head.number()));
    }
    return null;
  }

  /** Any thread; blocking. */
  static Done run(Task task) throws IOException {
    long began = System.nanoTime();
    Prepared prepared = task.work().prepare();
    return new Done(task, prepared, Duration.ofNanos(System.nanoTime() - began));
  }

  /** It took that much: the next one of its kind waits accordingly. */
  synchronized void done(Done done) {
    long bytes = done.prepared() == null ? 0 : done.prepared().bytes();
    if (done.prepared() != null && erasing.isUnderWay()) looked = Instant.MIN;
    if (done.task().what().equals(ERASE)) return;
    boolean part = done.prepared() != null && !done.prepared().whole();
    budgets.put(done.task().what(), part
        ? new Budget(clock.instant())
        : Budget.after(clock.instant(), done.took(), bytes, maxLag));
  }

  /** What failed is tried again after a while. */
  synchronized void failed(Task task) {
    Duration wait = maxLag.compareTo(Budget.LEAST) < 0 ? maxLag : Budget.LEAST;
    budgets.put(task.what(), new Budget(clock.instant().plus(wait)));
  }
}
