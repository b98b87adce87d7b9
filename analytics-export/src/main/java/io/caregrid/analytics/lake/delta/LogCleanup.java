package io.caregrid.analytics.lake.delta;

import io.caregrid.analytics.lake.delta.Action.CommitInfo;
import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/**
 * Takes away the old end of a log (PROTOCOL.md "Metadata Cleanup"): everything below a checkpoint that is itself old enough. That checkpoint, its commit and
 * all commits after it stay, so every version from it on can be read.
 *
 * <p>How old a version is, its {@code commitInfo} tells: an object store's own times are of its copies. A version without one ends the search.
 */
final class LogCleanup {
  private final ObjectStore store;
  private final String table;
  private final String folder;
  private final LogListing listing;

  LogCleanup(ObjectStore store, String table, String folder) {
    this.store = store;
    this.table = table;
    this.folder = folder;
    listing = new LogListing(store, folder);
  }

  /** From the oldest on, so that at any moment what is left is a log without a gap. */
  int clean(Instant before) throws IOException {
    List<LogName> names = listing.names(0, Long.MAX_VALUE);
    long cut = cut(names, before.toEpochMilli());
    int gone = 0;
    for (LogName each : names) {
      if (each.version() >= cut) break;
      store.delete(each.name());
      gone++;
    }
    return gone;
  }

  /** The version of the newest checkpoint that was made of an old enough version; {@link Snapshot#NONE} when there is none. */
  private long cut(List<LogName> names, long before) throws IOException {
    long cut = Snapshot.NONE;
    for (LogName each : names) {
      if (each.kind() != LogName.Kind.CHECKPOINT) continue;
      if (time(each.version()) > before) break;
      cut = each.version();
    }
    return cut;
  }

  private long time(long version) throws IOException {
    byte[] content = store.get(LogName.commit(folder, version));
    if (content == null) return Long.MAX_VALUE;
    for (Action each : LogLines.read(table, version, content))
      if (each instanceof CommitInfo info) return info.timestamp();
    return Long.MAX_VALUE;
  }
}
