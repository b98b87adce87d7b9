package io.caregrid.analytics.lake.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.FhirTrees;
import io.caregrid.analytics.lake.schema.Json;
import io.caregrid.analytics.lake.schema.RowWriter;
import io.caregrid.analytics.lake.schema.Same;
import io.caregrid.analytics.lake.schema.TableSchema;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes into a file comes out of it, to the last digit. */
class LosslessTest {
  private static final long SEED = Long.getLong("caregrid.test.seed", 20261121);
  private static int files;
  @TempDir
  static Path folder;

  @TestFactory
  Stream<DynamicTest> treesOfEveryTypeComeBackAlsoWithWhatFhirDoesNotKnow() {
    return FhirSchema.types().stream().map(type -> DynamicTest.dynamicTest(type, () -> {
      TableSchema schema = FhirSchema.of(type).history();
      List<ObjectNode> rows = trees(type, 3, 0);
      for (ObjectNode row : rows) onlyDeepExtensionsAreRest(schema, row);
      rows.addAll(trees(type, 2, 30));
      comesBack(schema, rows);
    }));
  }

  @Test
  void theSearchParametersOfR4ComeBack() throws Exception {
    ObjectNode bundle;
    try (InputStream in = getClass().getResourceAsStream("/org/hl7/fhir/r4/model/sp/search-parameters.json")) {
      bundle = Json.object(in.readAllBytes());
    }
    List<ObjectNode> parameters = new ArrayList<>();
    for (JsonNode entry : bundle.path("entry")) parameters.add((ObjectNode) entry.path("resource"));

    assertTrue(parameters.size() > 1_000);
    comesBack(FhirSchema.of("SearchParameter").current(), parameters);
    comesBack(FhirSchema.of("Bundle").current(), List.of(bundle));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.0", "0.000", "-1", "71", "71.0", "71.50", "1e3", "1E-7", "0.0000001", "1.10e-5",
    "12345678901234567.123456789012345678", "99999999999999999999.999999999999999999", "100000000000000000000",
    "99999999999999999999.9999999999999999999", "0.1234567890123456789", "12345678901234567890123456789012345", "1e400",
    "1e999999999", "1e-999999999",
    "1e-400", "-0.5", "123456789012345678901234567890.12345", "9223372036854775807", "9223372036854775808",
    "2147483648"})
  void everyDigitOfADecimalComesBack(String literal) throws Exception {
    comesBack(FhirSchema.of("Observation").current(),
        List.of(observation("\"valueQuantity\":{\"value\":" + literal + "}")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"note\":[]", "\"note\":[{}]", "\"note\":[{},{\"text\":\"a\"},null]", "\"code\":{}",
    "\"status\":null", "\"_status\":{\"id\":\"a\"}", "\"valueQuantity\":null", "\"subject\":\"Patient/1\"",
    "\"category\":{\"text\":\"no list\"}", "\"category\":[[{\"text\":\"list in list\"}],{\"text\":\"a\"}]",
    "\"effectiveTiming\":{\"event\":[null,\"2026-11-20\",null,5],\"_event\":[{\"id\":\"a\"},null]}",
    "\"effectiveTiming\":{\"event\":[null]}", "\"effectiveTiming\":{\"event\":[]}", "\"effectiveDateTime\":\"soon\"",
    "\"valueInteger\":2147483648", "\"valueInteger\":1.0", "\"valueBoolean\":\"true\"", "\"lake_rest\":\"mine\"",
    "\"a/b~c\":{\"d\":[1.10]}", "\"\":1", "\"valueQuantity_text\":\"1\"", "\"valueMoney\":{\"value\":1.0}",
    "\"status\":\"\\ud83d\"", "\"status\":\"\\u0000 and \\uffff\"", "\"component\":[{\"valueString\":\"😀 日本\"}]",
    "\"contained\":[{\"resourceType\":\"Patient\",\"id\":5,\"x\":1.10}]",
    "\"extension\":[{\"url\":\"u\",\"valueMoney\":{\"value\":1.0}}]",
    "\"extension\":[{\"url\":\"u\",\"extension\":[{\"url\":\"v\",\"valueDecimal\":1.0},5]}]"})
  void oddThingsComeBack(String field) throws Exception {
    comesBack(FhirSchema.of("Observation").current(), List.of(observation(field), observation("\"status\":\"final\"")));
  }

  @Test
  @Tag("full")
  void aResourceOfTwentyMegabytesComesBack() throws Exception {
    String data = "QUJD".repeat(5 << 20);
    StringBuilder entries = new StringBuilder();
    for (int i = 0; i < 50_000; i++) {
      entries.append(i == 0 ? "" : ",").append("{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"").append(i);
      entries.append("\",\"name\":[{\"family\":\"").append("é".repeat(150)).append("\"}]}}");
    }
    String samples = "61.5 E ".repeat(3 << 20) + "60";

    comesBack(FhirSchema.of("Binary").current(),
        List.of(json("{\"resourceType\":\"Binary\",\"id\":\"a\",\"data\":\"" + data + "\"}")));
    comesBack(FhirSchema.of("Bundle").current(),
        List.of(json("{\"resourceType\":\"Bundle\",\"id\":\"a\",\"entry\":[" + entries + "]}")));
    comesBack(FhirSchema.of("Observation").current(),
        List.of(observation("\"valueSampledData\":{\"data\":\"" + samples + "\"}"),
            observation("\"odd\":\"" + data + "\"")));
  }

  /** As deep as Jackson reads it at the door, on a thread of half the usual stack. */
  @Test
  void aResourceNestedAThousandDeepComesBack() throws Exception {
    TableSchema schema = FhirSchema.of("Questionnaire").current();
    ObjectNode questionnaire = json("{\"resourceType\":\"Questionnaire\",\"id\":\"a\",\"item\":"
        + "[{\"item\":".repeat(499) + "5" + "}]".repeat(499) + ",\"odd\":" + "[".repeat(999) + "]".repeat(999) + "}");
    List<ObjectNode> back = new ArrayList<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread = new Thread(null, () -> {
      try {
        Path file = file();
        ParquetFiles.write(file, schema, List.of(questionnaire));
        ParquetFiles.read(file, schema, back::add);
      } catch (Throwable broken) {
        failure.set(broken);
      }
    }, "little stack", 512 << 10);

    thread.start();
    thread.join();

    assertNull(failure.get());
    same(List.of(questionnaire), back);
  }

  @Test
  void whatDuckDbMergesComesBack() throws Exception {
    TableSchema schema = FhirSchema.of("Observation").history();
    List<ObjectNode> rows = trees("Observation", 12, 30);
    Path merged = file();
    try (var db = DriverManager.getConnection("jdbc:duckdb:"); var statement = db.createStatement()) {
      List<String> names = new ArrayList<>();
      Path empty = file();
      ParquetFiles.writeEmpty(empty, schema);
      names.add("'" + empty + "'");
      for (ObjectNode row : rows) {
        Path file = file();
        ParquetFiles.write(file, schema, List.of(row));
        names.add("'" + file + "'");
      }
      statement.execute(
          "COPY (SELECT * FROM read_parquet(" + names + ", union_by_name = true) ORDER BY lake_sid) TO '" + merged
              + "' (FORMAT parquet, CODEC zstd)");
    }

    same(rows, read(merged, schema));
  }

  @Test
  void onlyTheColumnsThatAreAskedForAreRead() throws Exception {
    TableSchema schema = FhirSchema.of("Observation").history();
    Path file = file();
    ParquetFiles.write(file, schema, trees("Observation", 5, 0));
    List<Column> some = schema.columns()
        .stream()
        .filter(column -> column.name().equals("id") || column.name().equals("lake_sid"))
        .toList();

    List<ObjectNode> rows = read(file, new TableSchema("some", some));

    assertEquals(5, rows.size());
    for (ObjectNode row : rows) assertEquals(2, row.size());
    assertEquals(3, rows.get(3).path("lake_sid").asInt());
  }

  @Test
  void aDeletionComesBack() throws Exception {
    comesBack(FhirSchema.of("Observation").history(),
        List.of(json("{\"id\":\"a\",\"lake_version\":3,\"lake_deleted\":true}")));
  }

  /** As they stand in a table: with numbers of ours. */
  private static List<ObjectNode> trees(String type, int count, int odd) {
    FhirTrees trees = new FhirTrees(SEED + type.hashCode() + odd, odd);
    List<ObjectNode> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(trees.resource(type).put("lake_version", i).put("lake_sid", (long) i));
    }
    return rows;
  }

  private static void onlyDeepExtensionsAreRest(TableSchema schema, ObjectNode row) throws Exception {
    Object[] values = new RowWriter(schema.columns()).values(row);
    if (!(values[values.length - 1] instanceof String rest)) return;
    for (var entry : json(rest).properties()) {
      String[] path = entry.getKey().split("/");
      assertTrue(path[path.length - 1].startsWith("_") || hasOnlyExtensions(entry.getValue()), entry.getKey());
    }
  }

  private static boolean hasOnlyExtensions(JsonNode node) {
    boolean only = node.isContainerNode();
    for (var field : node.properties()) only &= field.getKey().startsWith("_") || hasOnlyExtensions(field.getValue());
    for (int i = 0; i < (node.isArray() ? node.size() : 0); i++) only &= hasOnlyExtensions(node.get(i));
    return only;
  }

  private static void comesBack(TableSchema schema, List<ObjectNode> rows) throws Exception {
    Path file = file();
    ParquetFiles.Written written = ParquetFiles.write(file, schema, rows);
    assertEquals(rows.size(), written.rows());
    same(rows, read(file, schema));
  }

  private static void same(List<ObjectNode> expected, List<ObjectNode> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      int row = i;
      assertNull(Same.difference(expected.get(i), actual.get(i)), () -> "row " + row + ", seed " + SEED);
    }
  }

  private static List<ObjectNode> read(Path file, TableSchema schema) throws Exception {
    List<ObjectNode> rows = new ArrayList<>();
    ParquetFiles.read(file, schema, rows::add);
    return rows;
  }

  private static ObjectNode observation(String field) throws Exception {
    return json("{\"resourceType\":\"Observation\",\"id\":\"a\"," + field + "}");
  }

  private static ObjectNode json(String text) throws Exception {
    return Json.object(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Path file() {
    return folder.resolve(files++ + ".parquet");
  }
}
