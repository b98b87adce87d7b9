package io.caregrid.store;

import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Rows that an older version wrote lack what this one finds resources by; until they are indexed anew searches of their type say so. Any thread. */
final class Reindexing {
  static final String LEFT = "select type from reindexing where done < most";
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Database database;
  /** Null before the first look; once empty, empty for good. */
  private volatile Set<String> left;
  private volatile long looked;

  Reindexing(Database database) {
    this.database = database;
  }

  /** Some of this type may not be found yet. */
  Future<Boolean> isLeft(String type) {
    return left().map(types -> types.contains(type));
  }

  Future<Page> noted(String type, Page page) {
    return isLeft(type).map(some -> {
      if (!some) return page;
      List<String> notes = new ArrayList<>(page.notes());
      notes.add(note(type));
      return new Page(page.entries(), page.total(), page.next(), page.unreadable(), page.patients(), page.included(),
          notes);
    });
  }

  static String note(String type) {
    return "those of type " + type
        + " that an older version wrote are still being indexed anew: some may be missing here";
  }

  private Future<Set<String>> left() {
    Set<String> known = left;
    if (known != null && (known.isEmpty() || System.nanoTime() - looked < LOOK_NANOS))
      return Future.succeededFuture(known);
    return database.ask(LEFT, Tuple.tuple()).map(rows -> {
      Set<String> types = new HashSet<>();
      for (Row row : rows) types.add(row.getString("type"));
      looked = System.nanoTime();
      left = types;
      return types;
    });
  }
}
