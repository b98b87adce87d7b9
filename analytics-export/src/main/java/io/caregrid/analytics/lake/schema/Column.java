package io.caregrid.analytics.lake.schema;

import java.util.List;

/**
 * A column of a lake table, or a field in one. Every column may be null: FHIR has next to nothing that must be there.
 *
 * <p>A name tells what the column is. FHIR's own are as in its JSON ({@code valueQuantity}); none of them has an underscore. Ours, beside the one they
 * belong to:
 * <ul>
 * <li>{@code lake_…}: the lake's own; {@code lake_rest} is what had no other place, JSON pointer → value, as JSON
 * <li>{@code <name>_text}: the literal of a decimal, where the column does not hold it exactly, trailing zeros included
 * <li>{@code <name>_at}: the instant, UTC, at which a date begins
 * <li>{@code <name>_ext}: {@code _<name>} of FHIR's JSON, id and extensions of a primitive, as JSON
 * <li>{@code <name>_json}: instead of the column, where a type contains itself for the third time, as JSON
 * <li>{@code <stem>_any}: of a choice of all types the one that has no column of its own, e.g. {@code {"valueMoney": …}}
 * </ul>
 * A struct with the field {@code json} is that JSON object; its other fields are copies.
 */
public sealed interface Column {
  String name();

  /** What a leaf holds. In a row: text, boolean, number, number, number, number. */
  enum Kind {
    /** UTF-8 */
    TEXT,
    BOOLEAN,
    /** 32 bits, signed */
    INTEGER,
    /** 64 bits, signed */
    LONG,
    /** 38 digits, 18 of them behind the point */
    DECIMAL,
    /** microseconds since 1970, UTC; a row may also give FHIR's text when it is written */
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
