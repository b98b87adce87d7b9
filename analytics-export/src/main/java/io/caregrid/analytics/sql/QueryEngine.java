package io.caregrid.analytics.sql;

import io.caregrid.cluster.SqlConfig;
import io.caregrid.contract.Departed;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Grants;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Answers queries on the lake within limits of time, memory, rows and bytes: a few at once, a few waiting, the others refused.
 *
 * <p>Each query gets one state of the lake, and a connection of its own on which the views that it names exist; {@link SqlGate} has read it before, and only
 * the files of these views are made local.
 * Its answer is complete before it is given away ({@link Answer}).
 */
final class QueryEngine implements AutoCloseable {
  private static final int WAITING_PER_THREAD = 4;
  /** Answers on their way to their clients: each may lie on the disk. */
  private static final int OUT_PER_THREAD = 16;
  private static final long GLANCE_MILLIS = 50;
  private static final int TRIES = 3;

  private final Vertx vertx;
  private final Tables tables;
  private final SqlConfig config;
  private final Path answers;
  private final SqlGate gate;
  private final Duck duck;
  private final QueryThreads threads;
  private final AtomicInteger out = new AtomicInteger();
  /** The columns of a view never change while this process lives: its schema is FHIR's. */
  private final Map<String, Map<String, String>> columns = new ConcurrentHashMap<>();

  /** @param scratch folder of this node alone; what is left in it is removed. Blocking */
  QueryEngine(Vertx vertx, Tables tables, SqlConfig config, Path scratch) throws IOException, SQLException {
    this.vertx = vertx;
    this.tables = tables;
    this.config = config;
    answers = Scratch.emptied(scratch.resolve("answers"));
    gate = new SqlGate();
    duck = new Duck(config, tables.folders(), answers, Scratch.emptied(scratch.resolve("spill")));
    threads = new QueryThreads(config.atOnce(), config.atOnce() * WAITING_PER_THREAD);
  }

  /**
   * Completes on the caller's context, with an answer that the caller closes. Fails with Invalid 400, Unprocessable 422 (a value does not fit),
   * TooCostly 422, Busy 503, Forbidden 403 for a table that is not for whoever asks, or with the reason given to {@code running}.
   *
   * @param grants of whoever asks
   */
  Future<Answer> answer(Query query, Grants grants, Running running) {
    if (out.get() >= config.atOnce() * OUT_PER_THREAD)
      return Future.failedFuture(new Failure.Busy(
          "as many answers as this node keeps are on their way to slow clients: ask again in a moment"));
    return limited(running, () -> {
      try {
        return asked(query, grants, running);
      } catch (SQLException refused) {
        throw running.isStopped() || Refusals.isFatal(refused)
            ? refused
            : Refusals.of(refused, query.sql(), config.memoryMegabytes());
      }
    });
  }

  /** The lake goes on while its files are looked for: whoever comes too late for a state of it takes a newer one. */
  private Answer asked(Query query, Grants grants, Running running) throws SQLException, IOException {
    for (int n = 1;; n++) {
      try (Tables.Pinned lake = tables.pin()) {
        return answer(query, grants, lake, running);
      } catch (Tables.Outdated gone) {
        if (n == TRIES) throw (IOException) gone.getCause();
      }
    }
  }

  /** A view as it is described. @param columns name → DuckDB's type */
  record Described(Tables.View view, Map<String, String> columns) {}

  /** @param asOf see {@link Tables.Pinned#asOf} */
  record Catalogue(Instant asOf, List<Described> views) {}

  Future<Catalogue> catalogue() {
    Running running = new Running();
    return limited(running, () -> {
      try (Tables.Pinned lake = tables.pin()) {
        List<Described> described = new ArrayList<>();
        for (Tables.View view : new Offer(lake).views()) {
          running.check();
          described.add(new Described(view, columns(view, running)));
        }
        return new Catalogue(lake.asOf(), described);
      }
    });
  }

  private Map<String, String> columns(Tables.View view, Running running) throws SQLException {
    Map<String, String> known = columns.get(view.name());
    if (known != null) return known;
    Map<String, String> found = new LinkedHashMap<>();
    try (Connection connection = duck.connection();
        PreparedStatement all = running.uses(connection.prepareStatement("SELECT * FROM (" + view.empty() + ")"))) {
      ResultSetMetaData about = all.getMetaData();
      for (int i = 1; i <= about.getColumnCount(); i++) found.put(about.getColumnName(i), about.getColumnTypeName(i));
    }
    columns.put(view.name(), found);
    return found;
  }

  private Answer answer(Query query, Grants grants, Tables.Pinned lake, Running running)
      throws SQLException, IOException {
    Offer offer = new Offer(lake);
    Set<String> named = gate.check(query.sql(), offer.names());
    List<String> others = named.stream().filter(name -> !grants.mayQuery(name)).sorted().toList();
    if (!others.isEmpty())
      throw new Failure.Forbidden("your roles do not give you table " + String.join(", ", others)
          + "; GET /analytics/tables tells which they give");
    Map<String, String> views = new TreeMap<>();
    for (String name : named) {
      running.check();
      views.put(name, offer.query(name, running));
    }
    Answer answer = new Answer(query.form(), lake.asOf(), views.keySet(), answers.resolve(UUID.randomUUID().toString()),
        (long) config.resultMegabytes() << 20, out::decrementAndGet);
    out.incrementAndGet();
    try (Connection connection = duck.connection()) {
      for (Map.Entry<String, String> view : views.entrySet()) create(connection, view.getKey(), view.getValue());
      if (query.form() == Form.PARQUET) parquet(query, connection, answer, running);
      else rows(query, connection, answer, running);
      return answer;
    } catch (SQLException | IOException | RuntimeException failed) {
      answer.close();
      throw failed;
    }
  }

  private static void create(Connection connection, String name, String query) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMP VIEW \"" + name.replace("\"", "\"\"") + "\" AS " + query);
    }
  }

  /**
   * First into a table of this connection, which DuckDB moves to disk when it grows, then out: while DuckDB's driver streams a query, the reason of its
   * failure is lost.
   */
  private void rows(Query query, Connection connection, Answer answer, Running running)
      throws SQLException, IOException {
    long most = query.rows() > 0 ? Math.min(query.rows(), config.rows()) : config.rows();
    try (PreparedStatement first = running.uses(connection.prepareStatement(query.sql()))) {
      try (Statement statement = running.uses(connection.createStatement())) {
        statement.execute("CREATE TEMP TABLE lake_answer AS " + source("", query, most + 1));
      }
      try (PreparedStatement all = running.uses(connection.prepareStatement("FROM temp.lake_answer"));
          ResultSet rows = all.executeQuery()) {
        Results.write(rows, first.getMetaData(), query, config.rows(), answer, running);
      }
    }
  }

  /** {@code query()} takes the text as a value, so that its end is its end, whatever comment or semicolon stands there. */
  private static String source(String replaced, Query query, long limit) {
    return "SELECT *" + replaced + " FROM query(" + literal(query.sql()) + ")" + (limit > 0 ? " LIMIT " + limit : "");
  }

  /** DuckDB writes the file. */
  private void parquet(Query query, Connection connection, Answer answer, Running running)
      throws SQLException, IOException {
    String exact;
    try (PreparedStatement first = running.uses(connection.prepareStatement(query.sql()))) {
      exact = exactly(first.getMetaData());
    }
    String copy = "COPY (" + source(exact, query, query.rows()) + ") TO " + literal(answer.file.toString())
        + " (FORMAT parquet, COMPRESSION zstd)";
    ScheduledFuture<?> watch = threads.clock.scheduleWithFixedDelay(() -> {
      try {
        answer.limit(answer.file.toFile().length());
      } catch (Failure tooLarge) {
        running.stop(tooLarge);
      }
    }, GLANCE_MILLIS, GLANCE_MILLIS, TimeUnit.MILLISECONDS);
    try (Statement statement = running.uses(connection.createStatement())) {
      statement.execute(copy);
    } finally {
      watch.cancel(false);
    }
    answer.written();
  }

  /** Parquet has no 128-bit integers, and DuckDB would write doubles: sums of integers go out as decimals. */
  private static String exactly(ResultSetMetaData about) throws SQLException {
    List<String> casts = new ArrayList<>();
    Map<String, Integer> seen = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int i = 1; i <= about.getColumnCount(); i++) seen.merge(about.getColumnName(i), 1, Integer::sum);
    for (int i = 1; i <= about.getColumnCount(); i++) {
      String name = "\"" + about.getColumnName(i).replace("\"", "\"\"") + "\"";
      if (about.getColumnTypeName(i).matches("U?HUGEINT") && seen.get(about.getColumnName(i)) == 1)
        casts.add(name + "::DECIMAL(38,0) AS " + name);
    }
    return casts.isEmpty() ? "" : " REPLACE (" + String.join(", ", casts) + ")";
  }

  private static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private <T> Future<T> limited(Running running, Callable<T> job) {
    Promise<T> done = Promise.promise();
    ScheduledFuture<?> patience = threads.clock.schedule(
        () -> {
          if (done.tryFail(new Failure.Busy("too many queries were ahead of this one")))
            running.stop(new Departed());
        }, config.timeout().toMillis(), TimeUnit.MILLISECONDS);
    try {
      threads.run(() -> {
        if (!patience.cancel(false)) return;
        run(running, job, done);
      });
    } catch (Failure.Busy full) {
      patience.cancel(false);
      return Future.failedFuture(full);
    }
    Promise<T> here = Promise.promise();
    Context context = vertx.getOrCreateContext();
    done.future().onComplete(result -> context.runOnContext(now -> here.handle(result)));
    return here.future();
  }

  private <T> void run(Running running, Callable<T> job, Promise<T> done) {
    ScheduledFuture<?> end = threads.clock.schedule(() -> running.stop(
        new Failure.TooCostly("the query took longer than " + config.timeout().toSeconds()
            + " s (lake.sql.timeout): filter by time, patient or code first")),
        config.timeout().toMillis(), TimeUnit.MILLISECONDS);
    ScheduledFuture<?> glances = threads.clock.scheduleWithFixedDelay(running::interrupt, GLANCE_MILLIS, GLANCE_MILLIS,
        TimeUnit.MILLISECONDS);
    try {
      running.check();
      done.complete(job.call());
    } catch (Throwable failed) {
      if (Refusals.isFatal(failed)) duck.renew();
      done.fail(told(failed, running));
    } finally {
      end.cancel(false);
      glances.cancel(false);
    }
  }

  private Throwable told(Throwable failed, Running running) {
    if (running.isStopped()) {
      try {
        running.check();
      } catch (RuntimeException reason) {
        return reason;
      }
    }
    return failed instanceof SQLException refused ? Refusals.of(refused, "", config.memoryMegabytes()) : failed;
  }

  int waiting() {
    return threads.waiting();
  }

  @Override
  public void close() throws SQLException {
    threads.close();
    gate.close();
    duck.close();
  }
}
