package io.caregrid.store;

import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.SqlClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs searches, over one type or several, each within its time, and no more at once than there is memory for ({@link Database#page}). Those that answer with
 * next to nothing wait for each other only ({@link Database#small}).
 */
final class Search {
  static final int MOST = 1_000;
  /** Of all that one search leads to; a statement that is under way then may end. */
  private static final Duration TIME = Duration.ofSeconds(20);
  /** So that all of it is answered within {@link Database#PATIENCE_SECONDS}. */
  static final Duration LABELS_TIME = Duration.ofSeconds(8);
  private static final AtomicBoolean COMPILED = new AtomicBoolean();

  private final Database database;
  /** Null: the searches' own. */
  private final SqlClient client;
  private final Reindexing reindexing;
  private final Duration time;

  Search(Database database) {
    this(database, null, new Reindexing(database), TIME);
    // so that nobody who asks for all types waits for their expressions on an event loop
    if (COMPILED.compareAndSet(false, true)) database.offLoop(Search::compiled);
  }

  private static int compiled() {
    Definition.types().forEach(Definition::of);
    return Definition.types().size();
  }

  private Search(Database database, SqlClient client, Reindexing reindexing, Duration time) {
    this.database = database;
    this.client = client;
    this.reindexing = reindexing;
    this.time = time;
  }

  /** The same on the connection of a transaction, which sees what it has written so far; of a pool the searches' own connections do. */
  Search on(SqlClient connection) {
    return connection instanceof Pool ? this : new Search(database, connection, reindexing, time);
  }

  Search within(Duration other) {
    return new Search(database, client, reindexing, other);
  }

  Future<Page> run(SearchQuery query, Instant now) {
    if (query.count() < 0 || query.count() > MOST) throw new Failure.Invalid("_count is 0.." + MOST);
    if (client != null) return found(query, now);
    return query.count() == 0 ? database.small(() -> found(query, now)) : database.page(() -> found(query, now));
  }

  /** As {@link #run}, for what a condition means: a few resources of at most {@link Criteria#FEW_BYTES} and one, which bring nothing along. */
  Future<Page> few(SearchQuery query, Instant now) {
    return client == null ? database.small(() -> found(query, now)) : found(query, now);
  }

  /** What the resources of these types are labelled with. */
  Future<Labels> labels(List<String> types) {
    return new LabelScan(Asking.within(LABELS_TIME, database, client), reindexing).run(types);
  }

  private Future<Page> found(SearchQuery query, Instant now) {
    TypeSearch search = new TypeSearch(Asking.within(time, database, client));
    return query.type() == null
        ? new SystemSearch(search).run(query, now)
        : search.run(query, now).compose(page -> reindexing.noted(query.type(), page));
  }
}
