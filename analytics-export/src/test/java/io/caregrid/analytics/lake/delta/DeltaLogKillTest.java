package io.caregrid.analytics.lake.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.engines.Child;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A writer that is killed leaves a log in which every version it said it made is there, whole. */
class DeltaLogKillTest {
  private static final String TABLE = "fhir/Patient";
  private static final int KILLS = 5;

  @Test
  @Tag("full")
  void whatAKilledWriterSaidItCommittedIsThere(@TempDir Path data) throws Exception {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    long version = -1;
    for (int kill = 0; kill < KILLS; kill++) {
      long said = killed(data, version + random.nextInt(10, 200), random.nextInt(5_000_000));

      try (ObjectStore store = Place.open(LakeConfig.DEFAULT, data)) {
        Snapshot now = new DeltaLog(store, TABLE).snapshot();
        assertTrue(now.version() >= said, () -> "seed " + seed + ", said " + said + ", has " + now.version());
        assertTrue(now.version() <= said + 1, () -> "seed " + seed + ", said " + said + ", has " + now.version());
        assertEquals(now.version(), now.files().size(), "seed " + seed);
        for (long v = now.version(); v >= 0; v -= 7)
          assertEquals(v, new DeltaLog(store, TABLE).at(v).files().size(), "seed " + seed + ", at " + v);
        version = now.version();
      }
    }
    System.out.println("versions " + version);
  }

  /** @return the last version that the child said it had committed, before it was killed */
  private static long killed(Path data, long after, int later) throws Exception {
    List<String> said = Child.run(DeltaLogKillTest.class, List.of("-Xmx128m"), line -> {
      if (!line.equals("version " + after)) return false;
      LockSupport.parkNanos(later);
      return true;
    }, data.toString());
    return said.stream()
        .filter(line -> line.matches("version \\d+"))
        .mapToLong(line -> Long.parseLong(line.substring("version ".length())))
        .reduce(-1, (before, last) -> last);
  }

  /** Version after version, with a checkpoint now and then, until it is killed. */
  public static void main(String[] arguments) throws Exception {
    try (ObjectStore store = Place.open(LakeConfig.DEFAULT, Path.of(arguments[0]))) {
      DeltaLog log = new DeltaLog(store, TABLE);
      while (true) {
        long version = log.snapshot().version() + 1;
        List<Action> actions = version == 0
            ? Action.first(MetaData.of("t", History.SCHEMA, Instant.now(), Map.of()))
            : List.of(new Add(version + ".parquet", 1, 1, true, "x".repeat(20_000), Map.of()));
        if (!log.commit(version, actions)) throw new IllegalStateException("taken: " + version);
        System.out.println("version " + version);
        if (version % 13 == 0) log.checkpoint(log.snapshot(), Instant.EPOCH);
      }
    }
  }
}
