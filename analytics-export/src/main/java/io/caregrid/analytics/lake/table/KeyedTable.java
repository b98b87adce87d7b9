package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.delta.DeltaLog;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A log of what happened and a state of what is, each a Delta table, with the same key. The state is the log until its version {@link #merged}, newest
 * version of each key, deletions left out.
 *
 * @param state where each key stands once
 * @param log   where every version of it stands
 * @param isKept the log is there for readers too; otherwise what was merged goes out of it
 */
public record KeyedTable(Part state, Part log, boolean isKept) {

  /** The state's txn: version of the log until which it was merged. */
  public static final String MERGED = "lake.merged";

  /** One of the two. */
  public record Part(DeltaLog versions, TableSchema schema) {

    static Part of(ObjectStore store, String folder, TableSchema schema) {
      return new Part(new DeltaLog(store, folder), schema);
    }

    /** Below which its files are. */
    public String folder() {
      return versions.table();
    }

    public String file(String name) {
      return folder() + "/" + name;
    }

    /** Its newest version; made first when it is not there, and given the columns that a newer Caregrid has. Null: somebody else was quicker. */
    Snapshot ready(Instant now) throws IOException {
      Snapshot snapshot = versions.snapshot();
      if (!snapshot.exists()) {
        MetaData first = MetaData.of(schema.name(), schema.deltaSchema(), now, Map.of());
        return versions.commit(0, Action.first(first)) ? versions.at(0) : null;
      }
      if (snapshot.metaData().schemaString().equals(schema.deltaSchema())) return snapshot;
      long next = snapshot.version() + 1;
      MetaData changed = snapshot.metaData().withSchema(schema.deltaSchema());
      return versions.commit(next, List.of(changed)) ? versions.at(next) : null;
    }
  }

  /** As queries name it. */
  public String name() {
    return state.schema().name();
  }

  /** Name of the column that is the key. */
  public String key() {
    return state.schema().key();
  }

  /** Version of the log that this state has; -1: nothing yet. */
  public static long merged(Snapshot state) {
    return state.txn(MERGED, Snapshot.NONE);
  }
}
