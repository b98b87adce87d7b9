package io.caregrid.analytics.lake.delta;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.delta.Action.Txn;
import io.caregrid.analytics.lake.store.ObjectStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A snapshot as one Parquet file, in the form that every reader knows: V1, classic, in one part (PROTOCOL.md "V1 Spec"). One row for each action.
 *
 * <p>It says nothing that the versions until then do not say, so whoever finds one there already need not write it again.
 */
final class Checkpoint {

  private Checkpoint() {}

  /** The file first, then the pointer to it: between the two readers do without. */
  static void write(ObjectStore store, String folder, Snapshot snapshot) throws IOException {
    if (!snapshot.exists()) throw new IllegalArgumentException("no checkpoint of a table without a version");
    List<ObjectNode> rows = actions(snapshot).stream().map(LogLines::write).toList();
    byte[] content = CheckpointFile.write(rows);
    store.putIfAbsent(LogName.checkpoint(folder, snapshot.version()), content);
    ObjectNode pointer = JsonNodeFactory.instance.objectNode()
        .put("version", snapshot.version())
        .put("size", rows.size())
        .put("sizeInBytes", content.length)
        .put("numOfAddFiles", snapshot.files().size());
    store.put(folder + LogListing.LAST, pointer.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** @throws LogException it is not there, or cannot be understood */
  static Snapshot read(ObjectStore store, String table, String folder, long version) throws IOException {
    byte[] content = store.get(LogName.checkpoint(folder, version));
    if (content == null) throw new LogException(table, version, "its checkpoint is not there any more");
    List<Action> actions = new ArrayList<>();
    try {
      for (ObjectNode row : rows(content)) {
        Action action = row.isEmpty() ? null : LogLines.read(row);
        if (action != null) actions.add(action);
      }
    } catch (IllegalArgumentException wrong) {
      throw new LogException(table, version, "its checkpoint is damaged or a stranger's: it " + wrong.getMessage()
          + ". While the versions before it are there, it can be removed");
    }
    return Snapshot.none(table).with(version, actions);
  }

  /** What parquet-java throws at a file that is none may quote it: it is not passed on. */
  private static List<ObjectNode> rows(byte[] content) {
    try {
      return CheckpointFile.read(content);
    } catch (IOException | RuntimeException broken) {
      throw new IllegalArgumentException("is not a Parquet file packed with zstd");
    }
  }

  private static List<Action> actions(Snapshot snapshot) {
    List<Action> actions = new ArrayList<>();
    actions.add(snapshot.protocol());
    actions.add(snapshot.metaData());
    snapshot.txns().forEach((appId, version) -> actions.add(new Txn(appId, version)));
    actions.addAll(snapshot.files().values());
    actions.addAll(snapshot.tombstones().values());
    return actions;
  }
}
