package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Value;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * One select of a view. It fills its columns of a row, lets its inner selects and its unionAll fill theirs, and goes on; so every combination comes to
 * be, one after the other, and never more than one row is in memory however many there are.
 *
 * @param paths   of forEach and forEachOrNull one, of repeat any number
 * @param place   of them in the ViewDefinition
 * @param columns its own
 * @param selects all of them combined
 * @param union   one branch after the other
 */
record Selection(Each each, List<FhirPath> paths, String place, List<Column> columns, List<Selection> selects,
    List<Selection> union) {

  /** Levels of repeat. JSON is not nested deeper; a path that finds itself again is. */
  private static final int DEEPEST = 200;

  /** For which elements there are rows. */
  enum Each {
    ONE(null), FOR_EACH("forEach"), FOR_EACH_OR_NULL("forEachOrNull"), REPEAT("repeat");

    final String member;

    Each(String member) {
      this.member = member;
    }
  }

  /**
   * @param go goes on with the row when its columns are filled; false: no more
   * @return false: no more
   */
  boolean rows(Focus focus, JsonNode[] row, BooleanSupplier go) {
    if (each == Each.ONE) return filled(focus, row, go);
    if (each == Each.REPEAT) return new Walk(focus, row, go).below(focus.at(), 1);
    List<Value> found = focus.values(paths.get(0), place);
    if (found.isEmpty() && each == Each.FOR_EACH_OR_NULL) {
      clear(row);
      return go.getAsBoolean();
    }
    for (int i = 0; i < found.size(); i++) {
      if (!filled(focus.on(found.get(i), i), row, go)) return false;
    }
    return true;
  }

  private boolean filled(Focus focus, JsonNode[] row, BooleanSupplier go) {
    for (Column column : columns) row[column.index()] = column.value(focus);
    return part(0, focus, row, go);
  }

  private boolean part(int next, Focus focus, JsonNode[] row, BooleanSupplier go) {
    if (next < selects.size()) return selects.get(next).rows(focus, row, () -> part(next + 1, focus, row, go));
    if (union.isEmpty()) return go.getAsBoolean();
    for (Selection branch : union) {
      if (!branch.rows(focus, row, go)) return false;
    }
    return true;
  }

  private void clear(JsonNode[] row) {
    for (Column column : columns) row[column.index()] = column.nothing();
    selects.forEach(select -> select.clear(row));
    if (!union.isEmpty()) union.get(0).clear(row);
  }

  /** Down along the paths of repeat, each element before what is below it. */
  private final class Walk {
    private final Focus focus;
    private final JsonNode[] row;
    private final BooleanSupplier go;
    private int index;

    Walk(Focus focus, JsonNode[] row, BooleanSupplier go) {
      this.focus = focus;
      this.row = row;
      this.go = go;
    }

    boolean below(Value element, int depth) {
      if (depth > DEEPEST) throw Focus.failed(place, "finds itself again: more than " + DEEPEST + " levels");
      Focus here = focus.on(element, 0);
      for (FhirPath path : paths) {
        for (Value found : here.values(path, place)) {
          if (!filled(focus.on(found, index++), row, go) || !below(found, depth + 1)) return false;
        }
      }
      return true;
    }
  }
}
