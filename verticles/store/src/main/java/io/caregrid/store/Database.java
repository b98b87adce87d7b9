package io.caregrid.store;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnectOptions;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of this node, on a schema that is up to date: a pool for everybody, a few for pictures on their way in, which so wait for nobody, a
 * few for writes that go together, a few for searches of images ({@link #search}) and as many for those of resources ({@link #finding}), which may look at
 * everything and so keep waiting only each other, and one for the audit trail. Of several hosts all go to the {@link Primary}.
 *
 * <p>Nothing waits for ever: connecting takes at most {@link #CONNECT_SECONDS}, a statement a minute, a lock half a minute, and the server ends a
 * transaction whose owner has fallen silent for a minute, so that a frozen node cannot hold a shard's row.
 */
public final class Database {
  private static final Logger log = LoggerFactory.getLogger(Database.class);
  static final int CONNECT_SECONDS = 5;
  static final int PATIENCE_SECONDS = 15;
  /** Longer than any statement may take. */
  private static final int SILENT_SECONDS = 75;
  /** Longest a {@link #search} runs. */
  static final int SEARCH_SECONDS = 8;
  /** Longest a statement of {@link #finding} runs, unless it asks for more. */
  static final int HASTY_MILLIS = 500;
  /** Longest a {@link #search} waits for its turn: together less than {@link #PATIENCE_SECONDS}. */
  static final Duration SEARCH_TURN = Duration.ofSeconds(4);
  /** Pages of resources that are in the making and wait for it; each may hold some hundred megabytes ({@link Included}, {@link Scan}). */
  private static final long PAGE_BYTES = 128 << 20;
  static final int PAGES_WAITING = 1_000;
  /** Searches that answer with next to nothing, for each page: what they look at is some sixteen megabytes at a time ({@link Scan}). */
  private static final int SMALL_FOR_A_PAGE = 8;
  /** Shapes of searches that a connection keeps, each some tens of kilobytes of the server's memory. */
  static final int SEARCHES_KEPT = 128;
  /** Characters of SQL: one with thousands of alternatives would take megabytes on each connection, and hardly come again. */
  static final int LONGEST_KEPT = 4_096;
  /** For each one that may run, so many may wait. */
  private static final int SEARCHES_WAITING = 8;
  private static final String SEARCHES_BUSY = "As many searches as may run at once are under way; try again shortly";
  private static final int TRANSACTIONS_WAITING = 256;
  private static final int CONDITIONS_WAITING = 10_000;
  private static final Duration CONDITION_TURN = Duration.ofSeconds(4);
  private static final String CONDITIONS_BUSY = "As many conditional writes as may run at once are under way; try again shortly";
  private static final Duration HELD_TURN = Duration.ofSeconds(10);
  private static final String HELD_BUSY = "As many writes as may wait for what others are changing do so; try again shortly";
  private static final Duration TRANSACTION_TURN = Duration.ofSeconds(60);
  private static final String TRANSACTIONS_BUSY = "As many transactions as may run at once are under way; try again shortly";
  private static final int OLDEST = 150_000;
  private static final Set<String> DURABLE = Set.of("on", "remote_apply");
  /** A statement that begins with this is planned for its own values each time, never by a cached generic plan. */
  static final String PLANNED = "/* planned */ ";
  private static final String SETTINGS = """
      select current_setting('server_version_num')::int as version, current_setting('server_version') as named,
        current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
        current_setting('full_page_writes') as full_page_writes, current_setting('server_encoding') as encoding""";

  /** Groups of single writes of one type that are under way: while one is written, the next one gathers. */
  static final int WRITING_AT_ONCE = 2;
  private static final int ADDING = 2;
  /** Longest an adding statement runs: with {@link #CONNECT_SECONDS} for its turn clearly less than {@link #PATIENCE_SECONDS}. */
  private static final int ADDING_SECONDS = 8;

  private final Vertx vertx;
  private final Pool pool;
  private final Pool adding;
  private final Pool writing;
  private final Pool searching;
  private final Pool finding;
  private final int pagesAtOnce;
  private final Turnstile pages;
  private final Turnstile small;
  private final Pool recording;
  private final Turnstile searches;
  private final Turnstile transactions;
  private final Turnstile conditions;
  private final Turnstile held;
  private final Damage damage = new Damage();
  private final Frequencies frequencies = new Frequencies();
  private final String address;
  /** Whether the last {@link #answers} said no. */
  private final AtomicBoolean away = new AtomicBoolean();
  private volatile boolean closed;

  private Database(Vertx vertx, DatabaseConfig config, Primary primary) {
    int atOnce = Math.max(1, config.poolSize() / 4);
    this.vertx = vertx;
    this.address = config.host() + ":" + config.port();
    this.pool = pool(primary, Database::bounded, config.poolSize());
    this.adding = pool(primary, Database::byIndexOnly, ADDING);
    this.writing = pool(primary, Database::byIndexOnly, Math.max(WRITING_AT_ONCE, atOnce));
    this.searching = pool(primary, Database::searching, atOnce);
    this.finding = pool(primary, Database::finding, Math.max(2, atOnce));
    this.recording = pool(primary, Database::bounded, 1);
    this.searches = new Turnstile(vertx, atOnce, atOnce * SEARCHES_WAITING, SEARCH_TURN, SEARCHES_BUSY);
    this.pagesAtOnce = (int) Math.max(2, Runtime.getRuntime().maxMemory() / PAGE_BYTES);
    this.pages = new Turnstile(vertx, pagesAtOnce, PAGES_WAITING, SEARCH_TURN, SEARCHES_BUSY);
    this.small = new Turnstile(vertx, pagesAtOnce * SMALL_FOR_A_PAGE, CONDITIONS_WAITING, SEARCH_TURN, SEARCHES_BUSY);
    this.transactions = new Turnstile(vertx, Math.max(1, config.poolSize() / 2), TRANSACTIONS_WAITING,
        TRANSACTION_TURN, TRANSACTIONS_BUSY);
    this.conditions = new Turnstile(vertx, Math.max(2, atOnce), CONDITIONS_WAITING, CONDITION_TURN, CONDITIONS_BUSY);
    this.held = new Turnstile(vertx, Math.max(2, atOnce), CONDITIONS_WAITING, HELD_TURN, HELD_BUSY);
  }

  /** Connects, migrates forward under a lock (several nodes may start at once), checks what the promises need (SHOW fsync, synchronous_commit). */
  public static Future<Database> open(Vertx vertx, DatabaseConfig config) {
    return open(vertx, config, Migrations.shipped());
  }

  static Future<Database> open(Vertx vertx, DatabaseConfig config, Migrations migrations) {
    Primary primary = new Primary(vertx, config);
    return primary.options(UnaryOperator.identity())
        .compose(options -> PgConnection.connect(vertx, options))
        .timeout(CONNECT_SECONDS, TimeUnit.SECONDS)
        .compose(connection -> keepsPromises(connection).compose(safe -> migrations.run(connection))
            .eventually(connection::close))
        .map(ready -> new Database(vertx, config, primary))
        .recover(cause -> Failures.recover(refused(config, cause)));
  }

  /** What an operator set wrong, in the words of the settings; who does not answer, by his address; anything else as it is. */
  private static Throwable refused(DatabaseConfig config, Throwable cause) {
    String state = cause instanceof PgException refusal ? refusal.getSqlState() : null;
    if (state == null)
      return cause instanceof IOException || cause instanceof TimeoutException
          ? new Failure.Busy("no database answers at " + config.host() + ":" + config.port() + " (" + why(cause)
              + "): is PostgreSQL running there, and are database.host and database.port right?")
          : cause;
    return switch (state) {
      case "28P01", "28000" ->
        new ConfigException(config.host() + ":" + config.port() + " refuses user " + config.user()
            + ": check database.user and database.password");
      case "3D000" ->
        new ConfigException("there is no database " + config.database() + " at " + config.host() + ":" + config.port()
            + ": create it, or set database.database");
      default -> cause;
    };
  }

  /** A silent connection is closed before long: to a machine that was lost it would else be kept for a quarter of an hour. */
  private Pool pool(Primary primary, UnaryOperator<PgConnectOptions> as, int connections) {
    PoolOptions bounds = new PoolOptions().setMaxSize(connections)
        .setMaxWaitQueueSize(10_000)
        .setConnectionTimeout(CONNECT_SECONDS)
        .setConnectionTimeoutUnit(TimeUnit.SECONDS);
    if (primary.isChosen()) bounds.setMaxLifetime((int) Primary.LIFE.toSeconds()).setMaxLifetimeUnit(TimeUnit.SECONDS);
    return PgBuilder.pool()
        .using(vertx)
        .with(bounds)
        .with(new NetClientOptions().setTcpKeepAlive(true).setIdleTimeout(SILENT_SECONDS))
        .connectingTo(() -> primary.options(as).map(SqlConnectOptions.class::cast))
        .build();
  }

  /** Nothing is compiled: a plan that has to read a table though it should not looks so dear that PostgreSQL 15 to 17 compile it each time, for milliseconds. */
  private static PgConnectOptions bounded(PgConnectOptions options) {
    options.addProperty("jit", "off")
        .addProperty("statement_timeout", "60s")
        .addProperty("lock_timeout", "30s")
        .addProperty("idle_in_transaction_session_timeout", "60s");
    return options;
  }

  /**
   * A plan made while the tables are empty is kept when they are not: what only ever looks rows up is told so. Groups of a few look cheaper to the server when
   * they are planned for their own number of rows, which takes it longer than writing them: each is planned once for a connection.
   */
  private static PgConnectOptions byIndexOnly(PgConnectOptions options) {
    bounded(options).addProperty("statement_timeout", ADDING_SECONDS + "s")
        .addProperty("lock_timeout", ADDING_SECONDS + "s")
        .addProperty("enable_seqscan", "off")
        .addProperty("enable_hashjoin", "off")
        .addProperty("enable_mergejoin", "off")
        .addProperty("plan_cache_mode", "force_generic_plan");
    return options;
  }

  /**
   * One processor for each search. Each is planned for its own values, but read and checked by the server only once: these
   * connections keep no generic plans, so they may keep statements.
   */
  private static PgConnectOptions searching(PgConnectOptions options) {
    bounded(options).setPreparedStatementCacheSqlFilter(sql -> sql.length() <= LONGEST_KEPT)
        .setPreparedStatementCacheMaxSize(SEARCHES_KEPT)
        .addProperty("plan_cache_mode", "force_custom_plan")
        .addProperty("statement_timeout", SEARCH_SECONDS + "s")
        .addProperty("default_transaction_read_only", "on")
        .addProperty("max_parallel_workers_per_gather", "0");
    return options;
  }

  /** As {@link #searching}, one statement at a time on a connection: nobody stands behind a slow one. */
  private static PgConnectOptions finding(PgConnectOptions options) {
    return searching(options).addProperty("statement_timeout", HASTY_MILLIS + "ms").setPipeliningLimit(1);
  }

  static PgConnectOptions connecting(DatabaseConfig config, String host) {
    PgConnectOptions options = new PgConnectOptions().setHost(host)
        .setPort(config.port())
        .setDatabase(config.database())
        .setUser(config.user())
        .setPassword(config.password())
        .setPipeliningLimit(64)
        .setCachePreparedStatements(true)
        .setPreparedStatementCacheMaxSize(512)
        .setPreparedStatementCacheSqlFilter(sql -> !sql.startsWith(PLANNED));
    options.addProperty("application_name", "caregrid");
    return config.ca() == null ? options : encrypted(options, config.ca());
  }

  /** As libpq's verify-full: the server's certificate is signed by our authority, and names the host we call. */
  private static PgConnectOptions encrypted(PgConnectOptions options, Path ca) {
    ClientSSLOptions tls = new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS");
    tls.setTrustOptions(new PemTrustOptions().addCertPath(ca.toString()));
    return options.setSslMode(SslMode.VERIFY_FULL).setSslOptions(tls);
  }

  private static Future<Void> keepsPromises(SqlConnection connection) {
    return connection.query(SETTINGS).execute().map(rows -> {
      require(rows.iterator().next());
      return null;
    });
  }

  private static void require(Row settings) {
    require(settings.getInteger("version") >= OLDEST,
        "PostgreSQL 15 or newer is needed, this is " + settings.getString("named"));
    require("on".equals(settings.getString("fsync")),
        "fsync is off: an acknowledged message would not survive a crash of the machine. Set fsync = on in postgresql.conf and restart PostgreSQL");
    require("on".equals(settings.getString("full_page_writes")),
        "full_page_writes is off: a crash may leave a torn page. Set full_page_writes = on in postgresql.conf and reload PostgreSQL");
    String commit = settings.getString("synchronous_commit");
    require(DURABLE.contains(commit), "synchronous_commit is " + commit
        + ": a commit would be answered before it is safe. Set synchronous_commit = on for the server, this database and this user");
    require("UTF8".equals(settings.getString("encoding")),
        "the database's encoding is " + settings.getString("encoding") + ": create it with encoding UTF8");
  }

  private static void require(boolean holds, String why) {
    if (!holds) throw new ConfigException("The database cannot be used: " + why);
  }

  /** Whoever asks it sets a deadline: some failing statements on the pool (not on a connection) Vert.x 5.0.8 never answers. */
  Pool pool() {
    return pool;
  }

  /**
   * One statement on any connection, in a transaction of its own; its failure is not translated yet. An answer, or TimeoutException, comes within
   * {@link #PATIENCE_SECONDS} whatever the database and the network do.
   */
  Future<RowSet<Row>> ask(String sql, Tuple values) {
    return pool.preparedQuery(sql).execute(values).timeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * As {@link #ask}, on one of {@value #ADDING} connections that nobody else takes, and only by index, planned once: for pictures on their way in. What did not get its
   * turn within {@link #CONNECT_SECONDS} is never begun, and what was begun the server ends after {@link #ADDING_SECONDS}: so nothing is added any more
   * for a caller who was told that there is no answer (unless the network delivers it late).
   */
  Future<RowSet<Row>> askAdding(String sql, Tuple values) {
    return adding.getConnection()
        .compose(connection -> connection.preparedQuery(sql).execute(values).eventually(connection::close))
        .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** As {@link #ask}, on a few connections for groups of writes, and only by index: a group is planned while tables are empty, and used when they are not. */
  Future<RowSet<Row>> askWriting(String sql, Tuple values) {
    return writing.getConnection()
        .compose(connection -> connection.preparedQuery(sql).execute(values).eventually(connection::close))
        .timeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /** As {@link #ask}, on a connection of its own: a batch of accesses is large, and nobody's answer shall stand in line behind it. */
  Future<RowSet<Row>> askRecording(String sql, Tuple values) {
    return recording.preparedQuery(sql).execute(values).timeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Runs {@code work} in one database transaction that may take long, with others of its kind on at most half of the connections. Commits when its future
   * succeeds, rolls back when it fails. Not translated yet, but for {@link Failure.Busy}: too many are under way.
   */
  <T> Future<T> transaction(Function<SqlConnection, Future<T>> work) {
    return transactions.pass(() -> pool.withTransaction(work));
  }

  /**
   * The same for what is short but may have to wait for a lock, which a transaction may hold for long: on a quarter of the connections, so that whoever needs
   * no lock always finds one.
   */
  <T> Future<T> conditional(Function<SqlConnection, Future<T>> work) {
    return conditions.pass(() -> pool.withTransaction(work));
  }

  /** For single writes that wait for a row which somebody holds: on no more than a quarter of the connections. */
  Turnstile held() {
    return held;
  }

  /**
   * One reading statement that may take long, with others of its kind only: it waits at most {@link #SEARCH_TURN} for its turn, and the server ends it after
   * {@link #SEARCH_SECONDS}. {@link Failure.Busy}: too many are under way. {@link Failure.TooLarge}: it took too long. Otherwise not translated yet.
   */
  Future<RowSet<Row>> search(String sql, Tuple values) {
    return searches.pass(() -> searching.preparedQuery(sql).execute(values).timeout(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .recover(cause -> Future.failedFuture(cancelled(cause)
            ? new Failure.TooLarge("The search looks at too much and was ended after " + SEARCH_SECONDS
                + " s: name more of what is searched for, or a narrower range")
            : cause));
  }

  /** For searches for resources: the server ends a statement after {@link #HASTY_MILLIS}. As with {@link #pool}, whoever asks sets a deadline. */
  Pool finding() {
    return finding;
  }

  /** A search that keeps its page in memory, with no more others than there is room for; {@link Failure.Busy} after {@link #SEARCH_TURN} in line. */
  <T> Future<T> page(Supplier<Future<T>> work) {
    return pages.pass(work);
  }

  /** A search for a number, or for what a condition means: no page, however many are in the making, keeps it waiting for its place. */
  <T> Future<T> small(Supplier<Future<T>> work) {
    return small.pass(work);
  }

  int pagesAtOnce() {
    return pagesAtOnce;
  }

  private static boolean cancelled(Throwable cause) {
    return cause instanceof PgException refused && "57014".equals(refused.getSqlState());
  }

  Vertx vertx() {
    return vertx;
  }

  /** Thinking too long for an event loop: packing and unpacking many bodies. */
  <T> Future<T> offLoop(Callable<T> thinking) {
    return vertx.executeBlocking(thinking, false);
  }

  Damage damage() {
    return damage;
  }

  Frequencies frequencies() {
    return frequencies;
  }

  /** True when a trivial query answers within two seconds. One line in the log when it does no more, and one when it does again. */
  public Future<Boolean> answers() {
    return pool.preparedQuery("select 1")
        .execute()
        .timeout(2, TimeUnit.SECONDS)
        .transform(done -> Future.succeededFuture(noted(done.cause())));
  }

  private boolean noted(Throwable cause) {
    boolean there = cause == null;
    if (!closed && away.getAndSet(!there) == there) {
      if (there) log.info("the database answers again at={}", address);
      else
        log.error(
            "the database did not answer within two seconds at={} why={}: while it does not, nothing is read or stored, and what devices send waits in Kafka",
            address, why(cause));
    }
    return there;
  }

  /** A few words without values. */
  private static String why(Throwable cause) {
    if (cause instanceof TimeoutException) return "nothing was heard in time";
    return cause instanceof IOException && cause.getMessage() != null ? cause.getMessage() : Cause.withoutValues(cause);
  }

  public Future<Void> close() {
    closed = true;
    return Future
        .join(List.of(pool.close(), adding.close(), writing.close(), searching.close(), finding.close(),
            recording.close()))
        .mapEmpty();
  }
}
