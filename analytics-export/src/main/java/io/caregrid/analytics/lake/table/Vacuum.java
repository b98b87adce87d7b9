package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Deletes what nobody reads any more, and of a log nothing while the newest head names another version than its last: files that a table removed long ago, litter that no log ever named, old heads, old parts of logs. Whatever it is
 * interrupted at, the next time it goes on. One thread; blocking.
 */
public final class Vacuum {
  /** Below a checkpoint a log's versions are kept that long. */
  private static final Duration VERSIONS = Duration.ofHours(6);
  /** What was written for a head older than that, and is named by no log, never will be. */
  private static final Duration LITTER = Duration.ofHours(1);
  private static final int PAGE = 1_000;

  private final ObjectStore store;
  private final Duration after;
  private final Clock clock;
  private final Step.Watch watch;

  /** @param after files are kept for readers who began before they were removed */
  public Vacuum(ObjectStore store, Duration after, Clock clock, Step.Watch watch) {
    this.store = store;
    this.after = after;
    this.clock = clock;
    this.watch = watch;
  }

  /** Gives how many objects went. */
  public int run(Catalogue catalogue, Heads heads) throws IOException {
    Instant now = clock.instant();
    Head newest = heads.newest();
    List<Long> numbers = heads.below(newest.number());
    int gone = older(heads, numbers, now.minus(after));
    int old = older(heads, numbers, now.minus(LITTER));
    long settled = old == 0 ? 0 : numbers.get(old - 1);
    for (long number : numbers.subList(0, gone)) heads.delete(number);
    for (KeyedTable table : catalogue.all())
      gone += run(table.log(), newest, settled, now) + run(table.state(), newest, settled, now);
    return gone;
  }

  /** How many of these heads were made before that: they are as old as their numbers say. */
  private static int older(Heads heads, List<Long> numbers, Instant than) throws IOException {
    int from = 0;
    int to = numbers.size();
    while (from < to) {
      int middle = (from + to) >>> 1;
      Head head = heads.at(numbers.get(middle));
      if (head == null || head.at().isBefore(than)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private int run(Part part, Head newest, long settled, Instant now) throws IOException {
    List<String> files = files(part);
    Snapshot snapshot = part.versions().snapshot();
    if (files.stream().anyMatch(path -> isLitter(snapshot, path, settled)) && !fence(part, snapshot)) return 0;
    Snapshot fenced = part.versions().snapshot();
    int gone = 0;
    for (String path : files) {
      if (!isLitter(fenced, path, settled) && !isRemoved(fenced, path, now)) continue;
      store.delete(part.file(path));
      watch.reached(Step.VACUUMED);
      gone++;
    }
    if (gone > 0) part.versions().checkpoint(fenced, now.minus(after));
    boolean isNamed = newest.tables().get(part.folder()) == fenced.version();
    return isNamed ? gone + part.versions().clean(now.minus(VERSIONS)) : gone;
  }

  /** Who wrote litter and stands still since finds his number taken when he wakes up: no version ever names a file that is gone. */
  private boolean fence(Part part, Snapshot snapshot) throws IOException {
    return part.versions().commit(snapshot.version() + 1, List.of(CommitInfo.of("VACUUM START", clock.instant())));
  }

  private static boolean isLitter(Snapshot snapshot, String path, long settled) {
    return !snapshot.files().containsKey(path) && !snapshot.tombstones().containsKey(path)
        && NewFiles.number(path) < settled;
  }

  private boolean isRemoved(Snapshot snapshot, String path, Instant now) {
    Remove removed = snapshot.tombstones().get(path);
    return removed != null && removed.deletionTimestamp() < now.minus(after).toEpochMilli();
  }

  /** Before the snapshot: what is written in between is in neither, or in both. */
  private List<String> files(Part part) throws IOException {
    List<String> files = new ArrayList<>();
    String prefix = part.folder() + "/";
    String after = "";
    while (true) {
      List<Entry> page = store.list(prefix, after, PAGE);
      for (Entry each : page) {
        String path = each.name().substring(prefix.length());
        if (path.endsWith(".parquet") && path.indexOf('/') < 0) files.add(path);
        after = each.name();
      }
      if (page.size() < PAGE) return files;
    }
  }
}
