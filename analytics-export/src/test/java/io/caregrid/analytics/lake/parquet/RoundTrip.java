package io.caregrid.analytics.lake.parquet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs in a class loader of its own: only JDK types in and out. */
public final class RoundTrip {
  private RoundTrip() {}

  /** Rows that came back of two. */
  public static int rows(Path folder) throws Exception {
    var schema = FhirSchema.of("Observation").current();
    List<ObjectNode> rows = new ArrayList<>();
    for (String id : List.of("a", "b")) {
      String json = "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"valueQuantity\":{\"value\":71.50}}";
      rows.add(Json.object(json.formatted(id).getBytes(StandardCharsets.UTF_8)));
    }
    ParquetFiles.writeEmpty(folder.resolve("empty.parquet"), schema);
    ParquetFiles.write(folder.resolve("rows.parquet"), schema, rows);
    List<ObjectNode> back = new ArrayList<>();
    ParquetFiles.read(folder.resolve("empty.parquet"), schema, back::add);
    ParquetFiles.read(folder.resolve("rows.parquet"), schema, back::add);
    return back.equals(rows) ? back.size() : -1;
  }
}
