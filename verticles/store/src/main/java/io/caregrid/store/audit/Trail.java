package io.caregrid.store.audit;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.contract.Audit;
import io.caregrid.store.AuditEvents;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's audit trail. An entry is kept once {@link #record} completes: it survives the end of this process, and with {@code audit.sync} the loss of power.
 * It is in the database soon after, by {@link #ship}.
 *
 * <p>Open it before the first door, close it after the last.
 */
public final class Trail implements Audit, AutoCloseable {
  /** Counter: accesses that were answered though nothing could record them ({@code audit.whenFull: allow}). */
  static final String LOST = "audit.lost";
  /** Gauge: bytes that are not in the database yet. */
  static final String BACKLOG = "audit.backlog";

  /** Counter: refusals that are in the trail as a number only. */
  static final String SUMMED = "audit.refusals.summed";
  private static final long LOOK_MILLIS = 5_000;
  private static final Logger log = LoggerFactory.getLogger(Trail.class);

  private final Journal journal;
  private final AuditConfig config;
  private final Clock clock;
  private final Counter lost;
  private final Counter summed;
  private final Refusals refusals;
  private Shipping shipping;
  private Vertx vertx;
  private long minute;

  private Trail(Journal journal, AuditConfig config, Clock clock, MeterRegistry metrics) {
    this.journal = journal;
    this.config = config;
    this.clock = clock;
    refusals = new Refusals(config.refusalsPerMinute(), clock);
    lost = metrics.counter(LOST);
    summed = metrics.counter(SUMMED);
    Gauge.builder(BACKLOG, journal, Journal::backlog).baseUnit("bytes").strongReference(true).register(metrics);
  }

  /** Makes the folder when it is missing: for whoever locks it before he opens it. */
  public static void make(Path folder) throws IOException {
    Segments.make(folder);
  }

  /** Whether there is a trail in this folder. */
  public static boolean isThere(Path folder) {
    return Segments.isJournal(folder);
  }

  /**
   * @param folder of this node alone, which has locked it; made when it is missing
   * @param node   its name, as it stands in every entry
   */
  public static Trail open(Path folder, AuditConfig config, String node, MeterRegistry metrics) throws IOException {
    Clock clock = Clock.systemUTC();
    return new Trail(Journal.open(folder, config, node, clock), config, clock, metrics);
  }

  /** Begins to bring entries to the database, until this is closed. */
  public void ship(Vertx vertx, AuditEvents events) {
    this.vertx = vertx;
    minute = vertx.setPeriodic(LOOK_MILLIS, look -> {
      if (journal.isKeeping()) refusals.over().forEach(this::keep);
    });
    shipping = new Shipping(vertx, journal, events, Duration.ofDays(config.days()),
        new Retention(events, this, config.retentionDays()), clock);
    shipping.start();
  }

  @Override
  public Future<Void> record(Entry entry) {
    if (entry.status() < 400 || refusals.takes(entry)) return keep(entry);
    summed.increment();
    return Future.succeededFuture();
  }

  private Future<Void> keep(Entry entry) {
    Future<Void> kept = journal.append(entry);
    return config.refusesWhenFull() ? kept : kept.recover(full -> {
      lost.increment();
      return Future.succeededFuture();
    });
  }

  @Override
  public boolean isKeeping() {
    return !config.refusesWhenFull() || journal.isKeeping();
  }

  /** False: somebody should make room, whatever {@code audit.whenFull} says. */
  public boolean isHealthy() {
    return journal.isKeeping();
  }

  /** True: the database has not taken the last batch; entries wait in their files. */
  public boolean isAway() {
    return shipping != null && shipping.isAway();
  }

  /** Stops shipping; entries are still taken. */
  public Future<Void> unship() {
    return shipping == null ? Future.succeededFuture() : shipping.stop();
  }

  /**
   * Brings to the database what was recorded so far, and stops shipping: for a node that goes. Gives up when the database does not take it.
   *
   * @return bytes that are on this node's disk only: {@code caregrid audit ship} brings them later. Negative: nobody asked the database yet
   */
  public Future<Long> drain(Duration within) {
    if (shipping == null) return Future.succeededFuture(0L);
    List<Future<Void>> counts = journal.isKeeping() ? refusals.all().stream().map(this::keep).toList() : List.of();
    Future<?> counted = Future.join(counts).transform(kept -> Future.succeededFuture());
    return counted.compose(kept -> shipping.drain(within)).compose(over -> shipping.stop()).map(stopped -> {
      long left = shipping.isKnown() ? journal.backlog() : -1;
      if (left != 0)
        log.warn(
            "audit entries are on this node's disk only until it starts again, or 'caregrid audit ship' runs here bytes={}",
            left < 0 ? "unknown" : left);
      return left;
    });
  }

  /** Blocks until all that was to be recorded is. */
  @Override
  public void close() {
    if (vertx != null) vertx.cancelTimer(minute);
    refusals.all().forEach(this::keep);
    journal.close();
  }
}
