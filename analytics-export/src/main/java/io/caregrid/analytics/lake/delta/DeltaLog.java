package io.caregrid.analytics.lake.delta;

import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The log of one table: which files it is, version by version.
 *
 * <p>A version is one object that is there or not: {@link #commit} puts it if it is absent. What was read once is kept, so that following the log, or writing
 * it, reads each version once at most: the newest few snapshots are in memory, the next is made of the last.
 *
 * <p>Any thread; blocking. Two logs of one table, in one process or in two, need not know of each other.
 */
public final class DeltaLog {
  /** Snapshots kept, newest first: readers of a head are a version or two behind the table. */
  private static final int KEPT = 4;
  /** Whoever is that many versions behind begins with a checkpoint, of which there is one every 100. */
  private static final long FAR = 200;

  private final ObjectStore store;
  private final String table;
  private final String folder;
  private final LogListing listing;
  private final NavigableMap<Long, Snapshot> known = new TreeMap<>();

  /** @param table the table's folder in the store, e.g. {@code fhir/Patient}; it need not exist */
  public DeltaLog(ObjectStore store, String table) {
    this.store = store;
    this.table = table;
    folder = table + "/_delta_log/";
    listing = new LogListing(store, folder);
  }

  public String table() {
    return table;
  }

  /**
   * The newest version now, at the cost of one listing from the last known on. {@link Snapshot#NONE} when there is no table.
   *
   * @throws LogException the log has a gap, or something in it cannot be understood
   */
  public Snapshot snapshot() throws IOException {
    Snapshot last = last();
    if (last.exists()) {
      List<LogName> newer = listing.commitsAfter(last.version());
      return newer.isEmpty() ? last : at(newer.get(newer.size() - 1).version());
    }
    LogListing.Found found = listing.newest();
    return found.isEmpty() ? last : load(found, found.newest());
  }

  /**
   * The table as it was at this version. Of the newest few it costs nothing.
   *
   * @throws LogException there is no such version, or not any more
   */
  public Snapshot at(long version) throws IOException {
    Snapshot last;
    synchronized (known) {
      if (known.containsKey(version)) return known.get(version);
      last = known.isEmpty() ? Snapshot.none(table) : known.lastEntry().getValue();
    }
    if (last.exists() && version > last.version() && version - last.version() <= FAR) return onward(last, version);
    return load(listing.until(version), version);
  }

  /**
   * Makes the next version. A {@link CommitInfo} is put before the actions when there is none among them.
   *
   * @param version the one after the snapshot's that the actions were thought out on
   * @return false when this version is somebody else's: nothing was written. True as well when our own put's answer was lost on the way
   * @throws IllegalArgumentException the actions contradict each other or the version before, or there is no version before: a bug
   * @throws IOException nobody knows whether the version was written; {@link #snapshot} will tell, later or now
   */
  public boolean commit(long version, List<Action> actions) throws IOException {
    Snapshot before = last();
    if (before.version() != version - 1) before = snapshot();
    if (before.version() >= version) return false;
    List<Action> whole = withInfo(actions);
    Snapshot after = checked(before, version, whole);
    if (!store.putIfAbsent(LogName.commit(folder, version), LogLines.write(whole))) return false;
    keep(after);
    return true;
  }

  private Snapshot checked(Snapshot before, long version, List<Action> actions) {
    if (before.version() != version - 1)
      throw new IllegalArgumentException("version " + version + " after " + before.version() + " of table " + table);
    for (Action each : actions)
      if (each instanceof Remove gone && !before.files().containsKey(gone.path()))
        throw new IllegalArgumentException("removes a file that table " + table + " does not have: " + gone.path());
    try {
      return before.with(version, actions);
    } catch (LogException wrong) {
      throw new IllegalArgumentException(wrong.getMessage());
    }
  }

  private static List<Action> withInfo(List<Action> actions) {
    if (actions.stream().anyMatch(each -> each instanceof CommitInfo)) return actions;
    List<Action> whole = new ArrayList<>();
    whole.add(CommitInfo.of("WRITE", Instant.now()));
    whole.addAll(actions);
    return whole;
  }

  /**
   * Writes a checkpoint of this snapshot, so that readers need nothing older.
   *
   * @param removedBefore tombstones of files removed before that are left out, here and in later snapshots: their files may be gone
   */
  public void checkpoint(Snapshot snapshot, Instant removedBefore) throws IOException {
    Snapshot kept = snapshot.forgetting(removedBefore.toEpochMilli());
    Checkpoint.write(store, folder, kept);
    synchronized (known) {
      known.replaceAll((version, each) -> each.forgetting(removedBefore.toEpochMilli()));
    }
  }

  /**
   * Deletes what no reader needs who wants versions from {@code before} on.
   *
   * @return how many files of the log went
   */
  public int clean(Instant before) throws IOException {
    return new LogCleanup(store, table, folder).clean(before);
  }

  private Snapshot load(LogListing.Found found, long version) throws IOException {
    Snapshot from = Snapshot.none(table);
    if (found.checkpoint() != Snapshot.NONE)
      from = Checkpoint.read(store, table, folder, found.checkpoint());
    else
      if (found.first() != 0) throw missing(version);
    return follow(from, version);
  }

  private LogException missing(long version) throws IOException {
    LogListing.Found all = listing.all();
    if (all.isEmpty()) return new LogException(table, version, "there is no such table");
    String checkpoint = all.first() > version ? "" : ", without a checkpoint";
    return new LogException(table, version,
        "is not there any more: the log begins with version " + all.first() + checkpoint);
  }

  /** From what is known. What is behind it may have been cleaned away since it was read: then from a checkpoint, as whoever knows nothing. */
  private Snapshot onward(Snapshot last, long version) throws IOException {
    long next = last.version() + 1;
    byte[] content = store.get(LogName.commit(folder, next));
    if (content == null) return load(listing.until(version), version);
    return follow(last.with(next, LogLines.read(table, next, content)), version);
  }

  /** Reads the versions behind {@code from}, until {@code version}. */
  private Snapshot follow(Snapshot from, long version) throws IOException {
    Snapshot now = from;
    while (now.version() < version) {
      long next = now.version() + 1;
      byte[] content = store.get(LogName.commit(folder, next));
      if (content == null) throw new LogException(table, next, "is not in the log");
      now = now.with(next, LogLines.read(table, next, content));
    }
    keep(now);
    return now;
  }

  private Snapshot last() {
    synchronized (known) {
      return known.isEmpty() ? Snapshot.none(table) : known.lastEntry().getValue();
    }
  }

  private void keep(Snapshot snapshot) {
    synchronized (known) {
      known.put(snapshot.version(), snapshot);
      if (known.size() > KEPT) known.pollFirstEntry();
    }
  }
}
