package io.caregrid.analytics.lake.parquet;

import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.Column.Repeated;
import io.caregrid.analytics.lake.schema.Column.Struct;
import java.util.ArrayList;
import java.util.List;

/** Which of some columns carry a value in the rows seen so far. */
final class Carried {
  private final List<Column> columns;
  private final boolean[] seen;
  /** Of structs and lists of structs; null of leaves. */
  private final Carried[] below;

  Carried(List<Column> columns) {
    this.columns = columns;
    this.seen = new boolean[columns.size()];
    this.below = new Carried[columns.size()];
  }

  /** @param values one for each column, as of {@code RowWriter} */
  void see(Object[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) see(i, values[i]);
    }
  }

  private void see(int column, Object value) {
    seen[column] = true;
    if (value instanceof Object[] fields) {
      below(column).see(fields);
    } else if (value instanceof List<?> list) {
      for (Object element : list) {
        if (!(element instanceof Object[] fields)) continue;
        below(column).see(fields);
      }
    }
  }

  private Carried below(int column) {
    if (below[column] == null) below[column] = new Carried(fields(columns.get(column)));
    return below[column];
  }

  private static List<Column> fields(Column column) {
    Column one = column instanceof Repeated list ? list.element() : column;
    return ((Struct) one).fields();
  }

  boolean has(int column) {
    return seen[column];
  }

  /** Counts as seen, whatever the rows say. */
  void keep(int column) {
    seen[column] = true;
  }

  List<Column> columns() {
    List<Column> kept = new ArrayList<>();
    for (int i = 0; i < seen.length; i++) {
      if (seen[i]) kept.add(kept(i));
    }
    return kept;
  }

  private Column kept(int column) {
    Column whole = columns.get(column);
    if (below[column] == null) return whole;
    if (whole instanceof Struct) return new Struct(whole.name(), below[column].columns());
    return new Repeated(whole.name(), new Struct(((Repeated) whole).element().name(), below[column].columns()));
  }

  /** Of a struct, or a list's struct, that was seen. */
  Carried of(int column) {
    return below[column];
  }
}
