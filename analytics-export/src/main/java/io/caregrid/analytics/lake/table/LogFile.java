package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A file of a log, and what its tags say of it.
 *
 * @param from  version of the log whose rows it holds; after folding the first of them
 * @param to    and the last
 * @param until greatest position in the feed of its rows; 0 when a rebuild took them from the store
 * @param folds how often it was folded
 */
public record LogFile(Add add, long from, long to, long until, int folds) {

  private static final String VERSIONS = "lake.versions";
  private static final String UNTIL = "lake.until";
  private static final String FOLDS = "lake.folds";

  /** Of a file as a commit writes it. */
  public static Map<String, String> tags(long version, long until) {
    return tags(version, version, until, 0);
  }

  static Map<String, String> tags(long from, long to, long until, int folds) {
    return Map.of(VERSIONS, from + "-" + to, UNTIL, Long.toString(until), FOLDS, Integer.toString(folds));
  }

  /** @throws IllegalStateException the file is none of ours */
  public static LogFile of(Add add) {
    String versions = add.tags().get(VERSIONS);
    String until = add.tags().get(UNTIL);
    String folds = add.tags().get(FOLDS);
    if (versions == null || until == null || folds == null)
      throw new IllegalStateException("a file of a log without its tags: " + add.path());
    int dash = versions.indexOf('-');
    return new LogFile(add, Long.parseLong(versions.substring(0, dash)), Long.parseLong(versions.substring(dash + 1)),
        Long.parseLong(until), Integer.parseInt(folds));
  }

  /** In order of their versions. */
  public static List<LogFile> all(Snapshot log) {
    return log.files().values().stream().map(LogFile::of).sorted(Comparator.comparingLong(LogFile::from)).toList();
  }

  /**
   * Those with rows that no merge has taken into the state yet. Of one that was folded across that boundary others come again; that changes nothing, for what
   * the log says last of their keys stands behind them.
   */
  public static List<LogFile> behind(Snapshot log, long merged) {
    return all(log).stream().filter(file -> file.to > merged).toList();
  }

  /** In their order, cut so that no piece has more bytes but where it is one file. */
  static List<List<LogFile>> pieces(List<LogFile> files, long most) {
    List<List<LogFile>> pieces = new ArrayList<>();
    List<LogFile> piece = new ArrayList<>();
    long bytes = 0;
    for (LogFile file : files) {
      if (!piece.isEmpty() && bytes + file.add.size() > most) {
        pieces.add(List.copyOf(piece));
        piece.clear();
        bytes = 0;
      }
      piece.add(file);
      bytes += file.add.size();
    }
    if (!piece.isEmpty()) pieces.add(List.copyOf(piece));
    return pieces;
  }

  public boolean rebuilt() {
    return until == 0;
  }
}
