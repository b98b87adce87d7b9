package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.parquet.ParquetFiles;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32C;

/** Of each table a local file of its whole schema without rows: what every list of files begins with that DuckDB reads by the names of columns. */
public final class Empties {
  private final Map<String, Path> files = new HashMap<>();

  /** Takes some seconds the first time; files of an earlier start are used again as long as their schema is the same. */
  public Empties(Catalogue catalogue, Path folder) throws IOException {
    Files.createDirectories(folder);
    for (KeyedTable table : catalogue.all()) {
      for (Part part : List.of(table.log(), table.state())) files.put(part.folder(), made(folder, part));
    }
  }

  private static Path made(Path folder, Part part) throws IOException {
    CRC32C schema = new CRC32C();
    schema.update(part.schema().deltaSchema().getBytes(StandardCharsets.UTF_8));
    String name = part.folder().replace('/', '-') + "-" + Long.toHexString(schema.getValue()) + ".parquet";
    Path file = folder.resolve(name);
    if (Files.exists(file)) return file;
    Path made = folder.resolve(UUID.randomUUID() + ".new");
    ParquetFiles.writeEmpty(made, part.schema());
    return Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
  }

  Path of(Part part) {
    return files.get(part.folder());
  }
}
