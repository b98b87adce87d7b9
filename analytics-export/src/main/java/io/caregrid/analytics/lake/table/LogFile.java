package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Snapshot;
import java.util.List;
import java.util.Map;

/**
 * A file of a log, and what its tags say of it.
 *
 * @param from  version of the log whose rows it holds; after folding the first of them
 * @param to    and the last
 * @param until greatest position in the feed of its rows; 0 when a rebuild took them from the store
 */
public record LogFile(Add add, long from, long to, long until) {

  private static final String VERSIONS = "lake.versions";
  private static final String UNTIL = "lake.until";

  public static Map<String, String> tags(long from, long to, long until) {
    return Map.of(VERSIONS, from + "-" + to, UNTIL, Long.toString(until));
  }

  /** @throws IllegalStateException the file is none of ours */
  public static LogFile of(Add add) {
    String versions = add.tags().get(VERSIONS);
    String until = add.tags().get(UNTIL);
    if (versions == null || until == null)
      throw new IllegalStateException("a file of a log without its tags: " + add.path());
    int dash = versions.indexOf('-');
    return new LogFile(add, Long.parseLong(versions.substring(0, dash)), Long.parseLong(versions.substring(dash + 1)),
        Long.parseLong(until));
  }

  public static List<LogFile> all(Snapshot log) {
    return log.files().values().stream().map(LogFile::of).toList();
  }

  /** Those whose rows no merge has taken into the state yet. */
  public static List<LogFile> behind(Snapshot log, long merged) {
    return all(log).stream().filter(file -> file.from > merged).toList();
  }

  public boolean rebuilt() {
    return until == 0;
  }
}
