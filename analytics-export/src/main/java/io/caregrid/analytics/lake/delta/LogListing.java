package io.caregrid.analytics.lake.delta;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What is in a table's {@code _delta_log}, without looking into the files: where to begin reading, and how far the log goes. */
final class LogListing {
  static final String LAST = "_last_checkpoint";
  /** Names asked for at once: a folder is read through for every page, and S3 makes its own pages. */
  private static final int PAGE = 100_000;
  /** Versions listed before the one wanted, in the hope of a checkpoint among them: there is one every 100. */
  private static final long NEAR = 256;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectStore store;
  private final String folder;

  LogListing(ObjectStore store, String folder) {
    this.store = store;
    this.folder = folder;
  }

  /**
   * Where reading begins and ends.
   *
   * @param checkpoint the newest that helps, or {@link Snapshot#NONE}
   * @param first      the oldest commit or checkpoint listed
   * @param newest     the newest; {@link Snapshot#NONE} when there is nothing
   */
  record Found(long checkpoint, long first, long newest) {
    boolean isEmpty() {
      return newest == Snapshot.NONE;
    }
  }

  /** From the checkpoint that {@code _last_checkpoint} names, or from the beginning where that does not help. */
  Found newest() throws IOException {
    long hint = hint();
    if (hint > 0) {
      Found near = found(names(hint, Long.MAX_VALUE));
      if (near.checkpoint() != Snapshot.NONE) return near;
    }
    return all();
  }

  Found all() throws IOException {
    return found(names(0, Long.MAX_VALUE));
  }

  /** For the table as it was then. */
  Found until(long version) throws IOException {
    if (version > NEAR) {
      Found near = found(names(version - NEAR, version));
      if (near.checkpoint() != Snapshot.NONE) return near;
    }
    return found(names(0, version));
  }

  List<LogName> commitsAfter(long version) throws IOException {
    List<LogName> names = names(version + 1, Long.MAX_VALUE);
    names.removeIf(each -> each.kind() != LogName.Kind.COMMIT);
    return names;
  }

  /** The log's files of these versions, by name. */
  List<LogName> names(long from, long until) throws IOException {
    List<LogName> names = new ArrayList<>();
    String after = folder + LogName.digits(from);
    while (true) {
      List<ObjectStore.Entry> page = store.list(folder, after, PAGE);
      for (ObjectStore.Entry each : page) {
        LogName name = LogName.of(each.name());
        if (name == null) continue;
        if (name.version() > until) return names;
        names.add(name);
      }
      if (page.size() < PAGE) return names;
      after = page.get(page.size() - 1).name();
    }
  }

  private static Found found(List<LogName> names) {
    long checkpoint = Snapshot.NONE;
    long first = Snapshot.NONE;
    long newest = Snapshot.NONE;
    for (LogName each : names) {
      if (each.kind() == LogName.Kind.OTHER) continue;
      if (each.kind() == LogName.Kind.CHECKPOINT) checkpoint = each.version();
      if (first == Snapshot.NONE) first = each.version();
      newest = each.version();
    }
    return new Found(checkpoint, first, newest);
  }

  /** A hint only: a pointer that is missing, broken or wrong costs a longer listing. */
  private long hint() throws IOException {
    byte[] content = store.get(folder + LAST);
    if (content == null) return Snapshot.NONE;
    try {
      JsonNode pointer = JSON.readTree(content);
      return pointer.path("version").asLong(Snapshot.NONE);
    } catch (JacksonException broken) {
      return Snapshot.NONE;
    }
  }
}
