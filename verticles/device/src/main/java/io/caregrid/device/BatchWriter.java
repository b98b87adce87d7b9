package io.caregrid.device;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.Progress;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import io.caregrid.templates.capture.CaptureKey;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingMark;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.sqlclient.DatabaseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings batches into effect in the store, each in one transaction: lock the shard's progress, drop what is in already, refuse a gap, drop what is not
 * above its source mark, fold the rest into its Observations (locked in id order), keep the dead letters, advance. Whose the readings are is asked
 * before, outside of it.
 *
 * <p>Bounded: {@code atOnce} batches of this node at a time; within one, {@link #CHUNK} Observations are in memory at a time, fewer when they have many
 * samples ({@link Plan#end}). Folding happens on
 * worker threads of its own. Safe from any context.
 */
public final class BatchWriter implements Target {
  private static final Logger log = LoggerFactory.getLogger(BatchWriter.class);
  private static final Caller CALLER = Caller.system("shard");
  private static final int CHUNK = 256;
  private static final long SAY_NANOS = Duration.ofMinutes(1).toNanos();

  private final ShardStore store;
  private final Owners owners;
  private final FhirMappings mappings;
  private final ShardMetrics metrics;
  private final MeasurementRules rules;
  private final LetterLimit letterLimit = new LetterLimit();
  private final AtomicLong said = new AtomicLong(System.nanoTime() - SAY_NANOS);
  private final AtomicLong unsaid = new AtomicLong();
  private final Turns turns;
  private final WorkerExecutor workers;

  /**
   * @param mappings asked once per batch
   * @param rules   that look at what comes
   * @param atOnce  batches this node may write at the same time; each holds a connection
   */
  public BatchWriter(Vertx vertx, ShardStore store, Owners owners, FhirMappings mappings, MeasurementRules rules,
      int atOnce, ShardMetrics metrics) {
    this.rules = rules;
    this.store = store;
    this.owners = owners;
    this.mappings = mappings;
    this.metrics = metrics;
    this.turns = new Turns(vertx, atOnce);
    this.workers = vertx.createSharedWorkerExecutor("shard-fold", atOnce);
  }

  /** Without rules over measurements. */
  public BatchWriter(Vertx vertx, ShardStore store, Owners owners, FhirMappings mappings, int atOnce,
      ShardMetrics metrics) {
    this(vertx, store, owners, mappings, MeasurementRules.NONE, atOnce, metrics);
  }

  @Override
  public String name() {
    return ShardKey.STORE;
  }

  /** Rows are made once, when no shard of this topic has one: a single missing row is a fault somebody must look at. */
  @Override
  public Future<Void> seed(UUID topicId, int shards) {
    return epoch(topicId).compose(epoch -> {
      List<Future<Boolean>> rows = new ArrayList<>();
      for (int shard = 0; shard < shards; shard++) rows.add(exists(new ShardKey(name(), topicId, epoch, shard)));
      return Future.all(rows)
          .compose(asked -> rows.stream().anyMatch(Future::result)
              ? Future.succeededFuture()
              : store.seed(CALLER, new ShardKey(name(), topicId, epoch, 0), shards, 0));
    });
  }

  private Future<Boolean> exists(ShardKey key) {
    return progress(key).map(true)
        .recover(
            failed -> failed instanceof Failure.NotFound ? Future.succeededFuture(false) : Future.failedFuture(failed));
  }

  @Override
  public Future<Integer> epoch(UUID topicId) {
    return store.epoch(CALLER, name(), topicId);
  }

  @Override
  public Future<Progress> progress(ShardKey key) {
    return store.progress(CALLER, key);
  }

  @Override
  public Future<Written> write(ShardKey key, Batch batch) {
    return turns.take(() -> inTurn(key, batch));
  }

  @Override
  public Future<Written> bury(ShardKey key, Batch batch, Throwable cause) {
    List<Batch.Event> buried = batch.events()
        .stream()
        .map(event -> new Batch.Event(event.position(), event.source(), null,
            Plan.lastLetter(event, "cannot-be-stored", "This event made its batch fail: " + kind(cause)),
            event.bytes()))
        .toList();
    return write(key, new Batch(batch.from(), batch.to(), buried));
  }

  @Override
  public String patientOf(String device) {
    return owners.patientOf(device);
  }

  /** The event's fault, not the database's: its values cannot be stored, or thinking about it failed. */
  @Override
  public boolean isDataError(Throwable cause) {
    if (cause instanceof DatabaseException refused) {
      String state = refused.getSqlState() == null ? "" : refused.getSqlState();
      return state.startsWith("22") || state.startsWith("23") || state.startsWith("54");
    }
    return cause instanceof Unfoldable || cause instanceof IllegalArgumentException || cause instanceof Failure.Invalid
        || cause instanceof Failure.Unprocessable || cause instanceof Failure.TooLarge;
  }

  /** Looking up whose an event is may be refused for what stands in it; a lookup that took too long says the same, so that this alone proves nothing. */
  @Override
  public boolean isRefusal(Throwable cause) {
    return isDataError(cause) || cause instanceof Failure.TooCostly || cause instanceof Failure.NotSupported;
  }

  /** Lets the worker threads go. Nothing may be written any more. */
  public Future<Void> close() {
    return workers.close();
  }

  private Future<Written> inTurn(ShardKey key, Batch batch) {
    long start = System.nanoTime();
    LetterLimit.Pass limit = letterLimit.open();
    return think(() -> asking(batch))
        .compose(asking -> mappings.of(asking.marks)
            .compose(byMark -> owners.owners(asking.claims)
                .compose(known -> store.inShard(CALLER, key, transaction -> apply(transaction, key, batch,
                    new Needed(byMark.values().stream().anyMatch(FhirMapping::captures)
                        ? () -> Capturing.keys(batch, byMark, owners, known)
                        : null,
                        rules.hasThresholds() ? () -> Judging.devices(rules, batch, owners, known) : null),
                    (before, knowing) -> Plan.of(key.shard(), batch, before, byMark, owners, known, knowing.capturing,
                        knowing.judging, limit))))))
        .map(plan -> written(key, batch, plan, start));
  }

  /** What has to be known before a batch can be applied. */
  private record Asking(Set<Owner.Claim> claims, Set<MappingMark> marks) {}

  private Asking asking(Batch batch) {
    Set<Owner.Claim> claims = new HashSet<>();
    Set<MappingMark> marks = new HashSet<>();
    MappingMark last = null;
    for (Batch.Event event : batch.events()) {
      if (event.measurement() == null) continue;
      claims.add(Plan.claim(owners, event.measurement()));
      if (event.mapping() != last) marks.add(event.mapping());
      last = event.mapping();
    }
    return new Asking(claims, marks);
  }

  /** What of before has to be read; null when nothing has. */
  private record Needed(Supplier<Set<CaptureKey>> captured, Supplier<Set<String>> judged) {}

  /** What rules know of the readings before. */
  private record Knowing(Capturing capturing, Judging judging) {}

  /** Null when there is nothing to do. */
  private Future<Plan> apply(ShardStore.Transaction transaction, ShardKey key, Batch batch,
      Needed needed, BiFunction<Progress, Knowing, Plan> planned) {
    Progress before = transaction.progress();
    if (batch.from() > before.applied())
      return Future.failedFuture(new Gap(key.shard(), before.applied(), batch.from()));
    if (batch.events().isEmpty() && batch.to() <= before.applied()) return Future.succeededFuture();
    return capturing(transaction, needed.captured)
        .compose(capturing -> judging(transaction, needed.judged).map(judging -> new Knowing(capturing, judging)))
        .compose(knowing -> think(() -> planned.apply(before, knowing)))
        .compose(plan -> chunks(transaction, plan, 0)
            .compose(folded -> plan.captured().isEmpty()
                ? Future.succeededFuture()
                : transaction.keepCaptured(plan.captured()))
            .compose(folded -> judged(transaction, plan))
            .compose(folded -> plan.letters().isEmpty() ? Future.succeededFuture() : transaction.keep(plan.letters()))
            .compose(kept -> batch.to() <= before.applied()
                ? Future.succeededFuture()
                : transaction.advance(before.after(batch.to(), plan.marks())))
            .map(plan));
  }

  /** What rules know of the readings before. @param captured null when there is no rule: then nothing is asked */
  private Future<Capturing> capturing(ShardStore.Transaction transaction, Supplier<Set<CaptureKey>> captured) {
    if (captured == null) return Future.succeededFuture(new Capturing(Map.of()));
    return think(captured::get).compose(keys -> keys.isEmpty()
        ? Future.succeededFuture(new Capturing(Map.of()))
        : transaction.captured(keys.stream().map(CaptureKey::text).toList()).map(Capturing::new));
  }

  /** Null when there are no rules over measurements. @param devices null when no state of theirs is needed */
  private Future<Judging> judging(ShardStore.Transaction transaction, Supplier<Set<String>> devices) {
    if (rules.isEmpty()) return Future.succeededFuture();
    if (devices == null) return Future.succeededFuture(new Judging(rules, Map.of()));
    return think(devices::get)
        .compose(
            asked -> asked.isEmpty() ? Future.succeededFuture(Map.<String, String>of()) : transaction.judged(asked))
        .map(stored -> new Judging(rules, stored));
  }

  private Future<Void> judged(ShardStore.Transaction transaction, Plan plan) {
    if (rules.isEmpty()) return Future.succeededFuture();
    return think(plan::judged)
        .compose(judged -> judged.isNothing() ? Future.succeededFuture() : transaction.keepJudged(judged));
  }

  /**
   * One chunk after the other, ids ascending over all of them, so that shards which share Observations lock them in the same order. Within a chunk those
   * that exist are locked before new ones are made: two shards whose chunks are cut differently can still meet crosswise. Then PostgreSQL fails one of
   * them, which is rolled back and tried again.
   */
  private Future<Void> chunks(ShardStore.Transaction transaction, Plan plan, int from) {
    if (from >= plan.size()) return Future.succeededFuture();
    int to = plan.end(from, CHUNK);
    return transaction.lockObservations(plan.ids(from, to))
        .compose(stored -> think(() -> plan.fold(from, to, stored)))
        .compose(writes -> writes.isEmpty() ? Future.succeededFuture() : transaction.writeObservations(writes))
        .compose(written -> chunks(transaction, plan, to));
  }

  /** The one place where event loops hand heavy work over. */
  private <T> Future<T> think(Callable<T> work) {
    return workers.executeBlocking(() -> {
      try {
        return work.call();
      } catch (Rewritten loud) {
        throw loud;
      } catch (RuntimeException | StackOverflowError failed) {
        throw new Unfoldable(failed);
      }
    }, false);
  }

  private Written written(ShardKey key, Batch batch, Plan plan, long start) {
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    metrics.persist.record(took);
    if (plan != null) plan.committed(metrics);
    log.debug("batch written shard={} from={} to={} events={} millis={}", key.shard(), batch.from(), batch.to(),
        batch.events().size(),
        took.toMillis());
    if (plan != null && plan.limited() > 0) sayLimited(plan.limited());
    return new Written(batch.to(), took);
  }

  /** At most a line a minute, however many devices nobody knows are sending. */
  private void sayLimited(int letters) {
    long sum = unsaid.addAndGet(letters);
    long last = said.get();
    long now = System.nanoTime();
    if (now - last < SAY_NANOS || !said.compareAndSet(last, now)) return;
    unsaid.addAndGet(-sum);
    log.warn("dead letters of unattributed devices not kept, one a minute and device is count={}", sum);
  }

  private static String kind(Throwable cause) {
    if (cause instanceof DatabaseException database) return "SQLSTATE " + database.getSqlState();
    return (cause instanceof Unfoldable ? cause.getCause() : cause).getClass().getSimpleName();
  }

  /** Reading or folding a batch threw: some event of it is worse than unusable. */
  static final class Unfoldable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unfoldable(Throwable cause) {
      super("a batch could not be folded: " + cause.getClass().getSimpleName(), cause);
    }
  }
}
