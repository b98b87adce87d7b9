package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The rows that a transaction holds, as they were when it got them. Until its end nobody else changes them. */
final class HeldRows {
  private final Database database;
  private final Session session;
  private final Map<String, Map<String, Held>> held = new HashMap<>();
  private final Map<String, Set<String>> asked = new HashMap<>();

  private record Held(Stored stored, boolean erased) {}

  HeldRows(Database database, Session session) {
    this.database = database;
    this.session = session;
  }

  /** Waits for the rows of these, type by type and id by id, so that two who want the same wait in one direction. What is held already is not waited for. */
  Future<?> hold(Map<String, Set<String>> wanted) {
    SortedMap<String, Set<String>> inOrder = new TreeMap<>(wanted);
    Future<?> before = Future.succeededFuture();
    for (Map.Entry<String, Set<String>> each : inOrder.entrySet()) {
      Set<String> fresh = new TreeSet<>(each.getValue());
      Set<String> known = asked.computeIfAbsent(each.getKey(), type -> new TreeSet<>());
      fresh.removeAll(known);
      known.addAll(fresh);
      if (!fresh.isEmpty()) before = before.compose(done -> hold(each.getKey(), fresh));
    }
    return before;
  }

  private Future<?> hold(String type, Set<String> wanted) {
    return session.ask(Table.of(Definition.of(type)).hold(), Tuple.of(wanted.toArray(String[]::new)))
        .compose(rows -> database.offLoop(() -> {
          Map<String, Held> found = new HashMap<>();
          try (Body body = new Body()) {
            rows.forEach(row -> found.put(row.getString("id"),
                new Held(Version.whatever(type, row, body, database.damage()), row.getBoolean("erased"))));
          }
          return found;
        }))
        .onSuccess(found -> held.computeIfAbsent(type, first -> new HashMap<>()).putAll(found));
  }

  /** Null when it was never there. */
  Stored stored(String type, String id) {
    Held row = row(type, id);
    return row == null ? null : row.stored();
  }

  boolean erased(String type, String id) {
    Held row = row(type, id);
    return row != null && row.erased();
  }

  private Held row(String type, String id) {
    return held.getOrDefault(type, Map.of()).get(id);
  }
}
