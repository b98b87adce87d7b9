package io.caregrid.analytics.lake.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.store.LocalS3;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several writers of one table, on stores that know nothing of each other: no version is lost, none is two. */
class DeltaLogRacesTest {
  private static final String TABLE = "fhir/Patient";
  private static final int WRITERS = 4;

  @TempDir
  private Path data;

  @Test
  void writersOnAFolderLoseNothing() throws Exception {
    List<ObjectStore> stores = new ArrayList<>();
    for (int n = 0; n < WRITERS; n++) stores.add(Place.open(LakeConfig.DEFAULT, data));
    race(stores, 30);
  }

  @Test
  @Tag("full")
  void writersOnS3LoseNothing() throws Exception {
    try (LocalS3 s3 = new LocalS3()) {
      List<ObjectStore> stores = new ArrayList<>();
      for (int n = 0; n < WRITERS; n++) stores.add(s3.open("lake", data.resolve("node" + n)));
      race(stores, 15);
    }
  }

  private static void race(List<ObjectStore> stores, int each) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(stores.size());
    try {
      new DeltaLog(stores.get(0), TABLE).commit(0,
          Action.first(MetaData.of("Patient", History.SCHEMA, Instant.now(), Map.of())));
      List<Future<Set<String>>> writers = new ArrayList<>();
      for (int n = 0; n < stores.size(); n++) {
        DeltaLog log = new DeltaLog(stores.get(n), TABLE);
        String name = "w" + n;
        writers.add(pool.submit(() -> write(log, name, each)));
      }
      Set<String> written = new TreeSet<>();
      for (Future<Set<String>> one : writers) written.addAll(one.get());

      Snapshot now = new DeltaLog(stores.get(0), TABLE).snapshot();
      assertEquals(written, new TreeSet<>(now.files().keySet()));
      assertEquals((long) stores.size() * each, now.version());
      assertTrue(written.size() == stores.size() * each);
    } finally {
      pool.shutdownNow();
      stores.forEach(ObjectStore::close);
    }
  }

  /** Who finds the number taken reads on and tries the next; every so often somebody makes a checkpoint. */
  private static Set<String> write(DeltaLog log, String name, int each) throws IOException {
    Set<String> written = new TreeSet<>();
    while (written.size() < each) {
      String path = name + "-" + written.size() + ".parquet";
      Snapshot before = log.snapshot();
      Add add = new Add(path, 1, 1, true, null, Map.of());
      if (!log.commit(before.version() + 1, List.of(add))) continue;
      written.add(path);
      if (written.size() % 7 == 0) log.checkpoint(log.snapshot(), Instant.EPOCH);
    }
    return written;
  }
}
