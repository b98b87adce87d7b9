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
      for (ObjectNode row : CheckpointFile.read(content)) {
        Action action = row.isEmpty() ? null : LogLines.read(row);
        if (action != null) actions.add(action);
      }
    } catch (IOException | RuntimeException broken) { // parquet-java throws what it likes at a file that is none
      throw new LogException(table, version, "its checkpoint is damaged: " + reason(broken)
          + ". If the versions before it are still there, remove this file and it is made anew", broken);
    }
    return Snapshot.none(table).with(version, actions);
  }

  /** Ours say what is wrong; parquet-java's may quote what it read. */
  private static String reason(Exception broken) {
    return broken instanceof IllegalArgumentException ? "a row " + broken.getMessage() : "no Parquet file as written";
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
