package io.caregrid.events;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.TargetConfig;
import io.caregrid.cluster.TellConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.store.Bodies;
import io.caregrid.store.Cause;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.ChangeFeed.Changes;
import io.caregrid.store.ChangeFeed.Cursor;
import io.caregrid.store.ChangeFeed.Lost;
import io.caregrid.store.Database;
import io.caregrid.store.Deliveries;
import io.caregrid.store.Deliveries.News;
import io.caregrid.store.Deliveries.Pass;
import io.caregrid.store.Deliveries.State;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Lease;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.MessageConsumer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the change feed for all targets and rules. Every node that is configured so has one, and one of them works: who holds the lease, in a term of its own.
 *
 * <p>A holder that could not renew its lease in time stops sending before the lease runs out, so that what it has under way is over when another one begins; and
 * whatever it still wants to write, the store refuses, because the term is over. What fails is tried again, and said once.
 */
public final class TellerVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(TellerVerticle.class);
  /** Changes read at a time. */
  private static final int MOST = 500;
  private static final int FIRST = 50;
  /** A pass that took longer reads less next time, so that a slow rule delays nobody for long. */
  private static final Duration LONG_PASS = Duration.ofSeconds(3);
  /** Of one round of giving up. */
  private static final Duration BURYING = Duration.ofSeconds(5);
  private static final long LOOK_MILLIS = 1_000;
  private static final Duration TIDY = Duration.ofMinutes(1);
  private static final Duration MEASURE = Duration.ofSeconds(10);

  /**
   * How patient a teller is.
   *
   * @param lease  holds for so long
   * @param answer longest that a target has time for its answer; with half of the lease before it, less than the lease
   */
  record Patience(Duration lease, Duration answer) {
    static final Patience DEFAULT = new Patience(Duration.ofSeconds(40), HttpCourier.PATIENCE);
  }

  private final Database database;
  private final FhirStore store;
  private final Audit audit;
  private final Deliveries deliveries;
  private final ChangeFeed feed;
  private final Lease lease;
  private final TellConfig config;
  private final KafkaConfig kafka;
  private final String source;
  private final List<Target> targets;
  /** Target → how long a change waits for the next one of its resource. */
  private final Map<String, Duration> gathering = new TreeMap<>();
  private final List<Rule> rules;
  private final Caller writer;
  private final TellMetrics metrics;
  private final Retries retries;
  private final Patience patience;
  private final Clock clock = Clock.systemUTC();
  private final Map<String, Sender> senders = new TreeMap<>();
  private Sieve sieve;
  private MessageConsumer<Object> news;
  private MessageConsumer<String> calls;
  /** 0: another node tells, or none. */
  private int term;
  private Cursor cursor;
  /** By System.nanoTime: when the lease was taken last, and until when it is surely ours. */
  private long renewed;
  private long until;
  private long tidied;
  private long measured;
  private Future<?> turning = Future.succeededFuture();
  private Future<Boolean> renewing = Future.succeededFuture(true);
  private boolean isMeasuring;
  private int most = FIRST;
  private long beat = -1;
  private boolean isTurning;
  private boolean again;
  private boolean stopping;
  private boolean isFailing;
  private long timer = -1;

  /**
   * @param audit  told of what other FHIR servers are sent
   * @param source base address of FHIR as receivers reach it
   * @throws io.caregrid.cluster.ConfigException as {@link TellSettings#check}
   */
  public TellerVerticle(Database database, FhirStore store, Audit audit, TellConfig config, Roles roles,
      KafkaConfig kafka, String source, MeterRegistry registry) {
    this(database, store, audit, config, roles, kafka, source, registry,
        Retries.of(config.giveUpAfter(), new SplittableRandom()), Patience.DEFAULT);
  }

  TellerVerticle(Database database, FhirStore store, Audit audit, TellConfig config, Roles roles, KafkaConfig kafka,
      String source, MeterRegistry registry, Retries retries, Patience patience) {
    this.database = database;
    this.store = store;
    this.audit = audit;
    this.deliveries = new Deliveries(database);
    this.feed = new ChangeFeed(database);
    this.lease = new Lease(database, Deliveries.LISTENER);
    this.config = config;
    this.kafka = kafka;
    this.source = source.replaceAll("/+$", "");
    this.targets = Target.all(config.targets(), roles);
    targets.stream()
        .filter(one -> one.config().isFhir())
        .forEach(one -> gathering.put(one.name(), one.config().gathers()));
    this.rules = Rule.all(config.rules(), this.source);
    this.writer = rules.isEmpty() ? null : TellSettings.writer(config, roles);
    this.metrics = new TellMetrics(registry, targets);
    this.retries = retries;
    this.patience = patience;
  }

  @Override
  public Future<?> start() {
    sieve = new Sieve(vertx, deliveries, new Bodies(database), store, targets, rules, writer);
    news = vertx.eventBus().consumer(Addresses.CHANGES);
    news.handler(told -> turn());
    calls = vertx.eventBus().consumer(Addresses.TELL_NOW);
    calls.handler(target -> {
      Sender sender = senders.get(target.body());
      if (sender != null) sender.tryNow();
    });
    beat = vertx.setPeriodic(Math.max(1, patience.lease().toMillis() / 8), fired -> renew());
    turn();
    return Future.succeededFuture();
  }

  /** However long a turn takes, the lease stays ours. */
  private void renew() {
    if (isTurning && isOurs() && renewing.isComplete()) renewing = take();
  }

  /** Completes when the pass under way is over and the next node may begin. */
  @Override
  public Future<?> stop() {
    stopping = true;
    vertx.cancelTimer(timer);
    vertx.cancelTimer(beat);
    return Future.join(news.unregister(), calls.unregister())
        .<Void>mapEmpty()
        .otherwiseEmpty()
        .compose(quiet -> turning.otherwiseEmpty())
        .compose(done -> renewing.otherwise(false))
        .compose(done -> standDown())
        .compose(down -> lease.release())
        .otherwiseEmpty();
  }

  private boolean isOurs() {
    return term > 0 && !stopping && System.nanoTime() - until < 0;
  }

  private void turn() {
    if (isTurning) again = true;
    if (isTurning || stopping) return;
    isTurning = true;
    again = false;
    vertx.cancelTimer(timer);
    turning = held().compose(ours -> ours ? work() : standDown().map(false)).onComplete(done -> {
      isTurning = false;
      report(done.cause());
      if (done.failed() && !(done.cause() instanceof Failure.Busy)) standDown();
      if (stopping) return;
      boolean more = done.succeeded() && (done.result() || again);
      if (more) context.runOnContext(hop -> turn());
      else timer = vertx.setTimer(LOOK_MILLIS, fired -> turn());
    });
  }

  /** Another node has begun a term since, be it over again or not. */
  private void overtaken(int in) {
    if (term == in) standDown().onComplete(down -> turn());
  }

  /** Whether this node tells; asks for the lease anew in good time. */
  private Future<Boolean> held() {
    long now = System.nanoTime();
    if (isOurs() && now - renewed < patience.lease().toNanos() / 8) return Future.succeededFuture(true);
    if (term > 0 && !isOurs()) standDown(); // it was away for so long that another one may have told meanwhile
    return take().recover(cause -> isOurs() ? Future.succeededFuture(true) : Future.failedFuture(cause));
  }

  private Future<Boolean> take() {
    long now = System.nanoTime();
    return lease.take(patience.lease()).map(held -> {
      if (!held) return false;
      renewed = now;
      until = now + patience.lease().toNanos() / 2;
      return true;
    });
  }

  /** @return whether there is more at once */
  private Future<Boolean> work() {
    Future<?> begun = term == 0 ? begin() : Future.succeededFuture();
    return begun.compose(ready -> pass())
        .compose(more -> fill().map(filled -> more || filled))
        .compose(more -> tidy().map(more));
  }

  private Future<?> begin() {
    List<String> names = targets.stream().map(Target::name).toList();
    List<String> fromStart = targets.stream().filter(one -> one.config().fromStart()).map(Target::name).toList();
    return deliveries.begin(Sieve.CALLER, names, config.ruleNames(), fromStart)
        .compose(mine -> feed.register(Sieve.CALLER, Deliveries.LISTENER)
            .compose(place -> deliveries.states(Sieve.CALLER).map(states -> {
              term = mine;
              cursor = place;
              open(states);
              log.info("this node tells targets={} rules={} term={}", targets.size(), rules.size(), mine);
              return null;
            })));
  }

  private void open(List<State> states) {
    Contents contents = new Contents(store);
    int mine = term;
    for (Target target : targets) {
      State as = states.stream().filter(state -> state.name().equals(target.name())).findFirst().orElse(null);
      Sender sender = new Sender(vertx, context, deliveries, contents, target, courier(target), retries, metrics, clock,
          mine, () -> term == mine && isOurs(), () -> overtaken(mine), as);
      senders.put(target.name(), sender);
      sender.wake();
    }
  }

  private Courier courier(Target target) {
    return switch (target.config().kind()) {
      case "kafka" -> new KafkaCourier(vertx, kafka, source, patience.answer());
      case "teams" -> http(target, new TeamsForm(source));
      case "powerbi" -> http(target, new PowerBiForm());
      case TargetConfig.FHIR -> new FhirCourier(vertx, store, audit, target, metrics, patience.answer(), clock);
      default -> http(target, new WebhookForm(source, target.config().secrets()));
    };
  }

  private Courier http(Target target, Form form) {
    return new HttpCourier(vertx, target.config(), form, patience.answer(), clock);
  }

  /** @return whether there is more at once */
  private Future<Boolean> pass() {
    long begun = System.nanoTime();
    int asked = most;
    return feed.read(Sieve.CALLER, cursor, asked).compose(answer -> {
      if (answer instanceof Lost lost) return anew(lost.start());
      Changes read = (Changes) answer;
      if (read.changes().isEmpty()) return Future.succeededFuture(false);
      senders.values().forEach(sender -> sender.changed(read.changes()));
      return sieve.sift(read.changes()).compose(pass -> enrolled(read.next(), pass)).map(done -> {
        senders.values().forEach(Sender::wake);
        paced(read.changes().size(), System.nanoTime() - begun);
        return read.changes().size() == asked;
      });
    });
  }

  /** What was in the store before a target of {@link TargetConfig#FHIR} was there, some hundreds at a time. @return whether there is more at once */
  private Future<Boolean> fill() {
    if (gathering.isEmpty()) return Future.succeededFuture(false);
    Future<Boolean> more = Future.succeededFuture(false);
    for (String name : gathering.keySet())
      more = more.compose(before -> deliveries.fill(Sieve.CALLER, term, name, "Observation").map(enrolled -> {
        if (enrolled > 0 && senders.containsKey(name)) senders.get(name).wake();
        return before || enrolled == Deliveries.FILLED;
      }));
    return more;
  }

  private void paced(int looked, long took) {
    if (took > LONG_PASS.toNanos()) most = Math.max(1, looked / 2);
    else if (took < LONG_PASS.toNanos() / 4) most = Math.min(MOST, most * 2);
  }

  private Future<?> enrolled(Cursor next, Pass pass) {
    return deliveries.enrol(Sieve.CALLER, term, cursor, next, pass, gathering).onSuccess(done -> {
      cursor = next;
      metrics.judged(pass.judged());
    });
  }

  /** The feed does not lead on: what happened in between nobody can tell, but that it did. */
  private Future<Boolean> anew(Cursor start) {
    log.error("changes were lost to those who are told of them, each target is told to synchronise anew "
        + "incarnation={} position={}", start.incarnation(), start.position());
    Instant now = clock.instant();
    List<News> all = targets.stream().map(target -> News.anew(target.name(), start, now)).toList();
    return deliveries.fillAnew(Sieve.CALLER, term, gathering.keySet())
        .compose(done -> enrolled(start, new Pass(all, List.of(), List.of(), Map.of())))
        .map(done -> {
          senders.values().forEach(Sender::wake);
          return true;
        });
  }

  private Future<?> tidy() {
    long now = System.nanoTime();
    if (measured == 0 || now - measured > MEASURE.toNanos()) measure(now);
    if (tidied != 0 && now - tidied < TIDY.toNanos()) return Future.succeededFuture();
    tidied = now;
    List<String> names = targets.stream().map(Target::name).toList();
    return deliveries.tidy(Sieve.CALLER, names, config.ruleNames(), config.giveUpAfter())
        .compose(next -> bury());
  }

  /** Beside the turn, which waits for nobody who only looks. */
  private void measure(long now) {
    measured = now;
    if (isMeasuring) return;
    isMeasuring = true;
    int mine = term;
    deliveries.targets(Sieve.CALLER).onComplete(done -> context.runOnContext(hop -> {
      isMeasuring = false;
      if (done.failed())
        log.debug("what waits cannot be measured just now cause={}", Cause.withoutValues(done.cause()));
      else
        if (term == mine && term > 0) measured(done.result());
    }));
  }

  /** What the table says, also that an operator has said so at another node, if that was not heard. */
  private void measured(List<State> states) {
    metrics.state(states, clock.instant());
    for (State state : states) {
      Sender sender = senders.get(state.name());
      if (sender != null && sender.failing() != null && state.failing() != null && state.pause().isZero())
        sender.tryNow();
    }
  }

  private Future<?> bury() {
    Future<?> done = Future.succeededFuture();
    long end = System.nanoTime() + BURYING.toNanos();
    Instant before = clock.instant().minus(config.giveUpAfter());
    for (Sender sender : senders.values()) {
      if (sender.failing() == null || sender.failing().isAfter(before)) continue;
      String name = sender.target().name();
      done = done.compose(next -> bury(name, end));
    }
    return done;
  }

  /** Until none is left, or the time is over: then the next turn goes on. */
  private Future<?> bury(String name, long end) {
    return deliveries.bury(Sieve.CALLER, term, name, config.giveUpAfter()).compose(dead -> {
      if (dead > 0) log.warn("news were given up, their target was away for too long target={} dead={}", name, dead);
      metrics.dead(name, dead);
      if (dead < Deliveries.BURIED) return Future.succeededFuture();
      if (System.nanoTime() - end < 0 && !stopping) return bury(name, end);
      tidied = 0;
      return Future.succeededFuture();
    });
  }

  /** Another node tells, or this one ends: nothing more is sent. */
  private Future<Void> standDown() {
    if (term == 0) return Future.succeededFuture();
    log.info("this node no longer tells term={}", term);
    term = 0;
    cursor = null;
    measured = 0;
    metrics.nothing();
    List<Future<Void>> stopped = senders.values().stream().map(Sender::stop).toList();
    senders.clear();
    return Future.join(stopped).mapEmpty();
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    boolean fails = cause != null && !stopping;
    if (isFailing == fails) return;
    isFailing = fails;
    if (fails) log.warn("nobody is told of changes just now, trying again cause={}", Cause.andPlace(cause));
    else log.info("changes are told again");
  }
}
