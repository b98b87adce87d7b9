package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.parquet.ParquetFiles;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.vitals.Samples;
import io.caregrid.analytics.sql.Tables.Pinned;
import io.caregrid.store.Database;
import io.caregrid.store.Export;
import io.caregrid.store.Export.Exported;
import io.caregrid.store.Stored;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares store and lake row by row, through the views that everybody queries: what is current in the store stands in the lake once and as it is, nothing
 * else does; every version of the store's history stands in the lake's once; and vitals are the samples of what is current.
 *
 * <p>A view is copied to a file by DuckDB and read by parquet-java, so a row has gone both ways through both. Versions of a device that it has overwritten
 * itself may stand in the lake's history though the store has them no more. What was erased stands nowhere.
 */
final class StoreAndLake {
  private final Database database;
  private final LakeTables tables;
  private final Path scratch;

  /** Full schemas take seconds to write: once for all tests. */
  private static final Path EMPTIES = Path.of("target", "empties");

  StoreAndLake(Database database, ObjectStore objects, Path folder) throws IOException {
    this.database = database;
    this.scratch = Files.createDirectories(folder.resolve("checked"));
    this.tables = new LakeTables(objects, EMPTIES);
  }

  Pinned pin() throws IOException {
    return tables.pin();
  }

  /** Number of rows compared. */
  long compare() throws IOException {
    long compared = 0;
    for (String type : Catalogue.TYPES) {
      List<Exported> store = exported(type);
      compared += current(type, store, rows(FhirSchema.of(type).current()));
      compared += history(type, store, rows(FhirSchema.of(type).history()));
      if (type.equals("Observation")) compared += vitals(store, rows(Samples.STATE));
    }
    return compared;
  }

  private List<ObjectNode> rows(TableSchema schema) throws IOException {
    try (Pinned pinned = pin()) {
      return rows(pinned, schema);
    }
  }

  private List<Exported> exported(String type) throws IOException {
    List<Exported> all = new ArrayList<>();
    Export export = new Export(database);
    Export.Page page = LakeHouse.get(export.page(LakeHouse.CALLER, type, Export.Place.START, 1 << 20));
    for (; !page.rows().isEmpty(); page = LakeHouse.get(export.page(LakeHouse.CALLER, type, page.end(), 1 << 20)))
      page.rows().stream().filter(row -> !row.found().erased()).forEach(all::add);
    return all;
  }

  /** What a query of the view gives. */
  List<ObjectNode> rows(Pinned pinned, TableSchema schema) throws IOException {
    String query = pinned.query(schema.name(), () -> {});
    Path file = Files.createTempFile(scratch, "view", ".parquet");
    try (Connection duck = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duck.createStatement()) {
      statement.execute("copy (" + query + ") to '" + file + "' (format parquet, compression zstd)");
    } catch (SQLException failed) {
      throw new AssertionError(schema.name() + ": " + query, failed);
    }
    List<ObjectNode> rows = new ArrayList<>();
    ParquetFiles.read(file, schema, rows::add);
    Files.delete(file);
    return rows;
  }

  private static long current(String type, List<Exported> store, List<ObjectNode> lake) throws IOException {
    Map<String, Exported> expected = new TreeMap<>();
    for (Exported each : store)
      if (each.current() && !each.found().stored().deleted()) expected.put(each.found().stored().id(), each);
    for (ObjectNode row : lake) {
      Exported there = expected.remove(row.path("id").asText());
      assertTrue(there != null, type + " stands in the lake twice, or not in the store: " + row);
      same(there, row);
    }
    assertEquals(List.of(), List.copyOf(expected.keySet()), type + " that the lake lacks");
    return lake.size();
  }

  private static long history(String type, List<Exported> store, List<ObjectNode> lake) throws IOException {
    Map<String, ObjectNode> versions = new TreeMap<>();
    for (ObjectNode row : lake)
      assertNull(versions.put(row.path("id").asText() + "/" + row.path("lake_version").asInt(), row),
          type + " has this version twice: " + row);
    for (Exported each : store) {
      Stored stored = each.found().stored();
      ObjectNode row = versions.remove(stored.id() + "/" + stored.version());
      assertTrue(row != null, type + "/" + stored.id() + " lacks version " + stored.version() + " in the lake");
      assertEquals(stored.deleted(), row.path("lake_deleted").asBoolean());
      if (!stored.deleted()) same(each, row);
    }
    for (ObjectNode row : versions.values())
      assertTrue(type.equals("Observation"), type + " was never in the store: " + row);
    return lake.size();
  }

  private static void same(Exported exported, ObjectNode row) {
    Stored stored = exported.found().stored();
    assertEquals(stored.version(), row.path("lake_version").asInt(), stored.id());
    assertEquals(exported.found().sid(), row.path("lake_sid").asLong(), stored.id());
    ObjectNode body = body(exported);
    assertEquals(body == null, row.path("lake_unreadable").asBoolean(), stored.id());
    assertEquals(body == null ? "{id=\"" + stored.id() + "\"}" : text(body), text(ours(row)));
  }

  /** Null: nobody can read it. */
  private static ObjectNode body(Exported exported) {
    if (exported.found().damage() != null) return null;
    Stored stored = exported.found().stored();
    try {
      ObjectNode body = Json.object(stored.body().getBytes());
      return stored.id().equals(body.path("id").asText()) ? body : null;
    } catch (IOException none) {
      return null;
    }
  }

  private static ObjectNode ours(ObjectNode row) {
    ObjectNode without = row.deepCopy();
    row.fieldNames()
        .forEachRemaining(name -> {
          if (name.startsWith("lake_")) without.remove(name);
        });
    return without;
  }

  /** Members in order of their names; numbers with every digit. */
  private static String text(JsonNode node) {
    if (node.isObject()) {
      Map<String, String> members = new TreeMap<>();
      node.fields().forEachRemaining(each -> members.put(each.getKey(), text(each.getValue())));
      return members.toString();
    }
    if (!node.isArray()) return node.toString();
    List<String> elements = new ArrayList<>();
    node.forEach(each -> elements.add(text(each)));
    return elements.toString();
  }

  private static long vitals(List<Exported> store, List<ObjectNode> lake) throws IOException {
    List<String> expected = new ArrayList<>();
    for (Exported each : store) {
      Stored stored = each.found().stored();
      ObjectNode body = each.current() && !stored.deleted() ? body(each) : null;
      if (body == null) continue;
      ObjectNode row = body
          .put("lake_version", stored.version())
          .put("lake_sid", each.found().sid());
      for (ObjectNode sample : Samples.of(row))
        if (!sample.path("lake_deleted").asBoolean()) expected.add(sample(sample));
    }
    List<String> there = new ArrayList<>(lake.stream().map(StoreAndLake::sample).toList());
    expected.sort(null);
    there.sort(null);
    assertEquals(String.join("\n", expected), String.join("\n", there));
    return lake.size();
  }

  /** Numbers as a decimal column has them. */
  private static String sample(ObjectNode row) {
    Map<String, String> members = new TreeMap<>();
    row.fields()
        .forEachRemaining(each -> members.put(each.getKey(), each.getValue().isNumber()
            ? new BigDecimal(each.getValue().asText()).setScale(18, RoundingMode.HALF_UP).toPlainString()
            : each.getValue().asText()));
    return members.toString();
  }
}
