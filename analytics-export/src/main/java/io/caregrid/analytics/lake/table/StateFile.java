package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Snapshot;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A file of a state, and what its tag says of it.
 *
 * @param first no row has a lower sid, and the file before has none that is as high
 * @param last  greatest sid of its rows
 */
public record StateFile(Add add, long first, long last) {

  private static final String SIDS = "lake.sids";

  public static Map<String, String> tags(long first, long last) {
    return Map.of(SIDS, first + "-" + last);
  }

  /** @throws IllegalStateException the file is none of ours */
  public static StateFile of(Add add) {
    String sids = add.tags().get(SIDS);
    if (sids == null) throw new IllegalStateException("a file of a state without its tag: " + add.path());
    int dash = sids.indexOf('-');
    return new StateFile(add, Long.parseLong(sids.substring(0, dash)), Long.parseLong(sids.substring(dash + 1)));
  }

  /** In order of their ranges, which do not overlap. */
  public static List<StateFile> all(Snapshot state) {
    return state.files()
        .values()
        .stream()
        .map(StateFile::of)
        .sorted(Comparator.comparingLong(StateFile::first))
        .toList();
  }
}
