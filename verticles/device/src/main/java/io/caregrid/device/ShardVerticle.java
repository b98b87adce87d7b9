package io.caregrid.device;

import io.caregrid.cluster.Addresses;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.contract.Live;
import io.caregrid.store.ShardKey;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shard of devices, alive exactly while this node reads its partition. All state belongs to this verticle's context; nobody else touches it, so
 * nothing here locks. Undeploying is the hand-off: {@link #stop()} completes when the open batch is in the target, or {@code handoff} is over;
 * giving up is safe, since the next owner goes on from what is in effect.
 *
 * <p>A write that fails ends this life: nothing more is accepted, and the pump opens the shard anew from the target's position.
 */
final class ShardVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ShardVerticle.class);
  /** Readings of one message come within this; waiting for them spares a second write. */
  private static final long COMPANY_NANOS = Duration.ofMillis(50).toNanos();
  private static final long SOONEST_NANOS = Duration.ofSeconds(1).toNanos();

  /** Hears how the shard fares; called on the shard's context. */
  interface Supervisor {
    void persisted(ShardVerticle shard, long applied);

    void crashed(ShardVerticle shard, Throwable cause);
  }

  private final ShardKey key;
  private final ShardConfig config;
  private final Target target;
  private final Supervisor supervisor;
  private final Bisection bisection;
  private final IntSupplier shardsHere;
  private final ShardMetrics metrics;
  private final AtomicLong waitingEvents = new AtomicLong();
  private final AtomicLong waitingHeap = new AtomicLong();

  private LiveFeed feed;
  private List<Batch.Event> open = new ArrayList<>();
  private long openBytes;
  private long openFrom;
  private long openTo;
  private long openSince;
  private boolean writing;
  private boolean ended;
  private Promise<Void> draining;
  private long lastEnd;
  private long lastTook;
  private long tookBefore;
  private long timer = -1;

  ShardVerticle(ShardKey key, long from, Bisection bisection, ShardConfig config, Target target, IntSupplier shardsHere,
      Supervisor supervisor, ShardMetrics metrics) {
    this.key = key;
    this.openFrom = from;
    this.openTo = from;
    this.bisection = bisection;
    this.config = config;
    this.target = target;
    this.shardsHere = shardsHere;
    this.supervisor = supervisor;
    this.metrics = metrics;
  }

  @Override
  public Future<?> start() {
    feed = new LiveFeed(vertx.eventBus(), target::patientOf, config.idleAfter());
    lastEnd = System.nanoTime() - SOONEST_NANOS;
    vertx.setPeriodic(Live.EVERY_MILLIS, tick -> feed.tick(System.nanoTime()));
    vertx.setPeriodic(config.idleAfter().toMillis() / 4, tick -> feed.passivate(System.nanoTime()));
    vertx.setPeriodic(config.idleCheck().toMillis(), tick -> checkIdle());
    vertx.eventBus().<Live.Watch>consumer(Addresses.LIVE_WATCH, watch -> feed.watch(watch.body(), System.nanoTime()));
    return vertx.eventBus().<Live.Latest>consumer(Addresses.shard(key.shard()), this::answer).completion();
  }

  /** Writes what is open; what a failed write leaves behind is read again by the next owner. */
  @Override
  public Future<?> stop() {
    draining = Promise.promise();
    drain();
    return draining.future()
        .timeout(config.handoff().toMillis(), TimeUnit.MILLISECONDS)
        .recover(late -> {
          log.warn("shard abandoned before its batch was written shard={} events={} after={}", key.shard(),
              waitingEvents.get(), config.handoff());
          return Future.succeededFuture();
        })
        .onComplete(done -> end());
  }

  /** Any thread. The order of offers is the order of events; each must begin where the one before it ended. */
  void offer(Batch part) {
    int events = part.events().size();
    long heap = heap(part.events());
    waitingEvents.addAndGet(events);
    waitingHeap.addAndGet(heap);
    metrics.backlog.addAndGet(events);
    context.runOnContext(hop -> accept(part, heap));
  }

  /** Any thread: events offered and not in effect yet. */
  long waitingEvents() {
    return waitingEvents.get();
  }

  /** Any thread: bytes that they take in memory, about. */
  long waitingHeap() {
    return waitingHeap.get();
  }

  /** Any thread: there is no room for more, so what is open is written as soon as nothing else is. */
  void hurry() {
    context.runOnContext(hop -> {
      if (!writing && !ended && openTo != openFrom) write();
    });
  }

  private void accept(Batch part, long heap) {
    if (ended) {
      done(part.events().size(), heap);
      return;
    }
    if (part.from() != openTo) {
      crash(new IllegalStateException("shard " + key.shard() + " was offered " + part.from() + " after " + openTo));
      return;
    }
    if (open.isEmpty()) openSince = System.nanoTime();
    open.addAll(part.events());
    openBytes += bytes(part.events());
    openTo = part.to();
    feed.accept(part.events(), System.nanoTime());
    schedule();
  }

  private void answer(Message<Live.Latest> question) {
    Live.Vitals latest = feed.latest(question.body().device());
    if (latest == null) question.fail(404, "this device has not been heard of by shard " + key.shard());
    else question.reply(latest);
  }

  private void schedule() {
    if (writing || ended || openTo == openFrom) return;
    long wait = due() - System.nanoTime();
    if (wait <= 0 || draining != null) write();
    else if (timer < 0) timer = vertx.setTimer(Math.max(1, TimeUnit.NANOSECONDS.toMillis(wait)), fired -> {
      timer = -1;
      schedule();
    });
  }

  /**
   * When the open batch is to be written, in {@code System.nanoTime}: cheap writes soon, dear ones rarely (SHARDING.md, "Flush policy"). What a write
   * costs is the cheaper of the last two: one that a collection or a checkpoint held up is no reason to keep readers waiting.
   */
  private long due() {
    boolean full = open.size() >= Math.min(config.batchEvents(), bisection.limit()) || openBytes >= config.batchBytes();
    if (full) return System.nanoTime();
    long fair = (long) (Math.min(lastTook, tookBefore) * shardsHere.getAsInt() / config.writeShare());
    long pause = Math.min(Math.max(fair, SOONEST_NANOS), config.batchAge().toNanos());
    return Math.max(lastEnd + pause, openSince + COMPANY_NANOS);
  }

  /** An empty batch meets the same check as any other: a database that silently went back is behind it. */
  private void checkIdle() {
    if (writing || ended || openTo != openFrom) return;
    if (System.nanoTime() - lastEnd >= config.idleCheck().toNanos() / 2) write();
  }

  private void write() {
    if (timer >= 0) vertx.cancelTimer(timer);
    timer = -1;
    writing = true;
    Batch batch = take();
    settle(batch, target.write(key, batch));
  }

  private void settle(Batch batch, Future<Target.Written> write) {
    write.onComplete(written -> context.runOnContext(hop -> {
      if (written.succeeded()) persisted(batch, written.result());
      else failed(batch, written.cause());
    }));
  }

  /** The open batch, or as much of its front as one transaction may hold. */
  private Batch take() {
    int most = Math.min(config.batchEvents(), bisection.limit());
    int count = 0;
    long bytes = 0;
    while (count < open.size() && count < most && (count == 0 || bytes < config.batchBytes()))
      bytes += open.get(count++).bytes();
    boolean all = count == open.size();
    long to = all ? openTo : open.get(count).position();
    Batch batch = new Batch(openFrom, to, all ? open : List.copyOf(open.subList(0, count)));
    open = all ? new ArrayList<>() : new ArrayList<>(open.subList(count, open.size()));
    openBytes -= bytes;
    openFrom = to;
    openSince = System.nanoTime();
    return batch;
  }

  private void persisted(Batch batch, Target.Written written) {
    writing = false;
    lastEnd = System.nanoTime();
    tookBefore = lastTook;
    lastTook = written.took().toNanos();
    done(batch.events().size(), heap(batch.events()));
    if (ended) return;
    bisection.persisted(batch.to());
    supervisor.persisted(this, batch.to());
    if (draining != null) drain();
    else schedule();
  }

  private void failed(Batch batch, Throwable cause) {
    if (ended) return;
    boolean atFault = target.isDataError(cause) || bisection.hopeless() && target.isRefusal(cause);
    if (bisection.cornered() && batch.events().size() == 1 && atFault) {
      target.bury(key, batch, cause).onComplete(done -> context.runOnContext(hop -> {
        if (done.succeeded()) buried(batch, done.result(), cause);
        else lost(batch, done.cause(), false);
      }));
      return;
    }
    lost(batch, cause, target.isRefusal(cause));
  }

  private void buried(Batch batch, Target.Written written, Throwable cause) {
    log.error("event set aside, it cannot be stored shard={} position={} cause={}", key.shard(), batch.from(),
        cause.getClass().getSimpleName());
    if (!ended) bisection.forget();
    persisted(batch, written);
  }

  /** Neither written nor set aside: a next life tries again, and goes on with what is known of the batch. */
  private void lost(Batch batch, Throwable cause, boolean refused) {
    if (ended) return;
    bisection.crashed(batch.from(), batch.to(), batch.events().size(), refused);
    crash(cause);
  }

  private void crash(Throwable cause) {
    end();
    metrics.crashes.increment();
    supervisor.crashed(this, cause);
    if (draining != null) draining.tryComplete();
  }

  private void drain() {
    if (ended || openTo == openFrom && !writing) draining.tryComplete();
    else schedule();
  }

  private void end() {
    if (ended) return;
    ended = true;
    if (timer >= 0) vertx.cancelTimer(timer);
    open = List.of();
    done(waitingEvents.get(), waitingHeap.get());
  }

  /** Nothing below zero: what an abandoned write finishes later has been counted already. */
  private void done(long events, long heap) {
    long gone = Math.min(events, waitingEvents.get());
    waitingEvents.addAndGet(-gone);
    waitingHeap.addAndGet(-Math.min(heap, waitingHeap.get()));
    metrics.backlog.addAndGet(-gone);
  }

  private static long bytes(List<Batch.Event> events) {
    long bytes = 0;
    for (Batch.Event event : events) bytes += event.bytes();
    return bytes;
  }

  private static long heap(List<Batch.Event> events) {
    long heap = 0;
    for (Batch.Event event : events) heap += event.heap();
    return heap;
  }
}
