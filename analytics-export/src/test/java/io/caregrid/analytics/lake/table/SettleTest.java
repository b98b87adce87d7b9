package io.caregrid.analytics.lake.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.delta.Action;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.parquet.ParquetFiles;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettleTest {
  private static final Instant THAN = Instant.parse("2026-11-21T10:00:00Z");
  private static final long CUT = Ranges.CUT;

  private static StateFile file(int number, long bytes, Instant made) {
    return new StateFile(new Add("f" + number, bytes, made.toEpochMilli(), true, null,
        StateFile.tags(number * 10L, number * 10L + 9)), number * 10L, number * 10L + 9);
  }

  private static List<StateFile> files(int from, int to, long bytes, Instant made) {
    List<StateFile> files = new ArrayList<>();
    for (int number = from; number <= to; number++) files.add(file(number, bytes, made));
    return files;
  }

  @Test
  void neighboursThatNothingChangedAreJoinedUntilTheyAreLarge() {
    List<StateFile> files = files(1, 20, CUT, THAN.minusSeconds(1));

    assertEquals(files.subList(0, 8), Settle.plan(files, THAN));
  }

  @Test
  void whatChangedLatelyStaysApart() {
    List<StateFile> files = files(1, 5, CUT, THAN.minusSeconds(1));
    files.addAll(files(6, 12, CUT, THAN));

    assertEquals(files.subList(0, 5), Settle.plan(files, THAN));
    assertEquals(List.of(), Settle.plan(files(1, 20, CUT, THAN), THAN));
  }

  @Test
  void aFewSmallOnesWaitForMoreAndLargeOnesStay() {
    assertEquals(List.of(), Settle.plan(files(1, 7, 1000, THAN.minusSeconds(1)), THAN));
    assertEquals(List.of(), Settle.plan(files(1, 20, Settle.LARGEST, THAN.minusSeconds(1)), THAN));
  }

  @Test
  void joinedFilesHaveTheSameRowsInOneAndTheirRange(@TempDir Path folder) throws IOException {
    Clock clock = Clock.fixed(THAN, ZoneOffset.UTC);
    try (ObjectStore store = Place.open(LakeConfig.DEFAULT, folder)) {
      Catalogue catalogue = Catalogue.of(store);
      Ledger ledger = Ledger.open(catalogue, new Heads(store), clock, Step.Watch.NONE);
      KeyedTable table = catalogue.resources().get("Patient");
      NewFiles files = new NewFiles(store, folder, clock, Step.Watch.NONE);
      List<Action> adds = new ArrayList<>();
      for (int sid = 1; sid <= 8; sid++) {
        ObjectNode row = JsonNodeFactory.instance.objectNode()
            .put("resourceType", "Patient")
            .put("id", "p" + sid)
            .put("lake_version", 1)
            .put("lake_sid", (long) sid);
        row.putArray("name").addObject().put(sid % 2 == 0 ? "family" : "text", "N" + sid);
        adds.add(files.write(table.state(), 1, List.of(row), StateFile.tags(sid, sid)));
      }
      ledger.commit(table.state(), adds);
      List<StateFile> plan = Settle.plan(StateFile.all(ledger.newest(table.state())), THAN.plusSeconds(1));

      Prepared prepared = new Settle(store, folder, clock, Step.Watch.NONE).prepare(table,
          ledger.newest(table.state()), plan, 1);
      assertTrue(prepared.fits(ledger.newest(table.state())));
      ledger.commit(prepared.part(), prepared.actions());

      StateFile joined = StateFile.all(ledger.newest(table.state())).get(0);
      assertEquals(1, ledger.newest(table.state()).files().size());
      assertEquals("1-8", joined.first() + "-" + joined.last());
      List<String> names = new ArrayList<>();
      try (ObjectStore.Local local = store.local(table.state().file(joined.add().path()))) {
        ParquetFiles.read(local.path(), table.state().schema(), row -> names.add(row.at("/name/0").toString()));
      }
      assertEquals(IntStream.rangeClosed(1, 8)
          .mapToObj(n -> "{\"" + (n % 2 == 0 ? "family" : "text") + "\":\"N" + n + "\"}")
          .toList(), names);
      assertTrue(joined.add().stats().contains("\"numRecords\":8"), joined.add().stats());
    }
  }
}
