package io.caregrid.analytics.lake.schema;

import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import java.util.stream.Collectors;

/** Columns in the words of DuckDB, for a cast or an empty table. Names are quoted. */
public final class DuckTypes {
  private DuckTypes() {}

  /** The type of one column, e.g. {@code STRUCT("system" VARCHAR, "code" VARCHAR)[]}. */
  public static String of(Column column) {
    if (column instanceof Leaf leaf) return name(leaf.kind());
    if (column instanceof Repeated list) return of(list.element()) + "[]";
    return ((Struct) column).fields()
        .stream()
        .map(field -> quoted(field.name()) + " " + of(field))
        .collect(Collectors.joining(", ", "STRUCT(", ")"));
  }

  static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static String name(Kind kind) {
    return switch (kind) {
      case TEXT -> "VARCHAR";
      case BOOLEAN -> "BOOLEAN";
      case INTEGER -> "INTEGER";
      case LONG -> "BIGINT";
      case DECIMAL -> "DECIMAL(38,18)";
      case INSTANT -> "TIMESTAMP WITH TIME ZONE";
    };
  }
}
