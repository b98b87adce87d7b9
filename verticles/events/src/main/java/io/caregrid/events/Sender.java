package io.caregrid.events;

import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.events.Courier.Answer;
import io.caregrid.events.Courier.Letter;
import io.caregrid.store.Cause;
import io.caregrid.store.Deliveries;
import io.caregrid.store.Deliveries.Delivery;
import io.caregrid.store.Deliveries.Ended;
import io.caregrid.store.Deliveries.Health;
import io.caregrid.store.Deliveries.State;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one target what waits for it, in one term. All state belongs to the teller's context.
 *
 * <p>Of each resource only the oldest row is due, and a row in hand is not taken again before its end is kept: so nothing overtakes. A target that has failed
 * some times in a row is <i>failing</i>: one thing at a time, after a pause that grows. In memory: {@link #FETCHED} rows, and the letters under way.
 */
final class Sender {
  private static final Logger log = LoggerFactory.getLogger(Sender.class);
  private static final int FETCHED = 200;
  private static final long LOOK_MILLIS = 500;
  private static final long LONG = Duration.ofDays(1).toNanos();

  private final Vertx vertx;
  private final Context context;
  private final Deliveries deliveries;
  private final Contents contents;
  private final Target target;
  private final Courier courier;
  private final Retries retries;
  private final TellMetrics metrics;
  private final Clock clock;
  private final int term;
  private final BooleanSupplier ours;
  private final Runnable overtaken;
  private final Deque<Delivery> queue = new ArrayDeque<>();
  private final Set<String> inHand = new HashSet<>();
  /** Whose end was kept while rows are fetched: they may be among those, seen before. */
  private final Set<String> keptMeanwhile = new HashSet<>();
  private final List<Ended> ended = new ArrayList<>();
  private int failures;
  private Instant failing;
  private Duration pause = Duration.ZERO;
  private int status;
  /** By {@code System.nanoTime}: nothing is sent before. */
  private long notBefore = System.nanoTime();
  /** The same of the first thing that is tried again. */
  private long soonest = notBefore + LONG;
  private int busy;
  private boolean fetching;
  private boolean settling;
  private boolean stopped;
  private long timer = -1;

  /**
   * @param ours whether this node still tells
   * @param overtaken run when the store says that the term is over
   * @param as   how the target was when the term began; null: it is new
   */
  Sender(Vertx vertx, Context context, Deliveries deliveries, Contents contents, Target target, Courier courier,
      Retries retries, TellMetrics metrics, Clock clock, int term, BooleanSupplier ours, Runnable overtaken, State as) {
    this.vertx = vertx;
    this.context = context;
    this.deliveries = deliveries;
    this.contents = contents;
    this.target = target;
    this.courier = courier;
    this.retries = retries;
    this.metrics = metrics;
    this.clock = clock;
    this.term = term;
    this.ours = ours;
    this.overtaken = overtaken;
    if (as == null) return;
    failures = as.failures();
    failing = as.failing();
    pause = as.pause();
    status = as.status() == null ? 0 : as.status();
    notBefore += pause.toNanos();
  }

  Target target() {
    return target;
  }

  /** Since when; null: it is well. */
  Instant failing() {
    return failing;
  }

  /** An operator says that it may be well again. */
  void tryNow() {
    notBefore = System.nanoTime();
    wake();
  }

  void changed(List<Change> changes) {
    courier.changed(changes);
  }

  /** Completes when nothing is under way any more. */
  Future<Void> stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    return courier.close().otherwiseEmpty();
  }

  /** There may be something to send. On the context. */
  void wake() {
    if (stopped || !ours.getAsBoolean()) return;
    boolean waits = System.nanoTime() - notBefore < 0;
    while (!waits && !queue.isEmpty() && busy < atOnce()) {
      send(next());
      waits = System.nanoTime() - notBefore < 0;
    }
    if (!waits && queue.isEmpty() && busy < atOnce() && !fetching) fetch();
    else if (busy < atOnce() || waits) again();
  }

  private int atOnce() {
    return failing == null ? courier.atOnce() : 1;
  }

  private void again() {
    vertx.cancelTimer(timer);
    long now = System.nanoTime();
    long wait = queue.isEmpty() ? Math.max(soonest - now, notBefore - now) : notBefore - now;
    timer = vertx.setTimer(Math.max(1, Math.min(LOOK_MILLIS, wait / 1_000_000 + 1)), fired -> wake());
  }

  private void fetch() {
    fetching = true;
    keptMeanwhile.clear();
    if (System.nanoTime() - soonest >= 0) soonest = System.nanoTime() + LONG;
    Future<List<Delivery>> asked = failing == null
        ? deliveries.due(Sieve.CALLER, target.name(), FETCHED + inHand.size())
        : deliveries.probe(Sieve.CALLER, target.name());
    asked.onComplete(done -> context.runOnContext(hop -> {
      fetching = false;
      boolean more = false;
      if (done.succeeded())
        for (Delivery delivery : done.result())
          if (!keptMeanwhile.contains(delivery.key()) && inHand.add(delivery.key())) {
            queue.add(delivery);
            more = true;
          }
      if (more) wake();
      else if (!stopped) again();
    }));
  }

  /** What failed before goes alone, so that it takes nobody along if it is its own fault. */
  private List<Delivery> next() {
    List<Delivery> batch = new ArrayList<>();
    batch.add(queue.poll());
    int most = failing != null || batch.get(0).tries() > 0 ? 1 : courier.most();
    while (batch.size() < most && !queue.isEmpty() && queue.peek().tries() == 0) batch.add(queue.poll());
    return batch;
  }

  private void send(List<Delivery> batch) {
    busy++;
    boolean probe = failing != null;
    notBefore = System.nanoTime() + courier.spacing().toNanos();
    contents.of(target, batch).onComplete(read -> context.runOnContext(hop -> {
      if (read.failed() && !(read.cause() instanceof Failure.Busy)) {
        log.warn("resources cannot be read for a target target={} cause={}", target.name(),
            Cause.andPlace(read.cause()));
        busy--;
        Answer unreadable = new Answer(422, null, "what it says cannot be read");
        batch.forEach(delivery -> ended.add(ended(delivery, unreadable)));
        judge(List.of(unreadable), probe);
        settle();
        wake();
      } else if (read.failed()) {
        busy--;
        batch.forEach(delivery -> inHand.remove(delivery.key()));
        notBefore = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        if (!stopped) again();
      } else if (stopped || !ours.getAsBoolean()) {
        busy--;
      } else {
        later(batch.subList(read.result().size(), batch.size()));
        post(read.result(), probe);
      }
    }));
  }

  /** What was too much for one sending. */
  private void later(List<Delivery> rest) {
    if (failing != null) rest.forEach(delivery -> inHand.remove(delivery.key()));
    else for (int i = rest.size() - 1; i >= 0; i--) queue.addFirst(rest.get(i));
  }

  private void post(List<Letter> letters, boolean probe) {
    courier.send(letters).onComplete(done -> context.runOnContext(hop -> {
      busy--;
      List<Answer> answers = done.succeeded()
          ? done.result()
          : Collections.nCopies(letters.size(),
              Answer.none("it could not be sent (" + done.cause().getClass().getSimpleName() + ")"));
      for (int i = 0; i < letters.size(); i++) ended.add(ended(letters.get(i).delivery(), answers.get(i)));
      judge(answers, probe);
      answers.forEach(answer -> notBefore = Math.max(notBefore, System.nanoTime() + retries.wanted(answer).toNanos()));
      settle();
      wake();
    }));
  }

  private Ended ended(Delivery delivery, Answer answer) {
    if (answer.isNothing()) return Ended.ofNothing(delivery);
    status = answer.status();
    if (answer.isTaken()) {
      metrics.sent(target.name(), 1);
      return new Ended(delivery, null, null);
    }
    metrics.failed(target.name());
    Duration again = retries.again(delivery, answer, clock.instant());
    if (again == null) metrics.dead(target.name(), 1);
    else if (System.nanoTime() + again.toNanos() - soonest < 0) soonest = System.nanoTime() + again.toNanos();
    return new Ended(delivery, again, answer.problem());
  }

  /**
   * How the target is after a sending, however many letters were in it. What was sent before it began to fail says nothing new.
   *
   * @param probe it failed already when this was sent
   */
  private void judge(List<Answer> answers, boolean probe) {
    if (answers.stream().allMatch(Answer::isNothing)) return;
    if (answers.stream().anyMatch(Answer::isTaken)) {
      well();
      return;
    }
    Answer bad = answers.stream()
        .filter(answer -> !answer.isNothing() && !answer.isItsOwnFault())
        .findFirst()
        .orElse(null);
    if (bad != null && probe == (failing != null)) {
      failures++;
      if (failures >= retries.failingAfter()) fails(bad);
    } else if (failing != null) {
      notBefore = Math.max(notBefore, System.nanoTime() + pause.toNanos());
    }
  }

  private void well() {
    failures = 0;
    pause = Duration.ZERO;
    if (failing == null) return;
    log.info("target takes news again target={} failedSince={}", target.name(), failing);
    failing = null;
  }

  private void fails(Answer answer) {
    if (failing == null) {
      failing = clock.instant();
      log.warn("target takes no news, trying again target={} why={}", target.name(), answer.problem());
    }
    pause = retries.pause(failures, answer);
    notBefore = System.nanoTime() + pause.toNanos();
    queue.forEach(delivery -> inHand.remove(delivery.key()));
    queue.clear();
  }

  /** While one end is written, the next ones gather. */
  private void settle() {
    if (settling || ended.isEmpty() || stopped) return;
    settling = true;
    List<Ended> these = List.copyOf(ended);
    String problem = these.stream().map(Ended::error).filter(Objects::nonNull).reduce((one, last) -> last).orElse(null);
    Health health = new Health(failures, failing != null, pause, status, problem);
    deliveries.settle(Sieve.CALLER, term, target.name(), these, health).onComplete(done -> context.runOnContext(hop -> {
      settling = false;
      if (done.succeeded()) {
        ended.subList(0, these.size()).clear();
        these.forEach(one -> {
          inHand.remove(one.delivery().key());
          if (fetching) keptMeanwhile.add(one.delivery().key());
        });
        settle();
        wake();
      } else if (!stopped && done.cause() instanceof Failure.Conflict) {
        overtaken.run();
      } else if (!stopped) {
        log.debug("what was told cannot be kept just now target={} cause={}", target.name(),
            Cause.withoutValues(done.cause()));
        vertx.setTimer(LOOK_MILLIS, fired -> settle());
      }
    }));
  }
}
