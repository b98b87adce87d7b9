package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A version on its way into a transaction.
 *
 * @param step whose it is
 * @param was  the version it replaces, 0 for none
 * @param keep that one goes into the history
 */
record Packed(int step, Version version, int was, boolean keep) {

  /** A statement for each type that is created, and for each that is replaced. {@link Raced} when not all of them found what they expected. */
  static Future<?> send(Session session, List<Packed> packed) {
    Map<String, List<Packed>> created = new TreeMap<>();
    Map<String, List<Packed>> replaced = new TreeMap<>();
    for (Packed one : packed)
      (one.was() == 0 ? created : replaced).computeIfAbsent(one.type(), type -> new ArrayList<>()).add(one);
    List<Future<?>> sent = new ArrayList<>();
    created.forEach((type, many) -> sent.add(send(session, many, table(type).createMany(), rows(many))));
    replaced.forEach((type, many) -> sent.add(send(session, many, table(type).replaceMany(), rows(many)
        .addValue(many.stream().map(Packed::was).toArray(Integer[]::new))
        .addValue(many.stream().map(Packed::keep).toArray(Boolean[]::new)))));
    return sent.isEmpty() ? Future.succeededFuture() : Future.all(sent);
  }

  private String type() {
    return version.stored().type();
  }

  private static Table table(String type) {
    return Table.of(Definition.of(type));
  }

  private static Tuple rows(List<Packed> many) {
    return Version.rows(many.stream().map(Packed::version).toList());
  }

  private static Future<?> send(Session session, List<Packed> many, String sql, Tuple values) {
    return session.ask(sql, values).map(rows -> {
      if (rows.size() != many.size()) throw new Raced();
      return null;
    });
  }
}
