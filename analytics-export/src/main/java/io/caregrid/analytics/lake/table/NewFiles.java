package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.parquet.ParquetFiles;
import io.caregrid.analytics.lake.parquet.ParquetFiles.Written;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Rows become a file of a table, which no log names yet.
 *
 * @param scratch where it is made before it is put
 */
public record NewFiles(ObjectStore store, Path scratch, Clock clock, Step.Watch watch) {

  /**
   * @param number the head it is made for: the beginning of its name
   * @param rows   gone through twice; at least one
   */
  public Add write(Part part, long number, Iterable<ObjectNode> rows, Map<String, String> tags) throws IOException {
    String name = name(number);
    Path file = scratch.resolve(name);
    try {
      Written written = ParquetFiles.write(file, part.schema(), rows);
      store.put(part.file(name), file);
      watch.reached(Step.FILE_WRITTEN);
      String stats = FileStats.json(written.rows(), written.least(), written.greatest());
      return new Add(name, written.bytes(), clock.millis(), true, stats, tags);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Never used twice. */
  static String name(long number) {
    return String.format(Locale.ROOT, "%020d-%s.parquet", number, UUID.randomUUID());
  }

  /** Of the head it was made for; none of ours: one that never comes. */
  static long number(String name) {
    int dash = name.indexOf('-');
    boolean ours = dash == 20 && name.chars().limit(dash).allMatch(Character::isDigit);
    return ours ? Long.parseLong(name.substring(0, dash)) : Long.MAX_VALUE;
  }
}
