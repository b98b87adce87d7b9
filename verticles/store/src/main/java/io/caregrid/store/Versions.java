package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks up what is there and what was there, by id and by time: in one session. */
final class Versions {
  /** Behind every id there is. */
  private static final String LAST_ID = "~";
  private static final String EVERY = "";
  private static final int INLINE_BYTES = 32 << 10;
  private static final Map<String, String> NEWEST = new ConcurrentHashMap<>();
  private static final Map<String, String> OLDEST = new ConcurrentHashMap<>();
  private static final Map<String, String> COUNTS = new ConcurrentHashMap<>();

  /** Of all versions of a type, or of all types. */
  private static final int COUNTING_SECONDS = 5;

  private final Session session;
  private final Database database;
  /** Of a transaction, else null. */
  private final SqlClient client;

  Versions(Database database) {
    this(database::ask, database, null);
  }

  /** On the connection of a transaction. */
  Versions(SqlConnection connection, Database database) {
    this(Session.on(connection), database, connection);
  }

  private Versions(Session session, Database database, SqlClient client) {
    this.session = session;
    this.database = database;
    this.client = client;
  }

  /** As it lies there, a deletion included; null when it was never there. What was erased is a deletion here: there is a version to come after. */
  Future<Stored> find(Definition definition, String id) {
    return row(definition, id).compose(row -> stored(definition.type(), row));
  }

  /** As it may be shown: null also when it was erased. */
  Future<Stored> shown(Definition definition, String id) {
    return row(definition, id)
        .compose(row -> stored(definition.type(), row.filter(there -> !there.getBoolean("erased"))));
  }

  private Future<Optional<Row>> row(Definition definition, String id) {
    return session.ask(Table.of(definition).read(), Tuple.of(id)).map(Versions::first);
  }

  private static Optional<Row> first(RowSet<Row> rows) {
    return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
  }

  /** Null when there is no such version. */
  Future<Stored> find(Definition definition, String id, int version) {
    return session.ask(Table.of(definition).vread(), Tuple.of(id, version))
        .compose(rows -> stored(definition.type(), first(rows)));
  }

  /** Null for none. Long bodies are inflated off the event loop. */
  private Future<Stored> stored(String type, Optional<Row> found) {
    if (found.isEmpty()) return Future.succeededFuture();
    return inflated(type, found.get());
  }

  /** Of a row that has its body, unless it is a deletion. */
  Future<Stored> inflated(String type, Row row) {
    Buffer packed = row.getBuffer("body");
    return packed != null && packed.length() > INLINE_BYTES
        ? database.offLoop(() -> stored(type, row))
        : Future.succeededFuture(stored(type, row));
  }

  private Stored stored(String type, Row row) {
    try (Body body = new Body()) {
      return Version.whatever(type, row, body, database.damage());
    }
  }

  /** Of one resource. NotFound 404 when its id was never there. */
  Future<Page> history(Definition definition, String id, HistoryQuery query) {
    if (query.at() == null) return from(definition, id, query);
    return session.ask(Table.of(definition).made(), Tuple.of(id, Version.utc(HistoryQuery.bounded(query.at()))))
        .compose(rows -> {
          OffsetDateTime made = rows.iterator().next().getOffsetDateTime("made");
          return from(definition, id, query.beginning(made == null ? null : made.toInstant()));
        });
  }

  private Future<Page> from(Definition definition, String id, HistoryQuery query) {
    int edge = query.page() == null ? 0 : PageToken.version(query.page());
    int above = query.oldestFirst() ? edge : 0;
    int below = query.oldestFirst() || query.page() == null ? Integer.MAX_VALUE : edge;
    Tuple values = Tuple.of(id, above, below, Version.utc(query.from()), Version.utc(query.until()), query.count() + 1);
    return session.ask(Table.of(definition).history(query.oldestFirst()), values)
        .compose(rows -> rows.size() > 0 || query.page() != null
            ? database.offLoop(() -> page(definition, rows, query))
            : shown(definition, id).map(found -> {
              if (found == null)
                throw new Failure.NotFound("There never was a " + definition.type() + " with this id");
              return new Page(List.of(), OptionalLong.of(0), null, List.of(), List.of());
            }));
  }

  private Page page(Definition definition, RowSet<Row> rows, HistoryQuery query) {
    List<Stored> entries = new ArrayList<>();
    long total = 0;
    long fetched = 0;
    try (Body body = new Body()) {
      for (Row row : rows) {
        if (entries.size() < query.count())
          entries.add(Version.whatever(definition.type(), row, body, database.damage()));
        total = row.getLong("versions");
        fetched = row.getLong("fetched");
      }
    }
    boolean more = fetched > entries.size() && !entries.isEmpty();
    String next = more ? PageToken.below(entries.get(entries.size() - 1).version()) : null;
    return page(entries, OptionalLong.of(total), next);
  }

  private static Page page(List<Stored> entries, OptionalLong total, String next) {
    return new Page(entries, total, next, entries.stream().filter(Stored::unreadable).toList(),
        Whose.patients(entries));
  }

  /** Of all resources of a type, or of all types for null. Of one time they come by id, version and type, so that no page repeats or misses one. */
  Future<Page> history(String type, HistoryQuery query) {
    if (query.at() != null) throw new Failure.Invalid("_at is for the history of one resource: ask others with _since");
    if (query.count() == 0) return counted(type, query);
    String sql = timeline(type, query.oldestFirst());
    PageToken.Past edge = query.page() != null
        ? PageToken.past(query.page())
        : query.oldestFirst()
            ? new PageToken.Past(Span.NONE.from(), "", "", 0)
            : new PageToken.Past(Span.LAST, "", LAST_ID, Integer.MAX_VALUE);
    Instant from = query.oldestFirst() ? later(query.from(), edge.at()) : query.from();
    Instant until = query.oldestFirst() ? query.until() : earlier(query.until(), edge.at());
    Tuple values = Tuple.of(Version.utc(edge.at()), edge.id(), edge.version(), edge.type(), Version.utc(query.from()),
        Version.utc(query.until()))
        .addValue(Version.hour(from))
        .addValue(Version.hour(until))
        .addValue(query.count() + 1);
    return session.ask(sql, values).compose(rows -> database.offLoop(() -> page(rows, query)));
  }

  /**
   * Looks at every version there is in that time: with the searches, so that it keeps nobody waiting who reads or writes. TooCostly 422: the server ended
   * it.
   */
  private Future<Page> counted(String type, HistoryQuery query) {
    Tuple values = Tuple.of(Version.utc(query.from()), Version.utc(query.until()))
        .addValue(Version.hour(query.from()))
        .addValue(Version.hour(query.until()));
    String sql = COUNTS.computeIfAbsent(type == null ? EVERY : type,
        key -> "select (" + (type == null ? Definition.types().stream() : Stream.of(type))
            .map(one -> Table.of(Definition.of(one)).timed())
            .collect(Collectors.joining(" + ")) + ") as versions");
    Future<RowSet<Row>> counted = client == null
        ? database.small(() -> counted(sql, values))
        : counted(sql, values);
    return counted.map(rows -> page(List.of(), OptionalLong.of(rows.iterator().next().getLong("versions")), null));
  }

  private Future<RowSet<Row>> counted(String sql, Tuple values) {
    return Asking.within(Duration.ofSeconds(Database.PATIENCE_SECONDS), database, client)
        .findWithin(COUNTING_SECONDS, new SearchPlan.Statement(sql, sql, values))
        .recover(cause -> Future.failedFuture(cause instanceof Failure.TooCostly
            ? new Failure.TooCostly("To count so many versions takes too long: ask of less time with _since or _before")
            : cause));
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private Page page(RowSet<Row> rows, HistoryQuery query) {
    List<Stored> entries = new ArrayList<>();
    long fetched = 0;
    try (Body body = new Body()) {
      for (Row row : rows) {
        if (entries.size() < query.count())
          entries.add(Version.whatever(row.getString("type"), row, body, database.damage()));
        fetched = row.getLong("fetched");
      }
    }
    boolean more = fetched > entries.size() && !entries.isEmpty();
    Stored last = more ? entries.get(entries.size() - 1) : null;
    String next = more
        ? PageToken.of(new PageToken.Past(last.updated(), last.type(), last.id(), last.version()))
        : null;
    return page(entries, OptionalLong.empty(), next);
  }

  /** One statement, over all types for null. */
  private static String timeline(String type, boolean oldestFirst) {
    Map<String, String> made = oldestFirst ? OLDEST : NEWEST;
    return made.computeIfAbsent(type == null ? EVERY : type, key -> {
      String order = oldestFirst ? "upd, id, ver, type" : "upd desc, id desc, ver desc, type desc";
      return Table.bounded(type == null ? system(oldestFirst, order) : of(type, oldestFirst), order);
    });
  }

  private static String of(String type, boolean oldestFirst) {
    Table table = Table.of(Definition.of(type));
    return oldestFirst ? table.oldest() : table.newest();
  }

  private static String system(boolean oldestFirst, String order) {
    return Definition.types()
        .stream()
        .map(type -> "(" + of(type, oldestFirst) + ")")
        .collect(Collectors.joining(" union all ", "select * from (", ") v order by " + order + " limit $9"));
  }
}
