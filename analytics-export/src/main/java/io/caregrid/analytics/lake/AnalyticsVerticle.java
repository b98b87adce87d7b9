package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.Follower.Turn;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.Overtaken;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.store.Cause;
import io.caregrid.store.Database;
import io.caregrid.store.Lease;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the lake up to date, about {@code commitEvery} behind the store.
 *
 * <p>Every node has one, and one of them works: who holds the lease. A lease says nothing about a holder who wakes up late; that two never spoil the lake is
 * because each commit takes a number that nobody has taken ({@link Follower}). Work is done on threads of its own; what fails is tried again, and said once.
 */
public final class AnalyticsVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(AnalyticsVerticle.class);
  /** seconds; what changed before that long ago, and waits for no period to end, is in the lake */
  static final String LAG = "lake.lag";
  /** versions of resources written */
  static final String ROWS = "lake.rows";
  static final String COMMITS = "lake.commits";
  /** changes of devices' Observations that wait for their period to end */
  static final String WAITING = "lake.waiting";
  private static final Duration LEASE = Duration.ofSeconds(60);
  private static final Duration RENEW = Duration.ofSeconds(15);
  private static final long AGAIN_MILLIS = 2_000;
  private static final long LOOK_MILLIS = 1_000;

  private final LakeConfig config;
  private final ObjectStore store;
  private final Path scratch;
  private final Database database;
  private final Lease lease;
  private final Clock clock = Clock.systemUTC();
  private final Counter rows;
  private final Counter commits;
  private final Unreadable unreadable;
  private final Lateness lateness;
  private final Promise<Void> idle = Promise.promise();
  private WorkerExecutor workers;
  private Follower follower;
  private Upkeep upkeep;
  /** What is under way besides turns; it never fails. */
  private Future<?> kept = Future.succeededFuture();
  private boolean isKeeping;
  /** Prepared, and not in its table yet. */
  private Upkeep.Done ready;
  /** Since when this node keeps the lake without a break; null: it does not. */
  private volatile Instant since;
  private volatile Instant asOf;
  /** Of the oldest commit that is in no state yet; null when there is none. */
  private volatile Instant unmerged;
  private volatile int waiting;
  private volatile boolean stopping;
  private volatile long taken;
  private boolean working;
  private boolean failing;
  private long timer = -1;
  private long looking = -1;

  /**
   * @param store   the lake's; closed by whoever made it
   * @param scratch a local folder for files that are being made; emptied at the start, nobody else's
   */
  public AnalyticsVerticle(Database database, LakeConfig config, ObjectStore store, Path scratch,
      MeterRegistry registry) {
    this.database = database;
    this.config = config;
    this.store = store;
    this.scratch = scratch;
    this.lease = new Lease(database, Source.LISTENER);
    this.rows = registry.counter(ROWS);
    this.commits = registry.counter(COMMITS);
    this.unreadable = new Unreadable(registry);
    this.lateness = new Lateness(config.maxLag());
    TimeGauge.builder(LAG, this, TimeUnit.MILLISECONDS, AnalyticsVerticle::lagMillis).register(registry);
    registry.gauge(WAITING, this, each -> each.waiting);
  }

  /** Not a number where this node does not hold the lease. */
  private double lagMillis() {
    Instant then = behind();
    return then == null ? Double.NaN : Duration.between(then, clock.instant()).toMillis();
  }

  /** Until its first turn is done nobody knows better than that it took the lease then. */
  private Instant behind() {
    return asOf == null ? since : asOf;
  }

  /** False: it is later than {@code lake.maxLag} allows. Any thread. */
  public boolean isOnTime() {
    return !lateness.isLate();
  }

  /** @return its deployment id */
  public static Future<String> deploy(Vertx vertx, AnalyticsVerticle verticle) {
    return vertx.deployVerticle(verticle);
  }

  @Override
  public Future<?> start() {
    workers = vertx.createSharedWorkerExecutor("caregrid-lake-" + deploymentID(), 2, 1, TimeUnit.HOURS);
    upkeep = new Upkeep(store, scratch, config, clock, Step.Watch.NONE);
    return workers.executeBlocking(this::opened).onSuccess(opened -> {
      follower = opened;
      looking = vertx.setPeriodic(LOOK_MILLIS, look -> lateness.look(clock.instant(), behind(), unmerged));
      turn();
    });
  }

  private Follower opened() throws IOException {
    empty(scratch);
    return new Follower(new Source(database), Catalogue.of(store), store, scratch, config.openPeriod(),
        unreadable, clock, Step.Watch.NONE);
  }

  private static void empty(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (var files = Files.newDirectoryStream(folder, Files::isRegularFile)) {
      for (Path file : files) Files.delete(file);
    }
  }

  /** Completes when the turn and the upkeep under way are over. */
  @Override
  public Future<?> stop() {
    stopping = true;
    vertx.cancelTimer(timer);
    vertx.cancelTimer(looking);
    if (!working) idle.tryComplete();
    return idle.future()
        .eventually(() -> kept)
        .eventually(lease::release)
        .recover(failed -> Future.succeededFuture())
        .eventually(workers::close);
  }

  private void turn() {
    if (stopping) return;
    working = true;
    lease.take(LEASE).compose(held -> held ? work() : idling()).onComplete(done -> {
      working = false;
      report(done.cause());
      if (stopping) {
        idle.tryComplete();
        return;
      }
      boolean soon = done.succeeded() && done.result();
      timer = vertx.setTimer(soon ? config.commitEvery().toMillis() : AGAIN_MILLIS, fired -> turn());
    });
  }

  /** Another node works. */
  private Future<Boolean> idling() {
    follower.forget();
    ready = null;
    since = null;
    asOf = null;
    unmerged = null;
    waiting = 0;
    return Future.succeededFuture(false);
  }

  /** @param next upkeep; null: nothing to do, or something is under way */
  private record Worked(Turn turn, Instant unmerged, Upkeep.Task next) {}

  private Future<Boolean> work() {
    taken = System.nanoTime();
    if (since == null) since = clock.instant();
    Upkeep.Done done = ready;
    boolean free = !isKeeping;
    ready = null;
    return workers.executeBlocking(() -> worked(done, free), false).map(this::counted);
  }

  private Worked worked(Upkeep.Done done, boolean free) throws IOException {
    Turn turn = follower.turn(this::check);
    if (done != null) {
      finish(done);
    }
    Ledger ledger = follower.ledger();
    return ledger == null
        ? new Worked(turn, unmerged, null)
        : new Worked(turn, Upkeep.unmerged(ledger), free ? upkeep.due(ledger) : null);
  }

  private void finish(Upkeep.Done done) throws IOException {
    upkeep.done(done);
    if (done.prepared() == null) follower.reread();
    else follower.take(done);
  }

  private boolean counted(Worked worked) {
    rows.increment(worked.turn().rows());
    commits.increment(worked.turn().commits());
    waiting = worked.turn().waiting();
    asOf = follower.asOf();
    unmerged = worked.unmerged();
    if (worked.next() != null && !stopping) keep(worked.next());
    return true;
  }

  /** While turns go on. */
  private void keep(Upkeep.Task task) {
    isKeeping = true;
    kept = workers.executeBlocking(() -> Upkeep.run(task), false).onComplete(done -> {
      isKeeping = false;
      ready = done.result();
      if (done.succeeded()) return;
      upkeep.failed(task);
      log.warn("upkeep of the lake failed, trying again what={} cause={}", task.what(), Cause.andPlace(done.cause()));
    }).transform(done -> Future.succeededFuture());
  }

  /** Long work keeps its lease, or ends. */
  private void check() throws IOException {
    if (stopping) throw new Overtaken("this node stops");
    if (System.nanoTime() - taken < RENEW.toNanos()) return;
    if (!Source.wait(lease.take(LEASE))) throw new Overtaken("it has the lease");
    taken = System.nanoTime();
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    boolean fails = cause != null && !stopping;
    if (failing == fails) return;
    failing = fails;
    if (failing) log.warn("the lake falls behind, trying again cause={}", Cause.andPlace(cause));
    else log.info("the lake is kept up to date again");
  }
}
