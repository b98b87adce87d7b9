package io.caregrid.analytics.lake.schema;

import java.util.List;

/** A column of a lake table, or a field in one. Every column may be null: FHIR has next to nothing that must be there. */
public sealed interface Column {
  /** As FHIR's JSON names it, or one of ours ({@code lake_…}, {@code <name>_json}, {@code <name>_text}, {@code <name>_at}). */
  String name();

  /** What a leaf holds. */
  enum Kind {
    /** UTF-8 */
    TEXT, BOOLEAN,
    /** 32 bits, signed */
    INTEGER,
    /** 64 bits, signed */
    LONG,
    /** 38 digits, 18 of them behind the point */
    DECIMAL,
    /** microseconds since 1970, UTC */
    INSTANT
  }

  record Leaf(String name, Kind kind) implements Column {}

  record Struct(String name, List<Column> fields) implements Column {
    public Struct {
      fields = List.copyOf(fields);
    }
  }

  /** A list; {@code element} is a {@link Leaf} or a {@link Struct}, and its name is {@code element}. */
  record Repeated(String name, Column element) implements Column {}
}
