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
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;

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

  /**
   * Of these parts everything that is not the table as it is now, waiting for nobody: files that were removed, litter made for the newest head or one before,
   * what the log said before. Who reads an older head has to take the newest.
   *
   * @return whether nothing was left to delete, and the newest head names these parts as they are
   */
  public boolean now(Collection<Part> parts, Heads heads) throws IOException {
    boolean done = true;
    for (Part part : parts) done &= now(part, heads.newest());
    return done;
  }

  /** What the newest head needs stays, though the table may have gone on. */
  private boolean now(Part part, Head newest) throws IOException {
    Long version = newest.tables().get(part.folder());
    if (version == null) return false;
    Snapshot named = part.versions().at(version);
    Deleted deleted = delete(part, newest.number() + 1, gone -> named.tombstones().containsKey(gone.path()));
    if (deleted == null || deleted.snapshot().version() != version) return false;
    part.versions().checkpoint(deleted.snapshot(), clock.instant().plusMillis(1));
    part.versions().clean(clock.instant());
    return deleted.gone() == 0;
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
    Deleted deleted = delete(part, settled, removed -> removed.deletionTimestamp() < now.minus(after).toEpochMilli());
    if (deleted == null) return 0;
    if (deleted.gone() > 0) part.versions().checkpoint(deleted.snapshot(), now.minus(after));
    boolean isNamed = newest.tables().get(part.folder()) == deleted.snapshot().version();
    return isNamed ? deleted.gone() + part.versions().clean(now.minus(VERSIONS)) : deleted.gone();
  }

  /** @param gone files */
  private record Deleted(Snapshot snapshot, int gone) {}

  /** @param old which of the files that the table removed; null: somebody wrote meanwhile */
  private Deleted delete(Part part, long settled, Predicate<Remove> old) throws IOException {
    List<String> files = files(part);
    Snapshot snapshot = part.versions().snapshot();
    if (files.stream().anyMatch(path -> isLitter(snapshot, path, settled)) && !fence(part, snapshot)) return null;
    Snapshot fenced = part.versions().snapshot();
    int gone = 0;
    for (String path : files) {
      Remove removed = fenced.tombstones().get(path);
      if (!isLitter(fenced, path, settled) && (removed == null || !old.test(removed))) continue;
      store.delete(part.file(path));
      watch.reached(Step.VACUUMED);
      gone++;
    }
    return new Deleted(fenced, gone);
  }

  /** Who wrote litter and stands still since finds his number taken when he wakes up: no version ever names a file that is gone. */
  private boolean fence(Part part, Snapshot snapshot) throws IOException {
    return part.versions().commit(snapshot.version() + 1, List.of(CommitInfo.of("VACUUM START", clock.instant())));
  }

  private static boolean isLitter(Snapshot snapshot, String path, long settled) {
    return !snapshot.files().containsKey(path) && !snapshot.tombstones().containsKey(path)
        && NewFiles.number(path) < settled;
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
