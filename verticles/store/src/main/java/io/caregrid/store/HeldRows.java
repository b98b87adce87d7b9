package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The rows that a transaction holds, as they were when it got them. Until its end nobody else changes them. Their bodies are in memory: a tenth of the heap holds
 * them, or the transaction is refused.
 */
final class HeldRows {
  private static final int CHUNK = 200;
  private static final long MOST = Math.max(64L << 20, Runtime.getRuntime().maxMemory() / 10);

  private final Database database;
  private final Session session;
  private final long most;
  private final Map<String, Map<String, Held>> held = new HashMap<>();
  private final Map<String, Set<String>> asked = new HashMap<>();

  private long bytes;

  private record Held(Stored stored, boolean erased) {}

  HeldRows(Database database, Session session) {
    this(database, session, MOST);
  }

  /** @param most bytes of bodies */
  HeldRows(Database database, Session session, long most) {
    this.database = database;
    this.session = session;
    this.most = most;
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
      List<String> ids = List.copyOf(fresh);
      for (int from = 0; from < ids.size(); from += CHUNK) {
        List<String> chunk = ids.subList(from, Math.min(from + CHUNK, ids.size()));
        before = before.compose(done -> hold(each.getKey(), chunk));
      }
    }
    return before;
  }

  /** TooLarge 413 when the bodies are too much for this node's memory. */
  private Future<?> hold(String type, List<String> wanted) {
    return session.ask(Table.of(Definition.of(type)).hold(), Tuple.of(wanted.toArray(String[]::new)))
        .compose(rows -> database.offLoop(() -> {
          Map<String, Held> found = new HashMap<>();
          try (Body body = new Body()) {
            rows.forEach(row -> found.put(row.getString("id"),
                new Held(Version.whatever(type, row, body, database.damage()), row.getBoolean("erased"))));
          }
          return found;
        }))
        .map(found -> {
          for (Held one : found.values()) take(one.stored());
          held.computeIfAbsent(type, first -> new HashMap<>()).putAll(found);
          return null;
        });
  }

  /** Of what the transaction has found, too. */
  synchronized void take(Stored stored) {
    if (stored.body() != null) bytes += stored.body().length();
    if (bytes > most)
      throw new Failure.TooLarge("The resources that the transaction changes or finds have more than " + (most >> 20)
          + " MB as they are: send less at once");
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

  /** @param id null for what a condition did not find */
  private Held row(String type, String id) {
    return id == null ? null : held.getOrDefault(type, Map.of()).get(id);
  }
}
