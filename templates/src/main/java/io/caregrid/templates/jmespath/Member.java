package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * {@code to_array(path)[?name]}, what most calculated templates begin with, and {@code path[?name]}; where no array lies the answer needs no evaluation.
 *
 * @param path    names, one below the other; none for {@code @}
 * @param wrapped what is no array counts as an array of one
 */
record Member(List<String> path, boolean wrapped, String name) {

  /** Null when it is of another form. */
  static Member of(Expr root) {
    if (!(root instanceof Expr.Projection projection) || projection.ofObject()) return null;
    boolean all = projection.each() instanceof Expr.Current && projection.test() instanceof Expr.Field;
    if (!all) return null;
    boolean wrapped = projection.left() instanceof Expr.ToArray;
    Expr left = projection.left() instanceof Expr.ToArray array ? array.of() : projection.left();
    List<String> path = left instanceof Expr.Current ? List.of() : names(left);
    return path == null ? null : new Member(path, wrapped, ((Expr.Field) projection.test()).name());
  }

  /** Of an expression that is nothing but names with dots between them; else null. */
  static List<String> names(Expr expr) {
    Deque<String> names = new ArrayDeque<>();
    Expr at = expr;
    for (; at instanceof Expr.Sub sub; at = sub.left()) {
      if (!(sub.right() instanceof Expr.Field field)) return null;
      names.addFirst(field.name());
    }
    if (!(at instanceof Expr.Field first)) return null;
    names.addFirst(first.name());
    return List.copyOf(names);
  }

  /** What lies at the end of the path; null when there is nothing. */
  JsonNode container(JsonNode data) {
    JsonNode at = data;
    for (int i = 0; i < path.size() && at != null; i++) at = at.get(path.get(i));
    return at;
  }

  /** Of a container that is no array. */
  List<JsonNode> of(JsonNode container) {
    JsonNode value = wrapped && container != null ? container.get(name) : null;
    return value != null && Values.truthy(value) ? List.of(container) : List.of();
  }
}
