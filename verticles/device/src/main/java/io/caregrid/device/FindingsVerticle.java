package io.caregrid.device;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.device.DeviceIdentity.InUse;
import io.caregrid.store.Database;
import io.caregrid.store.Demand;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Findings;
import io.caregrid.store.Findings.Count;
import io.caregrid.store.Findings.Found;
import io.caregrid.store.Lease;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore.Finding;
import io.caregrid.store.Stored;
import io.caregrid.templates.rules.Made;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Makes resources of what rules over measurements found, ends them, and has it found out who says nothing ({@link SilenceWatch}) and what would never end
 * ({@link Leftovers}). Every node with shards has one, and one of them works: who holds the lease. Two at work waste work and do no harm, since what is found has
 * its id from what it is, and what is written twice is the same.
 *
 * <p>What cannot be written is tried again, and keeps no reading waiting: readings are in the store by then. Nor does it keep the lease or the listening waiting,
 * which have turns of their own.
 */
public final class FindingsVerticle extends VerticleBase {
  static final Caller CALLER = Caller.system("findings");
  private static final long EVERY_MILLIS = 500;
  /** Where there are no rules: something may be left of those that were. */
  private static final long SELDOM_MILLIS = Duration.ofMinutes(1).toMillis();
  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final int MOST = 200;
  private static final Duration AGAIN = Duration.ofSeconds(30);
  private static final Duration COUNT = Duration.ofSeconds(2);
  private static final Duration COUNT_ALL = Duration.ofMinutes(1);

  private final Findings findings;
  private final FhirStore store;
  private final MeasurementRules rules;
  private final LogEnds ends;
  private final Caller writer;
  private final Lease lease;
  private final SilenceWatch silences;
  private final Leftovers leftovers;
  private final Strand holding = new Strand("asking who works on what rules over measurements found");
  private final Strand writing = new Strand("writing what rules over measurements found");
  private final Strand counting = new Strand("counting what rules over measurements found");
  private final Strand tidying = new Strand("ending what is left of rules over measurements");
  private final Strand overhearing = new Strand("asking whether another node listens to devices");
  private boolean stopping;
  private boolean ours;
  private long renewed = System.nanoTime() - LEASE.toNanos();
  private long released = System.nanoTime() - LEASE.toNanos();
  private long counted = System.nanoTime();
  private long countedAll = System.nanoTime() - COUNT_ALL.toNanos();
  private long timer;

  /**
   * What it works with.
   *
   * @param patientsOf of Devices that are in use, whose a reading of now would be: {@link DeviceIdentity#patientsOf}
   * @param applied    up to where each shard is in effect
   * @param keep       what was found by a rule that no node has any more is over after so long
   * @param writer     as whom the rules write; null where there are none
   */
  record Means(Findings findings, FhirStore store, MeasurementRules rules,
      Function<Collection<String>, Future<Map<String, InUse>>> patientsOf, LogEnds ends,
      Supplier<Future<Map<Integer, Long>>> applied, House house, Duration keep, Caller writer) {}

  /**
   * @param topicId of the topic {@code measurements}
   * @param keep    what was found by a rule that no node has any more is over after so long
   * @param writer  as whom the rules write; null where there are none
   */
  public static FindingsVerticle of(Vertx vertx, Database database, FhirStore store, MeasurementRules rules,
      DeviceIdentity identity, KafkaConfig kafka, UUID topicId, House house, Duration keep, Caller writer) {
    Findings findings = new Findings(database);
    return new FindingsVerticle(new Means(findings, store, rules, identity::patientsOf, LogEnds.of(vertx, kafka),
        () -> findings.applied(CALLER, ShardKey.STORE, topicId), house, keep, writer),
        new Lease(database, "findings"), Leftovers.Pace.DEFAULT, Clock.systemUTC());
  }

  FindingsVerticle(Means means, Lease lease, Leftovers.Pace pace, Clock clock) {
    this.findings = means.findings;
    this.store = means.store;
    this.rules = means.rules;
    this.ends = means.ends;
    this.writer = means.writer;
    this.lease = lease;
    this.silences = new SilenceWatch(means, clock);
    this.leftovers = new Leftovers(means, pace, clock);
  }

  /** Any thread. False: for minutes nobody could be called silent; the log says why. */
  public boolean isOnTime() {
    return silences.isOnTime();
  }

  @Override
  public Future<?> start() {
    timer = vertx.setPeriodic(rules.isEmpty() ? SELDOM_MILLIS : EVERY_MILLIS, fired -> turn());
    return Future.succeededFuture();
  }

  /** Completes when nothing is under way. */
  @Override
  public Future<?> stop() {
    stopping = true;
    vertx.cancelTimer(timer);
    return holding.idle()
        .compose(done -> Future
            .all(List.of(writing.idle(), counting.idle(), tidying.idle(), overhearing.idle(), silences.idle())))
        .compose(done -> ours ? lease.release().otherwiseEmpty() : Future.succeededFuture())
        .compose(done -> ends.close());
  }

  private void turn() {
    holding.turn(() -> held().onSuccess(held -> {
      if (stopping) return;
      counting.turn(this::count);
      if (held) work();
      else overhearing.turn(silences::forget);
    }));
  }

  private void work() {
    writing.turn(this::written);
    silences.turn();
    tidying.turn(leftovers::turn);
  }

  private Future<Boolean> held() {
    if (ours && silences.isDeaf()) return released();
    if (isWithin(released, LEASE)) return Future.succeededFuture(false);
    if (ours && isWithin(renewed, LEASE.dividedBy(4))) return Future.succeededFuture(true);
    if (!ours && isWithin(renewed, LEASE.dividedBy(8))) return Future.succeededFuture(false);
    renewed = System.nanoTime();
    return lease.take(LEASE).map(mine -> ours = mine);
  }

  /** Another one may hear what we do not. */
  private Future<Boolean> released() {
    released = System.nanoTime();
    ours = false;
    return lease.release().map(false);
  }

  private static boolean isWithin(long since, Duration time) {
    return System.nanoTime() - since < time.toNanos();
  }

  /** Who does not hold the lease says, too, which rules it has. */
  private Future<Void> count() {
    boolean all = !isWithin(countedAll, COUNT_ALL);
    if (!all && isWithin(counted, COUNT)) return Future.succeededFuture();
    counted = System.nanoTime();
    if (all) countedAll = counted;
    List<Count> counts = rules.count(all);
    return counts.isEmpty() ? Future.succeededFuture() : findings.count(CALLER, counts);
  }

  private Future<?> written() {
    return findings.due(CALLER, MOST).compose(due -> {
      Future<?> done = Future.succeededFuture();
      for (Found found : due) done = done.compose(next -> written(found));
      return done;
    });
  }

  private Future<?> written(Found found) {
    return made(found).compose(done -> ended(found))
        .compose(done -> findings.written(CALLER, found))
        .recover(cause -> {
          if (cause instanceof Failure.Busy) return Future.failedFuture(cause);
          rules.erred(found.finding().rule(), 1, "what it makes cannot be written: "
              + (cause instanceof Failure failure ? "HTTP " + failure.status : cause.getClass().getSimpleName()));
          return findings.again(CALLER, found, AGAIN);
        });
  }

  private Future<?> made(Found found) {
    if (found.made()) return Future.succeededFuture();
    Finding finding = found.finding();
    Made made = new Made(finding.rule(), finding.makes(), finding.text(), finding.severity());
    return store.createIfAbsent(writer(), finding.makes(), finding.id(), made.resource(finding.id(),
        "Patient/" + finding.patient(), "Device/" + finding.device(), finding.began()))
        .compose(there -> again(found, there));
  }

  /** It was so before since the same time, and was over: nobody would be told otherwise. What was changed since it was found is as a person wants it. */
  private Future<?> again(Found found, Stored there) {
    boolean isOlder = !there.created() && !there.deleted() && there.updated().isBefore(found.tried());
    if (!isOlder || found.ended() != null || !found.finding().makes().equals(Made.FLAG))
      return Future.succeededFuture();
    return store.patch(writer(), Made.FLAG, there.id(), Made::again, Demand.SEEN);
  }

  /** Somebody may have deleted it meanwhile: then there is nothing to end. */
  private Future<?> ended(Found found) {
    if (found.ended() == null || !found.finding().makes().equals(Made.FLAG)) return Future.succeededFuture();
    return store
        .patch(writer(), Made.FLAG, found.finding().id(), flag -> Made.ended(flag, found.ended()), Demand.SEEN)
        .<Object>mapEmpty()
        .recover(cause -> cause instanceof Failure.NotFound || cause instanceof Failure.Gone
            ? Future.succeededFuture()
            : Future.failedFuture(cause));
  }

  /** What a rule found that is in no configuration any more still has to be ended. */
  private Caller writer() {
    return writer == null ? CALLER : writer;
  }
}
