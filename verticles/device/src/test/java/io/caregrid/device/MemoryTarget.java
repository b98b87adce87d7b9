package io.caregrid.device;

import io.caregrid.contract.Failure;
import io.caregrid.store.Progress;
import io.caregrid.store.ShardKey;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** A target in memory that keeps what it is given, with the switches a test needs. Safe from any thread. */
final class MemoryTarget implements Target {
  final Map<Integer, Progress> rows = new ConcurrentHashMap<>();
  private final Map<Integer, List<Batch.Event>> applied = new ConcurrentHashMap<>();
  private final List<Batch> batches = new ArrayList<>();
  private final List<Long> buried = new ArrayList<>();
  /** Completes before any write does: an open promise holds writes back. */
  volatile Future<Void> gate = Future.succeededFuture();
  /** Makes the target fail, like a database that is away. */
  volatile boolean away;
  /** What it says a write took. */
  volatile Duration took = Duration.ofMillis(1);
  /** Events that make their batch fail with a data error. */
  volatile Predicate<Batch.Event> poison = event -> false;

  /** Makes it refuse every batch, for a reason that an overload may have too. */
  volatile boolean unwilling;
  /** Makes it fail to set anything aside. */
  volatile boolean full;

  /** Writes that are under way. */
  final AtomicInteger waiting = new AtomicInteger();
  /** How often somebody asked for a shard's progress. */
  final AtomicInteger asked = new AtomicInteger();

  static final class Unwilling extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  static final class Poisoned extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Override
  public String name() {
    return ShardKey.STORE;
  }

  @Override
  public Future<Void> seed(UUID topicId, int shards) {
    for (int shard = 0; shard < shards; shard++) rows.putIfAbsent(shard, new Progress(0, Map.of()));
    return Future.succeededFuture();
  }

  @Override
  public Future<Integer> epoch(UUID topicId) {
    return Future.succeededFuture(0);
  }

  @Override
  public Future<Progress> progress(ShardKey key) {
    asked.incrementAndGet();
    if (away) return Future.failedFuture(new IllegalStateException("away"));
    Progress progress = rows.get(key.shard());
    return progress == null ? Future.failedFuture(new Failure.NotFound("no row")) : Future.succeededFuture(progress);
  }

  @Override
  public Future<Written> write(ShardKey key, Batch batch) {
    waiting.incrementAndGet();
    return gate.compose(opened -> apply(key, batch)).onComplete(done -> waiting.decrementAndGet());
  }

  @Override
  public synchronized Future<Written> bury(ShardKey key, Batch batch, Throwable cause) {
    if (full) return Future.failedFuture(new IllegalStateException("full"));
    buried.add(batch.from());
    rows.put(key.shard(), new Progress(batch.to(), rows.get(key.shard()).sources()));
    return Future.succeededFuture(new Written(batch.to(), Duration.ZERO));
  }

  private synchronized Future<Written> apply(ShardKey key, Batch batch) {
    if (away) return Future.failedFuture(new IllegalStateException("away"));
    if (unwilling) return Future.failedFuture(new Unwilling());
    Progress before = rows.get(key.shard());
    if (batch.from() > before.applied())
      return Future.failedFuture(new Gap(key.shard(), before.applied(), batch.from()));
    if (batch.events().stream().anyMatch(poison)) return Future.failedFuture(new Poisoned());
    SourceMarks marks = new SourceMarks(before);
    for (Batch.Event event : batch.events())
      if (event.position() >= before.applied() && marks.take(event.source()))
        applied.computeIfAbsent(key.shard(), shard -> new ArrayList<>()).add(event);
    rows.put(key.shard(), before.after(Math.max(before.applied(), batch.to()), marks.moved()));
    batches.add(batch);
    return Future.succeededFuture(new Written(batch.to(), took));
  }

  @Override
  public boolean isDataError(Throwable cause) {
    return cause instanceof Poisoned;
  }

  @Override
  public boolean isRefusal(Throwable cause) {
    return isDataError(cause) || cause instanceof Unwilling;
  }

  @Override
  public String patientOf(String device) {
    return Set.of("known").contains(device) ? "p-known" : null;
  }

  /** It is as it was, whatever was written meanwhile. */
  synchronized void goBack(int shard, Progress before) {
    rows.put(shard, before);
  }

  synchronized List<Long> positions(int shard) {
    return applied.getOrDefault(shard, List.of()).stream().map(Batch.Event::position).toList();
  }

  synchronized List<Batch> batches() {
    return List.copyOf(batches);
  }

  synchronized List<Long> buried() {
    return List.copyOf(buried);
  }

  /** A gate that stays shut until the promise is completed. */
  Promise<Void> shut() {
    Promise<Void> promise = Promise.promise();
    gate = promise.future();
    return promise;
  }
}
