package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import java.util.List;

/**
 * A version of a table that is thought out, its files written, but not committed.
 *
 * @param version its number: when that is taken, this is worth nothing any more
 * @param bytes   written for it
 */
public record Prepared(Part part, long version, List<Action> actions, long bytes) {
  public Prepared {
    actions = List.copyOf(actions);
  }
}
