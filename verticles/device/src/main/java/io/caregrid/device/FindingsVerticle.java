package io.caregrid.device;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.Cause;
import io.caregrid.store.Database;
import io.caregrid.store.Demand;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Findings;
import io.caregrid.store.Findings.Count;
import io.caregrid.store.Findings.Found;
import io.caregrid.store.Findings.Gap;
import io.caregrid.store.Findings.Silent;
import io.caregrid.store.Lease;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore.Finding;
import io.caregrid.store.ShardStore.Over;
import io.caregrid.templates.rules.Made;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes resources of what rules over measurements found, ends them, and finds out who says nothing. Every node with shards has one, and one of them works: who
 * holds the lease. Two at work waste work and do no harm, since what is found has its id from what it is, and what is written twice is the same.
 *
 * <p>What cannot be written is tried again, and keeps no reading waiting: readings are in the store by then.
 */
public final class FindingsVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(FindingsVerticle.class);
  static final Caller CALLER = Caller.system("findings");
  private static final long EVERY_MILLIS = 500;
  /** Where there are no rules: something may be left of those that were. */
  private static final long SELDOM_MILLIS = Duration.ofMinutes(1).toMillis();
  private static final Duration LEASE = Duration.ofSeconds(10);
  private static final int MOST = 200;
  /** Looked longer than this ago: nobody listened meanwhile. */
  static final Duration GAP = Duration.ofSeconds(20);
  private static final Duration AGAIN = Duration.ofSeconds(30);
  private static final Duration LISTEN = Duration.ofSeconds(2);
  private static final Duration TIDY = Duration.ofMinutes(1);
  private static final Duration COUNT = Duration.ofSeconds(2);
  private static final Duration NOT_IN_USE = Duration.ofMinutes(5);
  private static final int MOST_NOT_IN_USE = 200_000;
  /** Of {@link #MOST} Devices, looked at before what was found is written again. */
  private static final int PAGES = 10;

  private final Findings findings;
  private final FhirStore store;
  private final MeasurementRules rules;
  private final Function<Collection<String>, Future<Map<String, String>>> patientsOf;
  private final LogEnds ends;
  private final LogReach reach;
  private final BooleanSupplier isOpen;
  private final Duration keep;
  private final Caller writer;
  private final Lease lease;
  private final Clock clock;
  /** Device → by System.nanoTime, when to ask again whether it is in use. */
  private final Map<String, Long> notInUse = new LinkedHashMap<>() {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
      return size() > MOST_NOT_IN_USE;
    }
  };
  /** Where to go on looking: the last Device of the page before, by rule; absent: from the first. */
  private final Map<String, String> silentAfter = new HashMap<>();
  private final Map<String, String> neverAfter = new HashMap<>();
  private Future<?> turning = Future.succeededFuture();
  private boolean stopping;
  private boolean isFailing;
  private boolean wasDeaf;
  private boolean ours;
  private long renewed = System.nanoTime() - LEASE.toNanos();
  private long listened = System.nanoTime() - LISTEN.toNanos();
  private long tidied = System.nanoTime() - TIDY.toNanos();
  private long counted = System.nanoTime();
  private long timer;

  /**
   * What it works with.
   *
   * @param patientsOf of Devices that are in use, whose a reading of now would be: {@link DeviceIdentity#patientsOf}
   * @param applied    up to where each shard is in effect
   * @param isOpen     whether there is anybody to whom devices can send
   * @param keep       what was found by a rule that no node has any more is over after so long
   * @param writer     as whom the rules write; null where there are none
   */
  record Means(Findings findings, FhirStore store, MeasurementRules rules,
      Function<Collection<String>, Future<Map<String, String>>> patientsOf, LogEnds ends,
      Supplier<Future<Map<Integer, Long>>> applied, BooleanSupplier isOpen, Duration keep,
      Caller writer) {}

  /**
   * @param topicId of the topic {@code measurements}
   * @param isOpen  whether there is anybody to whom devices can send
   * @param keep    what was found by a rule that no node has any more is over after so long
   * @param writer  as whom the rules write; null where there are none
   */
  public static FindingsVerticle of(Vertx vertx, Database database, FhirStore store, MeasurementRules rules,
      DeviceIdentity identity, KafkaConfig kafka, UUID topicId, BooleanSupplier isOpen, Duration keep, Caller writer) {
    Findings findings = new Findings(database);
    return new FindingsVerticle(new Means(findings, store, rules, identity::patientsOf, LogEnds.of(vertx, kafka),
        () -> findings.applied(CALLER, ShardKey.STORE, topicId), isOpen, keep, writer),
        new Lease(database, "findings"), Clock.systemUTC());
  }

  FindingsVerticle(Means means, Lease lease, Clock clock) {
    this.findings = means.findings;
    this.store = means.store;
    this.rules = means.rules;
    this.patientsOf = means.patientsOf;
    this.ends = means.ends;
    this.reach = new LogReach(means.ends, means.applied, clock);
    this.isOpen = means.isOpen;
    this.keep = means.keep;
    this.writer = means.writer;
    this.lease = lease;
    this.clock = clock;
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
    return turning.otherwiseEmpty()
        .compose(done -> ours ? lease.release().otherwiseEmpty() : Future.succeededFuture())
        .compose(done -> ends.close());
  }

  private void turn() {
    if (stopping || !turning.isComplete()) return;
    turning = held().compose(held -> held ? work() : idle()).onComplete(done -> report(done.cause()));
  }

  private Future<Boolean> held() {
    if (ours && isWithin(renewed, LEASE.dividedBy(4))) return Future.succeededFuture(true);
    if (!ours && isWithin(renewed, LEASE.dividedBy(8))) return Future.succeededFuture(false);
    renewed = System.nanoTime();
    return lease.take(LEASE).map(mine -> ours = mine);
  }

  private static boolean isWithin(long since, Duration time) {
    return System.nanoTime() - since < time.toNanos();
  }

  private Future<Void> idle() {
    reach.forget();
    return count(false);
  }

  private Future<Void> work() {
    return written().compose(done -> listening()).compose(done -> tidy());
  }

  // ---- what was found becomes resources

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
        "Patient/" + finding.patient(), "Device/" + finding.device(), finding.began()));
  }

  /** Somebody may have deleted it meanwhile: then there is nothing to end. */
  private Future<?> ended(Found found) {
    if (found.ended() == null || !found.finding().makes().equals(Made.FLAG)) return Future.succeededFuture();
    return store
        .patch(writer(), Made.FLAG, found.finding().id(), flag -> Made.ended(flag, found.ended()), Demand.NONE)
        .<Object>mapEmpty()
        .recover(cause -> cause instanceof Failure.NotFound || cause instanceof Failure.Gone
            ? Future.succeededFuture()
            : Future.failedFuture(cause));
  }

  /** What a rule found that is in no configuration any more still has to be ended. */
  private Caller writer() {
    return writer == null ? CALLER : writer;
  }

  // ---- who says nothing

  private Future<Void> listening() {
    if (rules.silences().isEmpty() || isWithin(listened, LISTEN)) return Future.succeededFuture();
    listened = System.nanoTime();
    if (!isOpen.getAsBoolean()) return Future.succeededFuture();
    return reach.further()
        .compose(known -> findings.listened(CALLER, rules.heardTypes(), GAP).compose(gaps -> judged(known, gaps)))
        .recover(this::deaf)
        .onSuccess(done -> wasDeaf = false);
  }

  /** What rests on readings goes on meanwhile. */
  private Future<Void> deaf(Throwable cause) {
    if (!wasDeaf) log.warn("whether devices are silent cannot be said just now cause={}", Cause.withoutValues(cause));
    wasDeaf = true;
    return Future.succeededFuture();
  }

  private Future<Void> judged(Map<Integer, Instant> known, Map<String, List<Gap>> gaps) {
    Future<Void> done = Future.succeededFuture();
    for (Silence rule : rules.silences())
      done = done.compose(next -> findings.spoke(CALLER, rule.made().rule(), rule.types()))
          .compose(over -> findings.over(CALLER, over))
          .compose(next -> silent(rule, known, gaps));
    return done;
  }

  private Future<Void> silent(Silence rule, Map<Integer, Instant> known, Map<String, List<Gap>> gaps) {
    List<Gap> deaf = new ArrayList<>();
    rule.types().forEach(type -> deaf.addAll(gaps.getOrDefault(type, List.of())));
    Map<Integer, Instant> since = new HashMap<>();
    known.forEach((shard, upTo) -> {
      Instant silent = rule.since(upTo, deaf);
      if (silent != null) since.put(shard, silent);
    });
    if (since.isEmpty()) return Future.succeededFuture();
    Instant first = Collections.min(since.values());
    return pages(rule, silentAfter, PAGES,
        after -> findings.silent(CALLER, rule.made().rule(), rule.types(), since, after, MOST))
        .compose(done -> rule.neverHeard() && reach.isWhole() && since.size() == known.size()
            ? pages(rule, neverAfter, PAGES,
                after -> findings.neverHeard(CALLER, rule.made().rule(), first, after, MOST))
            : Future.succeededFuture());
  }

  /** Devices that nobody expects to speak are found again and again: a store full of them must keep nothing waiting. */
  private Future<Void> pages(Silence rule, Map<String, String> places, int left,
      Function<String, Future<List<Silent>>> page) {
    String name = rule.made().rule();
    return page.apply(places.getOrDefault(name, "")).compose(silent -> begun(rule, silent).compose(done -> {
      if (silent.size() < MOST) places.remove(name);
      else places.put(name, silent.get(silent.size() - 1).device());
      return silent.size() < MOST || left == 1 ? Future.succeededFuture() : pages(rule, places, left - 1, page);
    }));
  }

  private Future<Void> begun(Silence rule, List<Silent> silent) {
    long now = System.nanoTime();
    List<Silent> asked = silent.stream()
        .filter(one -> rule.looksAt(one.device()))
        .filter(one -> notInUse.getOrDefault(one.device(), now) - now <= 0)
        .toList();
    if (asked.isEmpty()) return Future.succeededFuture();
    return patientsOf.apply(asked.stream().map(Silent::device).toList()).compose(patients -> {
      List<Finding> begun = new ArrayList<>();
      for (Silent one : asked) {
        String patient = patients.get(one.device());
        if (patient == null) notInUse.put(one.device(), now + NOT_IN_USE.toNanos());
        else begun.add(finding(rule.made(), one, patient));
      }
      return findings.begun(CALLER, begun).onSuccess(done -> rules.found(rule.made().rule(), begun.size()));
    });
  }

  private static Finding finding(Made made, Silent silent, String patient) {
    String id = made.id("Device/" + silent.device() + " Patient/" + patient, silent.heard().toString());
    return new Finding(id, made.rule(), made.kind(), made.text(), made.severity(), silent.device(), patient,
        silent.heard());
  }

  // ---- now and then

  private Future<Void> tidy() {
    if (isWithin(tidied, TIDY)) return count(false);
    tidied = System.nanoTime();
    return count(true).compose(done -> unused())
        .compose(done -> findings.endGone(CALLER, rules.names(), keep));
  }

  private Future<Void> count(boolean all) {
    if (!all && isWithin(counted, COUNT)) return Future.succeededFuture();
    counted = System.nanoTime();
    List<Count> counts = rules.count(all);
    return counts.isEmpty() ? Future.succeededFuture() : findings.count(CALLER, counts);
  }

  /** A Device that is not in use any more, or somebody else's, is not silent: nobody waits for it. */
  private Future<Void> unused() {
    if (rules.silences().isEmpty()) return Future.succeededFuture();
    return findings.lasting(CALLER, rules.silenceNames()).compose(lasting -> {
      if (lasting.isEmpty()) return Future.succeededFuture();
      return patientsOf.apply(lasting.stream().map(one -> one.finding().device()).distinct().toList())
          .compose(patients -> {
            Instant now = clock.instant();
            List<Over> over = lasting.stream()
                .map(Found::finding)
                .filter(one -> !one.patient().equals(patients.get(one.device())) || !isLookedAt(one))
                .map(one -> new Over(one.id(), now))
                .toList();
            return findings.over(CALLER, over);
          });
    });
  }

  private boolean isLookedAt(Finding finding) {
    return rules.silences()
        .stream()
        .anyMatch(rule -> rule.made().rule().equals(finding.rule()) && rule.looksAt(finding.device()));
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    boolean fails = cause != null && !stopping;
    if (isFailing == fails) return;
    isFailing = fails;
    if (fails)
      log.warn("what rules over measurements find is not written just now, trying again cause={}",
          Cause.andPlace(cause));
    else
      log.info("what rules over measurements find is written again");
  }
}
