package io.caregrid.analytics.lake.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.LakeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Delta Kernel reads what we write: the same rows at every version, with checkpoints and without, before and after cleaning. */
class DeltaLogKernelIT {
  private static final String TABLE = "fhir/Patient";
  private static final int ROWS = 3;

  @TempDir
  private Path data;
  private final Map<String, List<Long>> rows = new HashMap<>();

  @Test
  void kernelReadsTheSameRowsAtEveryVersion() throws Exception {
    readsAll(7, 40, 9, 17);
  }

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 4);
  }

  @ParameterizedTest
  @Tag("full")
  @MethodSource("seeds")
  void kernelReadsTheSameRowsAtEveryVersionOfLongHistories(long seed) throws Exception {
    readsAll(seed, 250, 20, 60);
  }

  private void readsAll(long seed, int versions, int checkpointEvery, int cleanEvery) throws Exception {
    Random random = new Random(seed);
    Path folder = data.resolve("lake").resolve(TABLE);
    try (ObjectStore store = Place.open(LakeConfig.DEFAULT, data);
        Connection duckdb = DriverManager.getConnection("jdbc:duckdb:")) {
      DeltaLog log = new DeltaLog(store, TABLE);
      History history = new History(random, path -> write(duckdb, folder.resolve(path), path));
      long oldest = 0;
      for (int n = 0; n < versions || oldest == 0 && n < 10 * versions; n++) {
        history.step(log);
        if (random.nextInt(checkpointEvery) == 0)
          log.checkpoint(log.snapshot(), random.nextBoolean() ? Instant.EPOCH : history.now());
        if (n % cleanEvery < cleanEvery - 1) continue;
        same(new Kernel(folder), history, oldest);
        log.clean(history.now().minus(Duration.ofMinutes(2)));
        oldest = oldest(folder);
      }
      same(new Kernel(folder), history, oldest);
      assertTrue(oldest > 0, "something was cleaned away");
      System.out.println("seed " + seed + ": " + history.version() + " versions, the oldest kept " + oldest);
    }
  }

  @Test
  void weReadACheckpointOfKernels() throws Exception {
    Path folder = data.resolve("lake").resolve(TABLE);
    try (ObjectStore store = Place.open(LakeConfig.DEFAULT, data);
        Connection duckdb = DriverManager.getConnection("jdbc:duckdb:")) {
      DeltaLog log = new DeltaLog(store, TABLE);
      History history = new History(new Random(3), path -> write(duckdb, folder.resolve(path), path));
      for (int n = 0; n < 30; n++) history.step(log);
      Snapshot before = new DeltaLog(store, TABLE).snapshot();

      new Kernel(folder).checkpoint(before.version());
      for (long version = 0; version < before.version(); version++)
        store.delete(TABLE + "/_delta_log/" + String.format("%020d.json", version));

      assertEquals(before, new DeltaLog(store, TABLE).snapshot());
    }
  }

  private void same(Kernel kernel, History history, long oldest) throws IOException {
    assertEquals(history.version(), kernel.newest().getVersion());
    for (long version = oldest; version <= history.version(); version++) {
      io.delta.kernel.Snapshot then = kernel.at(version);
      long[] seen = rows(kernel, then);
      long[] expected = history.files.get(version)
          .stream()
          .map(rows::get)
          .flatMap(Collection::stream)
          .mapToLong(Long::longValue)
          .sorted()
          .toArray();
      assertEquals(LongStream.of(expected).boxed().toList(), LongStream.of(seen).boxed().toList(),
          "version " + version);
      assertEquals(history.merged.get(version), kernel.txn(then, "merged"), "txn at version " + version);
    }
  }

  private static long[] rows(Kernel kernel, io.delta.kernel.Snapshot snapshot) throws IOException {
    LongStream.Builder seen = LongStream.builder();
    kernel.rows(snapshot, row -> seen.add(row.getLong(0)));
    return seen.build().sorted().toArray();
  }

  /** The oldest version that a reader can have: a checkpoint's, or the first. */
  private static long oldest(Path folder) throws IOException {
    try (var names = Files.list(folder.resolve("_delta_log"))) {
      String first = names.map(each -> each.getFileName().toString())
          .filter(each -> each.startsWith("0"))
          .sorted()
          .findFirst()
          .orElseThrow();
      assertTrue(first.contains("checkpoint") || first.equals("00000000000000000000.json"), first);
      return Long.parseLong(first.substring(0, 20));
    }
  }

  private long write(Connection duckdb, Path file, String name) throws IOException {
    long from = (long) rows.size() * ROWS;
    rows.put(name, LongStream.range(from, from + ROWS).boxed().toList());
    Files.createDirectories(file.getParent());
    try (Statement statement = duckdb.createStatement()) {
      statement.execute("COPY (SELECT n FROM range(" + from + ", " + (from + ROWS) + ") t(n)) TO '" + file
          + "' (FORMAT parquet, COMPRESSION zstd)");
    } catch (SQLException failed) {
      throw new IOException(failed);
    }
    return Files.size(file);
  }
}
