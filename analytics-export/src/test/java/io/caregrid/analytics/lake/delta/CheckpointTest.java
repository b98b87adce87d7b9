package io.caregrid.analytics.lake.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint says what the versions until it say. */
class CheckpointTest {
  private static final String TABLE = "fhir/Patient";
  private static final String FOLDER = TABLE + "/_delta_log/";

  @TempDir
  private Path data;

  private static Snapshot table() throws LogException {
    List<Action> actions = new ArrayList<>(List.of(Action.Protocol.OURS,
        new MetaData("id", null, "äöü \"x\"", History.SCHEMA, null, Map.of("delta.appendOnly", "true", "empty", "")),
        new Txn("lake", Long.MAX_VALUE), new Txn("merged", 0)));
    for (int n = 0; n < 5_000; n++)
      actions.add(new Add(n + ".parquet", n, n, n % 2 == 0, n % 3 == 0 ? null : "{\"numRecords\":" + n + "}",
          n % 5 == 0 ? Map.of() : Map.of("lake.commits", n + "-" + n, "lake.sids", "")));
    actions.add(new Remove("gone.parquet", 7, true, 8L));
    actions.add(new Remove("unknown.parquet", 0, false, null));
    return Snapshot.none(TABLE).with(100, actions);
  }

  @Test
  void whatIsWrittenIsRead() throws Exception {
    Snapshot table = table();
    try (ObjectStore store = Place.open(LakeConfig.DEFAULT, data)) {
      Checkpoint.write(store, FOLDER, table);

      Snapshot read = Checkpoint.read(store, TABLE, FOLDER, 100);

      assertEquals(table, read);
      assertEquals(List.copyOf(table.files().keySet()), List.copyOf(read.files().keySet()), "in order");
      System.out.println("5,000 files: " + store.head(LogName.checkpoint(FOLDER, 100)).bytes() + " bytes");
    }
  }
}
