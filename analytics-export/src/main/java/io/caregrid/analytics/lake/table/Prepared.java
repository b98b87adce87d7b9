package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import java.util.List;

/**
 * A version of a table that is thought out, its files written, but not committed.
 *
 * @param merged of the snapshot it was thought out on
 * @param bytes  written for it
 * @param whole  false: it goes only a part of the way, and the next one need not wait
 */
public record Prepared(Part part, long merged, List<Action> actions, long bytes, boolean whole) {
  public Prepared {
    actions = List.copyOf(actions);
  }

  Prepared(Part part, long merged, List<Action> actions, long bytes) {
    this(part, merged, actions, bytes, true);
  }

  /** Otherwise this is worth nothing any more, and its files are litter. */
  public boolean fits(Snapshot newest) {
    return KeyedTable.merged(newest) == merged && actions.stream()
        .allMatch(action -> !(action instanceof Remove gone) || newest.files().containsKey(gone.path()));
  }
}
