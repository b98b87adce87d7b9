package io.caregrid.analytics.lake.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.parquet.ParquetFiles;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import io.caregrid.analytics.lake.schema.Definitions.Element;
import io.delta.kernel.internal.types.DataTypeJsonSerDe;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FhirSchemaTest {
  @TempDir
  Path folder;

  /** The numbers that docs/adr/2611-lake-table-format.md tells. */
  @ParameterizedTest
  @CsvSource({"Patient,962", "Observation,1795", "ImagingStudy,1465", "Claim,2789", "Parameters,414",
    "StructureDefinition,980", "Contract,5385"})
  void aTypeHasThatManyLeaves(String type, int leaves) {
    assertEquals(leaves, leaves(FhirSchema.of(type).current().columns()));
  }

  @Test
  void everyResourceTypeOfR4HasTables() {
    assertEquals(146, FhirSchema.types().size());
    for (String type : FhirSchema.types()) {
      assertEquals(type, FhirSchema.of(type).current().name());
      assertEquals(type + "_history", FhirSchema.of(type).history().name());
      assertEquals("id", FhirSchema.of(type).history().key());
    }
    assertThrows(IllegalArgumentException.class, () -> FhirSchema.of("HumanName"));
    assertThrows(IllegalArgumentException.class, () -> FhirSchema.of("DomainResource"));
  }

  @Test
  void noTwoNamesAreEqualRegardlessOfCase() {
    for (String type : FhirSchema.types()) distinct(type, FhirSchema.of(type).history().columns());
  }

  /** So that an underscore makes a name ours, and {@code json} a struct that is one. */
  @Test
  void noElementOfFhirHasANameOfOurs() {
    for (var definition : Definitions.r4().all()) noneIsOurs(definition.root());
  }

  @Test
  void aChoiceHasAColumnForEachType() {
    assertEquals("DECIMAL(38,18)", type("Observation", "valueQuantity", "value"));
    assertEquals("VARCHAR", type("Observation", "effectiveDateTime"));
    assertEquals("TIMESTAMP WITH TIME ZONE", type("Observation", "effectiveDateTime_at"));
    assertEquals("TIMESTAMP WITH TIME ZONE[]", type("Observation", "effectiveTiming", "event_at"));
    assertEquals("BOOLEAN", type("Patient", "deceasedBoolean"));
  }

  @Test
  void aChoiceOfAllTypesHasTheCommonOnesAndOneForTheOthers() {
    assertEquals("VARCHAR", type("Parameters", "parameter", "valueString"));
    assertEquals("VARCHAR", type("Parameters", "parameter", "value_any"));
    assertEquals(null, type("Parameters", "parameter", "valueMoney"));
    assertEquals("VARCHAR", type("Observation", "extension", "valueCodeableConcept", "text"));
    assertEquals("VARCHAR", type("StructureDefinition", "snapshot", "element", "fixed_any"));
    assertEquals(null, type("StructureDefinition", "snapshot", "element", "fixedString"));
  }

  @Test
  void whatContainsItselfDoesSoTwiceAndIsTextBelow() {
    assertEquals("VARCHAR", type("Questionnaire", "item", "item", "text"));
    assertEquals("VARCHAR", type("Questionnaire", "item", "item", "item_json"));
    assertEquals("VARCHAR", type("Observation", "subject", "identifier", "assigner", "identifier", "value"));
    assertEquals("VARCHAR", type("Observation", "subject", "identifier", "assigner", "identifier", "assigner_json"));
  }

  @Test
  void extensionsAreTypedAtTheRootAndJsonBelow() {
    assertEquals("STRUCT(\"url\" VARCHAR, \"json\" VARCHAR)[]", type("Patient", "extension", "extension"));
    assertEquals("STRUCT(\"url\" VARCHAR, \"json\" VARCHAR)[]", type("Patient", "name", "extension"));
    assertEquals("STRUCT(\"resourceType\" VARCHAR, \"id\" VARCHAR, \"json\" VARCHAR)[]", type("Patient", "contained"));
    assertEquals("STRUCT(\"resourceType\" VARCHAR, \"id\" VARCHAR, \"json\" VARCHAR)",
        type("Bundle", "entry", "resource"));
    assertEquals("VARCHAR", type("Patient", "birthDate_ext"));
    assertEquals("VARCHAR", type("Patient", "name", "family_ext"));
    assertEquals(null, type("Patient", "contact", "name", "family_ext"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Observation", "Contract", "Bundle"})
  void duckDbSeesInAnEmptyFileTheTypesThatWeSay(String type) throws Exception {
    Path file = folder.resolve("empty.parquet");
    List<Column> columns = FhirSchema.of(type).history().columns();
    ParquetFiles.writeEmpty(file, FhirSchema.of(type).history());

    try (var db = DriverManager.getConnection("jdbc:duckdb:"); var statement = db.createStatement()) {
      statement.execute("create table said (" + String.join(", ",
          columns.stream().map(column -> DuckTypes.quoted(column.name()) + " " + DuckTypes.of(column)).toList()) + ")");
      List<String> said = described(statement, "describe said");
      assertEquals(columns.size(), said.size());
      assertEquals(said, described(statement, "describe select * from read_parquet('" + file + "')"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Patient", "Observation", "Contract", "Bundle"})
  void deltaKernelReadsTheSchemaString(String type) {
    TableSchema schema = FhirSchema.of(type).history();

    var read = DataTypeJsonSerDe.deserializeStructType(schema.deltaSchema());

    assertEquals(schema.columns().stream().map(Column::name).toList(), read.fieldNames());
    assertEquals("timestamp", read.get("lake_at").getDataType().toString());
    assertTrue(read.toString().contains("Decimal(38, 18)") == schema.deltaSchema().contains("decimal(38,18)"));
  }

  @Test
  void parquetTypesAreTheColumnsAgain() {
    for (String type : FhirSchema.types()) {
      List<Column> columns = FhirSchema.of(type).history().columns();
      assertEquals(columns, ParquetTypes.columns(ParquetTypes.message(columns)));
    }
  }

  private static List<String> described(java.sql.Statement statement, String query) throws Exception {
    List<String> lines = new ArrayList<>();
    try (var rows = statement.executeQuery(query)) {
      while (rows.next()) lines.add(rows.getString("column_name") + " " + rows.getString("column_type"));
    }
    return lines;
  }

  private static int leaves(List<Column> columns) {
    return columns.stream()
        .mapToInt(column -> one(column) instanceof Struct struct ? leaves(struct.fields()) : 1)
        .sum();
  }

  private static Column one(Column column) {
    return column instanceof Repeated list ? list.element() : column;
  }

  /** DuckDB's type of the column at this path; null when there is none. */
  private static String type(String type, String... path) {
    List<Column> columns = FhirSchema.of(type).current().columns();
    Column found = null;
    for (String name : path) {
      found = columns.stream().filter(column -> column.name().equals(name)).findFirst().orElse(null);
      if (found == null) return null;
      columns = one(found) instanceof Struct struct ? struct.fields() : List.of();
    }
    return DuckTypes.of(found);
  }

  private static void distinct(String path, List<Column> columns) {
    assertFalse(columns.isEmpty(), path);
    Set<String> names = new HashSet<>();
    for (Column column : columns) {
      String name = path + "." + column.name();
      assertTrue(names.add(column.name().toLowerCase(Locale.ROOT)), name);
      if (one(column) instanceof Struct struct) distinct(name, struct.fields());
    }
  }

  private static void noneIsOurs(Element element) {
    for (Element child : element.children()) {
      assertFalse(child.name().contains("_") || child.name().equals("json"), child.path());
      noneIsOurs(child);
    }
  }
}
