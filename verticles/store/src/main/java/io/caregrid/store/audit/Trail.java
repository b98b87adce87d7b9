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

  private final Journal journal;
  private final AuditConfig config;
  private final Clock clock;
  private final Counter lost;
  private Shipping shipping;

  private Trail(Journal journal, AuditConfig config, Clock clock, MeterRegistry metrics) {
    this.journal = journal;
    this.config = config;
    this.clock = clock;
    lost = metrics.counter(LOST);
    Gauge.builder(BACKLOG, journal, Journal::backlog).baseUnit("bytes").strongReference(true).register(metrics);
  }

  /**
   * @param folder of this node alone; made when it is missing
   * @param node   its name, as it stands in every entry
   */
  public static Trail open(Path folder, AuditConfig config, String node, MeterRegistry metrics) throws IOException {
    Clock clock = Clock.systemUTC();
    return new Trail(Journal.open(folder, config, node, clock), config, clock, metrics);
  }

  /** Begins to bring entries to the database, until this is closed. */
  public void ship(Vertx vertx, AuditEvents events) {
    shipping = new Shipping(vertx, journal, events, Duration.ofDays(config.days()), clock);
    shipping.start();
  }

  @Override
  public Future<Void> record(Entry entry) {
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

  /** Blocks until all that was to be recorded is. */
  @Override
  public void close() {
    journal.close();
  }
}
