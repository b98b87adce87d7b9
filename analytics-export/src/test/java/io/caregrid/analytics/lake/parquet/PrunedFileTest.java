package io.caregrid.analytics.lake.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.schema.TableSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file has the columns in which it has a value; who reads it through the whole schema sees all of them. */
class PrunedFileTest {
  private static final TableSchema HISTORY = FhirSchema.of("Observation").history();
  @TempDir
  Path folder;
  private Path empty;
  private Path quantity;
  private Path concept;

  @BeforeEach
  void files() throws Exception {
    empty = folder.resolve("empty.parquet");
    quantity = folder.resolve("quantity.parquet");
    concept = folder.resolve("concept.parquet");
    ParquetFiles.writeEmpty(empty, HISTORY);
    ParquetFiles.write(quantity, HISTORY, List.of(row("a", "\"valueQuantity\":{\"value\":71.50}"),
        row("b", "\"component\":[{\"valueQuantity\":{\"value\":12345678901234567.123456789012345678}}]")));
    ParquetFiles.write(concept, HISTORY,
        List.of(row("c", "\"component\":[{\"code\":{\"coding\":[{\"code\":\"x\"}]}}]")));
  }

  @Test
  void everyFieldOfTheSchemaCanBeAskedForAndIsNullWhereAFileLacksIt() throws Exception {
    assertEquals(
        List.of("a|71.500000000000000000|71.50|null|null", "b|null|null|12345678901234567.123456789012345678|null",
            "c|null|null|null|x"),
        query("""
            select id, valueQuantity.value, valueQuantity.value_text, component[1].valueQuantity.value,
              component[1].code.coding[1].code from %s order by id"""));
    assertEquals(List.of("0"), query("select count(valueSampledData.origin.value) from %s"));
    assertEquals(List.of("3|3"), query("select count(lake_sid), count(*) from %s where not lake_deleted"));
  }

  @Test
  void aFileHasTheColumnsThatCarryAValueAndOurs() throws Exception {
    assertEquals(
        "[id, resourceType, valueQuantity, component, lake_version, lake_sid, lake_position, lake_deleted, lake_at]",
        described(quantity));
    assertTrue(Files.size(quantity) < 8_000, "bytes");
  }

  @Test
  void writtenTellsLeastAndGreatestAsDeltaWritesThem() throws Exception {
    Path file = folder.resolve("bounds.parquet");
    ParquetFiles.Written written = ParquetFiles.write(file, HISTORY,
        List.of(row("b", "\"effectiveDateTime\":\"2026-11-20T10:00:00.1234567Z\""), row("a", "\"issued\":\"2026\""),
            row("ä", "\"effectiveDateTime\":\"2026-11\"")));

    assertEquals(Files.size(file), written.bytes());
    assertEquals(3, written.rows());
    assertEquals(TextNode.valueOf("a"), written.least().get("id"));
    assertEquals(TextNode.valueOf("ä"), written.greatest().get("id"));
    assertEquals(LongNode.valueOf(1), written.least().get("lake_sid"));
    assertEquals(TextNode.valueOf("2026-11-01T00:00:00.000Z"), written.least().get("effectiveDateTime_at"));
    assertEquals(TextNode.valueOf("2026-11-20T10:00:00.124Z"), written.greatest().get("effectiveDateTime_at"));
    assertFalse(written.least().containsKey("status"));
    assertFalse(written.least().containsKey("lake_position"), "no row has one");
  }

  /** What stands in the log is read again and again. */
  @Test
  void aColumnWithALongTextHasNoBounds() throws Exception {
    ParquetFiles.Written written = ParquetFiles.write(folder.resolve("long.parquet"), HISTORY,
        List.of(row("a", "\"status\":\"x\""), row("b".repeat(300), "\"status\":\"x\"")));

    assertFalse(written.least().containsKey("id"));
    assertFalse(written.greatest().containsKey("id"));
    assertEquals(LongNode.valueOf(1), written.least().get("lake_sid"));
  }

  /** 1.2 GB, which is more than these tests have memory; a hundred rows are what parquet-java takes before it looks how much they are. */
  @Test
  @Tag("full")
  void sixtyResourcesOfTwentyMegabytesGoIntoOneFile() throws Exception {
    ObjectNode row = row("b", "\"status\":\"x\"").put("data", "QUJD".repeat(5 << 20));

    assertEquals(60,
        ParquetFiles
            .write(folder.resolve("large.parquet"), FhirSchema.of("Binary").current(), Collections.nCopies(60, row))
            .rows());
  }

  @Test
  void noFileIsLeftWhenTheRowsEndInAFailure() {
    Path file = folder.resolve("broken.parquet");
    List<ObjectNode> rows = List.of(row("a", "\"status\":\"final\""));
    Iterator<ObjectNode> broken = new Iterator<>() {
      private final Iterator<ObjectNode> first = rows.iterator();

      @Override
      public boolean hasNext() {
        return true;
      }

      @Override
      public ObjectNode next() {
        if (first.hasNext()) return first.next();
        throw new IllegalStateException("no more");
      }
    };
    Iterator<Iterator<ObjectNode>> times = List.of(rows.iterator(), broken).iterator();

    assertThrows(IllegalStateException.class, () -> ParquetFiles.write(file, HISTORY, times::next));

    assertFalse(Files.exists(file));
  }

  @Test
  void aFileThatIsThereIsNotReplaced() {
    assertThrows(IOException.class, () -> ParquetFiles.writeEmpty(empty, HISTORY));
    assertTrue(Files.exists(empty));
  }

  @Test
  void aFileWithoutRowsHasTheWholeSchema() throws Exception {
    Path file = folder.resolve("none.parquet");

    assertEquals(0, ParquetFiles.write(file, HISTORY, List.of()).rows());

    assertEquals(described(empty), described(file));
  }

  private List<String> query(String sql) throws Exception {
    String files = "read_parquet(['%s', '%s', '%s'], union_by_name = true)".formatted(empty, concept, quantity);
    List<String> rows = new ArrayList<>();
    try (var db = DriverManager.getConnection("jdbc:duckdb:");
        var statement = db.createStatement();
        var result = statement.executeQuery(sql.formatted(files))) {
      while (result.next()) {
        Object[] row = new Object[result.getMetaData().getColumnCount()];
        for (int i = 0; i < row.length; i++) row[i] = result.getObject(i + 1);
        rows.add(String.join("|", Arrays.stream(row).map(String::valueOf).toList()));
      }
    }
    return rows;
  }

  private String described(Path file) throws Exception {
    List<String> names = new ArrayList<>();
    try (var db = DriverManager.getConnection("jdbc:duckdb:");
        var statement = db.createStatement();
        var result = statement.executeQuery("describe select * from read_parquet('" + file + "')")) {
      while (result.next()) names.add(result.getString("column_name"));
    }
    return names.toString();
  }

  private static ObjectNode row(String id, String field) {
    String json = "{\"resourceType\":\"Observation\",\"id\":\"%s\",%s,\"lake_sid\":1,\"lake_deleted\":false}";
    try {
      return Json.object(json.formatted(id, field).getBytes(StandardCharsets.UTF_8));
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
