package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Runs a plan: one statement for the page, and one for the total where it is wanted. */
final class Search {
  private static final int MOST = 1_000;
  /** Up to here an estimate is exact. */
  private static final int COUNTED = 1_000;
  /** Of an accurate total. */
  private static final String LIMIT = "set local statement_timeout = '5s'";

  private final Database database;

  Search(Database database) {
    this.database = database;
  }

  Future<Page> run(SearchPlan plan, SearchQuery query) {
    if (query.count() < 0 || query.count() > MOST) throw new Failure.Invalid("_count is 0.." + MOST);
    Future<OptionalLong> total = total(plan, query);
    if (query.count() == 0) return total.map(found -> new Page(List.of(), found, null, List.of(), List.of()));
    PageToken.Key after = plan.key(query.page());
    return total.compose(found -> ask(database.pool(), plan.page(query.count() + 1, query.bytes(), after))
        .compose(rows -> database.offLoop(() -> page(plan, rows, query, found, database.damage()))));
  }

  /** Inflates the bodies and asks each whether it was really meant, off the event loop. */
  private static Page page(SearchPlan plan, RowSet<Row> rows, SearchQuery query, OptionalLong total, Damage damage) {
    List<Stored> entries = new ArrayList<>();
    List<Stored> unreadable = new ArrayList<>();
    Set<String> patients = new LinkedHashSet<>();
    String next = null;
    int seen = 0;
    int last = Math.min(query.count(), rows.size());
    try (Body body = new Body()) {
      for (Row row : rows) {
        if (seen++ == last) break;
        Stored stored = Version.whatever(plan.definition().type(), row, body, damage);
        Postings postings = postings(plan, stored, damage);
        boolean meant = postings != null && plan.holds(postings);
        if (postings == null) unreadable.add(stored);
        if (meant) entries.add(stored);
        if (meant && postings.patient() != null) patients.add(postings.patient());
        if (seen == last && fetched(row, rows, query) > last) next = plan.token(key(plan, row), row.getLong("sid"));
      }
    }
    return new Page(entries, total, next, unreadable, List.copyOf(patients));
  }

  /** Null when its body cannot be read. */
  private static Postings postings(SearchPlan plan, Stored stored, Damage damage) {
    if (stored.unreadable()) return null;
    try {
      return Postings.of(plan.definition(), Json.read(stored.body().getBytes()));
    } catch (Body.Damaged damaged) {
      damage.tell(stored, damaged.getMessage());
      return null;
    }
  }

  private static long fetched(Row row, RowSet<Row> rows, SearchQuery query) {
    return query.bytes() == 0 ? rows.size() : row.getLong("fetched");
  }

  private static Instant key(SearchPlan plan, Row last) {
    return last.getOffsetDateTime(plan.sort().byDate() ? "d0" : "upd").toInstant();
  }

  private Future<OptionalLong> total(SearchPlan plan, SearchQuery query) {
    return switch (query.total()) {
      case "accurate" -> accurate(plan).map(OptionalLong::of);
      case "estimate" -> estimate(plan).map(OptionalLong::of);
      case "none" ->
        query.count() > 0 ? Future.succeededFuture(OptionalLong.empty()) : accurate(plan).map(OptionalLong::of);
      default -> throw new Failure.Invalid("_total is none, estimate or accurate");
    };
  }

  private Future<Long> accurate(SearchPlan plan) {
    return database.pool()
        .withTransaction(connection -> connection.query(LIMIT)
            .execute()
            .compose(limited -> ask(connection, plan.count()))
            .map(Search::found));
  }

  private Future<Long> estimate(SearchPlan plan) {
    return ask(database.pool(), plan.countUpTo(COUNTED)).map(Search::found)
        .compose(found -> found < COUNTED
            ? Future.succeededFuture(found)
            : planned(plan).map(rows -> Math.max(rows, found)));
  }

  private static long found(RowSet<Row> rows) {
    return rows.iterator().next().getLong("found");
  }

  private Future<Long> planned(SearchPlan plan) {
    return ask(database.pool(), plan.estimate()).map(rows -> {
      JsonArray explained = (JsonArray) rows.iterator().next().getValue(0);
      return explained.getJsonObject(0).getJsonObject("Plan").getLong("Plan Rows");
    });
  }

  private static Future<RowSet<Row>> ask(SqlClient client, SearchPlan.Statement statement) {
    return client.preparedQuery(statement.sql()).execute(statement.values());
  }
}
