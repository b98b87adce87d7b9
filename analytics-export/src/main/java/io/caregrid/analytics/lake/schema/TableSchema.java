package io.caregrid.analytics.lake.schema;

import java.util.List;

/**
 * A table of the lake: its name and all columns it can have. A file of it may lack any of them but not have others.
 *
 * @param name    folder and SQL name, e.g. {@code Observation}, {@code Observation_history}
 * @param columns in order; the first is the key of the table's rows ({@code id}; of vitals {@code observation})
 */
public record TableSchema(String name, List<Column> columns) {
  public TableSchema {
    columns = List.copyOf(columns);
  }

  /** Name of the column by which the table's rows are replaced. */
  public String key() {
    return columns.get(0).name();
  }

  /** Delta's {@code schemaString}: PROTOCOL.md, "Schema Serialization Format". */
  public String deltaSchema() {
    return DeltaTypes.schemaString(columns);
  }
}
