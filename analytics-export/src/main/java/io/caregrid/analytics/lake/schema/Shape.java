package io.caregrid.analytics.lake.schema;

import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which field of a JSON object stands in which columns of a struct. Read from the columns' names alone ({@link Column}), so that it holds for a file that
 * lacks some of them as well as for the whole table.
 */
final class Shape {
  /** No such column. */
  static final int NONE = -1;
  static final String REST = "lake_rest";
  private static final String OURS = "lake_";
  private static final String BOX = "json";

  /** What becomes of one field. Numbers are places in {@link #columns}. */
  sealed interface Slot {}

  /** @param text of a decimal's literal, @param begin of a date's instant, @param at of the value itself */
  record Plain(int at, Kind kind, boolean list, int text, int begin) implements Slot {}

  record Nested(int at, Shape shape, boolean list) implements Slot {}

  /**
   * An object kept as JSON text, with copies of some of its fields beside it.
   *
   * @param fields of the struct, in order; the text's is {@code json}
   */
  record Boxed(int at, List<String> fields, int json, boolean list) implements Slot {}

  /** Any JSON, as text. */
  record Text(int at) implements Slot {}

  final List<Column> columns;
  /** By the name of the JSON field. */
  final Map<String, Slot> slots = new LinkedHashMap<>();
  /** Stem of an open choice ({@code value}) → column that takes the types without a column of their own. */
  final Map<String, Integer> choices = new HashMap<>();
  /** Column for what has no other place. */
  final int rest;

  private Shape(List<Column> columns) {
    this.columns = columns;
    int rest = NONE;
    for (int at = 0; at < columns.size(); at++) {
      if (columns.get(at).name().equals(REST)) {
        rest = at;
      } else {
        add(columns.get(at), at);
      }
    }
    this.rest = rest;
  }

  static Shape of(List<Column> columns) {
    return new Shape(columns);
  }

  private void add(Column column, int at) {
    String name = column.name();
    int underscore = name.startsWith(OURS) ? NONE : name.lastIndexOf('_');
    if (underscore <= 0) {
      slots.merge(name, slot(column, at), Shape::together);
      return;
    }
    String stem = name.substring(0, underscore);
    boolean list = column instanceof Repeated;
    switch (name.substring(underscore + 1)) {
      case "json" -> slots.put(stem, new Text(at));
      case "ext" -> slots.put('_' + stem, new Text(at));
      case "any" -> choices.put(stem, at);
      case "text" -> slots.merge(stem, new Plain(NONE, Kind.DECIMAL, list, at, NONE), Shape::together);
      case "at" -> slots.merge(stem, new Plain(NONE, Kind.TEXT, list, NONE, at), Shape::together);
      default -> throw new IllegalArgumentException("not a column of the lake: " + name);
    }
  }

  private static Slot slot(Column column, int at) {
    boolean list = column instanceof Repeated;
    Column one = list ? ((Repeated) column).element() : column;
    if (one instanceof Leaf leaf) return new Plain(at, leaf.kind(), list, NONE, NONE);
    List<String> names = ((Struct) one).fields().stream().map(Column::name).toList();
    if (names.contains(BOX)) return new Boxed(at, names, names.indexOf(BOX), list);
    return new Nested(at, of(((Struct) one).fields()), list);
  }

  /** One of the columns of a field, and the ones found before. */
  private static Slot together(Slot before, Slot more) {
    Plain a = (Plain) before;
    Plain b = (Plain) more;
    Kind kind = a.at == NONE ? b.kind : a.kind;
    return new Plain(Math.max(a.at, b.at), kind, a.list, Math.max(a.text, b.text), Math.max(a.begin, b.begin));
  }

  /** The column of the open choice that a field of this name belongs to ({@code valueMoney}, {@code _valueMoney}); {@link #NONE} when there is none. */
  int choice(String field) {
    if (choices.isEmpty()) return NONE;
    String name = field.startsWith("_") ? field.substring(1) : field;
    for (Map.Entry<String, Integer> choice : choices.entrySet()) {
      int stem = choice.getKey().length();
      boolean ours = name.length() > stem && name.startsWith(choice.getKey())
          && Character.isUpperCase(name.charAt(stem));
      if (ours) return choice.getValue();
    }
    return NONE;
  }
}
