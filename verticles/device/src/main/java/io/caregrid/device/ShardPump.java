package io.caregrid.device;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.ShardConfig;
import io.caregrid.cluster.ShardTable;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Failure;
import io.caregrid.contract.NodeReport;
import io.caregrid.store.Progress;
import io.caregrid.store.ShardKey;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the shards this node owns and feeds each to its {@link ShardVerticle}: one per node and target, a thread and a consumer of its own.
 *
 * <p>Every field below the line belongs to that thread; others reach it through {@link #commands}. It never waits for the target: opening and closing a
 * shard happen elsewhere and come back as commands.
 *
 * <p>Bounded: a shard with {@code backlog} events waiting, or more than its part of a quarter of the heap, has its partition paused; the others go on.
 *
 * <p>A long file for a reason: reading a partition and the life of its shard are one state machine on one thread, and are read together.
 */
public final class ShardPump {
  private static final Logger log = LoggerFactory.getLogger(ShardPump.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration ASK = Duration.ofSeconds(5);
  private static final Duration CLOSE = Duration.ofSeconds(3);
  /** Reading at most this often makes polls bulky: a fetch costs as much as dozens of records. */
  private static final long PACE_NANOS = Duration.ofMillis(5).toNanos();
  private static final int BULKY = 2_000;
  private static final long COMMIT_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long RECHECK_NANOS = Duration.ofSeconds(30).toNanos();
  private static final long HOUSEKEEPING_NANOS = Duration.ofMillis(250).toNanos();
  /** Records before {@code applied} whose sources are compared with the marks when a shard opens. */
  private static final int LOOK_BACK = 1_000;

  private final Vertx vertx;
  private final ShardTable table;
  private final Target target;
  private final UUID topicId;
  private final String topic;
  private final ShardConfig config;
  private final ShardMetrics metrics;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  /** Whether Kafka is there; a consumer that only plays one in a test has no connection to look at. */
  Predicate<Consumer<byte[], byte[]>> connected = Topics::isConnected;
  private final EventReader reader;
  private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final Promise<Void> finished = Promise.promise();
  /** Before a failed shard is opened again; tests have no time for it. */
  Duration firstPause = Duration.ofSeconds(1);
  private AutoCloseable subscription;
  private Thread thread;
  private volatile boolean reading;
  private volatile List<NodeReport.Shard> reports = List.of();

  // ---- of the pump's thread
  private final Map<Integer, Slot> slots = new TreeMap<>();
  private Consumer<byte[], byte[]> consumer;
  private final Set<TopicPartition> lost = new HashSet<>();
  private boolean doubtful;
  private boolean ending;
  private long lastCommit;
  private long lastHousekeeping;

  /**
   * @param topicId   Kafka's id of the topic {@code measurements}
   * @param consumers makes the one consumer; see {@link #consumer}
   */
  public ShardPump(Vertx vertx, ShardTable table, Target target, UUID topicId, KafkaConfig kafka, ShardConfig config,
      ShardMetrics metrics, Supplier<Consumer<byte[], byte[]>> consumers) {
    this.vertx = vertx;
    this.table = table;
    this.target = target;
    this.topicId = topicId;
    this.topic = kafka.measurements();
    this.config = config;
    this.metrics = metrics;
    this.consumers = consumers;
    this.reader = new EventReader(topicId);
  }

  /** A native consumer that never chooses a position by itself. */
  public static Consumer<byte[], byte[]> consumer(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.connecting();
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, kafka.group("shards"));
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "10000");
    settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
        String.valueOf(Math.max(1 << 20, kafka.maxMessageBytes())));
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Makes the rows of a new topic, then begins to read. Fails when the target does not answer or the consumer cannot be made. */
  public Future<Void> start() {
    return target.seed(topicId, table.count()).map(seeded -> {
      consumer = consumers.get();
      thread = new Thread(this::run, "shard-pump-" + target.name());
      thread.setUncaughtExceptionHandler(
          (pump, broken) -> log.error("shard pump broke, this node reads no shard any more", broken));
      thread.setDaemon(true);
      thread.start();
      subscription = table.onChange(() -> commands.add(this::reconcile));
      return null;
    });
  }

  /** Hands every shard over and ends; done when the open batches are in the target, or the hand-off has taken too long. */
  public Future<Void> stop() {
    if (thread == null) return Future.succeededFuture();
    try {
      subscription.close();
    } catch (Exception failed) {
      log.warn("shard table did not let go cause={}", failed.toString());
    }
    commands.add(() -> {
      ending = true;
      reconcile();
    });
    return finished.future();
  }

  /**
   * True while Kafka is there and it reads every shard this node owns, those excepted that are stopped until an operator has looked: of them
   * {@link ShardMetrics#STOPPED} tells. Any thread.
   */
  public boolean ready() {
    return reading && thread.isAlive();
  }

  /** How the shards fare that this node has in hand, a quarter of a second old at most. Any thread. */
  public List<NodeReport.Shard> shards() {
    return reports;
  }

  private void run() {
    try {
      commands.add(this::reconcile);
      while (!ending || !slots.isEmpty()) read();
      reading = false;
      consumer.close(CloseOptions.timeout(CLOSE));
    } catch (KafkaException unclosed) {
      log.warn("shard pump's consumer did not close cause={}", unclosed.toString());
    } finally {
      finished.complete();
    }
  }

  private void read() {
    try {
      round();
    } catch (InvalidOffsetException fallen) {
      lost.addAll(fallen.partitions());
      doubtful = true;
    } catch (RuntimeException failed) {
      log.error("shard pump could not read, trying again cause={}", failed.toString());
      doubtful = true;
      reading = false;
      LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
    }
  }

  private void round() {
    long start = System.nanoTime();
    for (Runnable command = commands.poll(); command != null; command = commands.poll()) command.run();
    if (doubtful) reopenWhatMoved();
    if (!lost.isEmpty()) stopWhatFell();
    if (start - lastHousekeeping > HOUSEKEEPING_NANOS) housekeeping(start);
    if (consumer.assignment().isEmpty()) {
      LockSupport.parkNanos(PACE_NANOS);
      return;
    }
    ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
    for (TopicPartition partition : records.partitions())
      take(slots.get(partition.partition()), records.records(partition));
    long left = PACE_NANOS - (System.nanoTime() - start);
    if (left > 0 && records.count() < BULKY) LockSupport.parkNanos(left);
  }

  private void housekeeping(long now) {
    lastHousekeeping = now;
    for (Slot slot : new ArrayList<>(slots.values())) {
      if (slot.state == Slot.State.RUNNING) {
        skipMarkers(slot);
        if (slot.paused) resumeOrHurry(slot);
      } else if ((slot.state == Slot.State.RESTING || slot.state == Slot.State.STOPPED) && now - slot.again >= 0) {
        open(slot);
      }
    }
    reading = !ending && slots.values().stream().allMatch(Slot::hasOpened)
        && (consumer.assignment().isEmpty() || connected.test(consumer));
    reports = slots.values().stream().map(slot -> slot.report(ahead(slot))).toList();
    if (now - lastCommit > COMMIT_NANOS) commit(now);
  }

  /** Known from the last answer to a fetch; nobody is asked. */
  private long ahead(Slot slot) {
    if (slot.state != Slot.State.RUNNING) return -1;
    return consumer.currentLag(slot.partition).orElse(-1);
  }

  // ---- reading

  private void take(Slot slot, List<ConsumerRecord<byte[], byte[]>> records) {
    long next = consumer.position(slot.partition);
    int first = 0;
    while (first < records.size() && records.get(first).offset() < slot.position) first++;
    if (!unchanged(slot, records.subList(0, first))) return;
    if (next <= slot.position) return;
    List<Batch.Event> events = new ArrayList<>(records.size() - first);
    for (ConsumerRecord<byte[], byte[]> record : records.subList(first, records.size())) {
      Batch.Event event = reader.read(record);
      if (event != null) events.add(event);
    }
    offer(slot, new Batch(slot.position, next, events));
  }

  private void offer(Slot slot, Batch part) {
    slot.position = part.to();
    slot.lookBack = null;
    slot.verticle.offer(part);
    if (!full(slot, 1)) return;
    slot.paused = true;
    consumer.pause(Set.of(slot.partition));
    slot.verticle.hurry();
    log.debug("shard paused, its backlog is full shard={} events={}", slot.shard, slot.verticle.waitingEvents());
  }

  /** Records before {@code applied} must be in effect. One above its source mark is not: the log was cut there and has grown anew. */
  private boolean unchanged(Slot slot, List<ConsumerRecord<byte[], byte[]>> records) {
    if (slot.lookBack == null) return true;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      Source source = reader.source(record);
      if (source == null || !slot.lookBack.above(source)) continue;
      halt(slot, Stop.LOG_REWRITTEN);
      return false;
    }
    return true;
  }

  /** Transaction markers and compacted stretches move the position without a record to show for it. */
  private void skipMarkers(Slot slot) {
    long next = consumer.position(slot.partition);
    if (next > slot.position) offer(slot, new Batch(slot.position, next, List.of()));
  }

  /** @param part 1: no more may come; 2: half of it is gone, more may come again */
  private boolean full(Slot slot, int part) {
    long heap = Runtime.getRuntime().maxMemory() / 4 / Math.max(1, slots.size());
    return slot.verticle.waitingEvents() > config.backlog() / part || slot.verticle.waitingHeap() > heap / part;
  }

  /** What nobody is writing yet would otherwise wait for its age, with the partition paused: a full backlog is as good a reason to write as a full batch. */
  private void resumeOrHurry(Slot slot) {
    if (full(slot, 2)) slot.verticle.hurry();
    else resume(slot);
  }

  private void resume(Slot slot) {
    slot.paused = false;
    consumer.resume(Set.of(slot.partition));
    log.debug("shard resumed shard={} events={}", slot.shard, slot.verticle.waitingEvents());
  }

  /** For lag dashboards only: nobody ever starts from these. */
  private void commit(long now) {
    lastCommit = now;
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (Slot slot : slots.values()) {
      if (slot.committable < 0) continue;
      offsets.put(slot.partition, new OffsetAndMetadata(slot.committable));
      slot.committable = -1;
    }
    if (!offsets.isEmpty()) consumer.commitAsync(offsets, (done, failed) -> {
      if (failed != null) log.debug("offsets for lag dashboards not committed cause={}", failed.toString());
    });
  }

  // ---- opening and closing

  private void reconcile() {
    Set<Integer> mine = ending ? Set.of() : table.mine();
    for (int shard : mine) if (!slots.containsKey(shard)) {
      Slot slot = new Slot(shard, topic, firstPause);
      slots.put(shard, slot);
      open(slot);
    }
    for (Slot slot : new ArrayList<>(slots.values())) if (!mine.contains(slot.shard)) close(slot);
    metrics.owned.set(mine.size());
  }

  private void open(Slot slot) {
    boolean again = slot.state == Slot.State.STOPPED;
    if (!again) slot.state = Slot.State.OPENING;
    slot.again = System.nanoTime() + RECHECK_NANOS;
    target.epoch(topicId)
        .map(epoch -> new ShardKey(target.name(), topicId, epoch, slot.shard))
        .compose(key -> target.progress(key).onSuccess(progress -> commands.add(() -> found(slot, key, progress))))
        .onFailure(failed -> commands.add(() -> notFound(slot, failed)));
  }

  private boolean current(Slot slot, Slot.State... states) {
    return slots.get(slot.shard) == slot && List.of(states).contains(slot.state);
  }

  private void notFound(Slot slot, Throwable failed) {
    if (!current(slot, Slot.State.OPENING, Slot.State.STOPPED)) return;
    if (failed instanceof Failure.NotFound) halt(slot, Stop.NO_PROGRESS);
    else if (slot.state == Slot.State.OPENING) rest(slot, failed);
  }

  private void found(Slot slot, ShardKey key, Progress progress) {
    if (!current(slot, Slot.State.OPENING, Slot.State.STOPPED)) return;
    if (slot.state == Slot.State.STOPPED && key.equals(slot.key) && slot.reason != Stop.NO_PROGRESS) return;
    slot.key = key;
    try {
      assign(slot, true);
      consumer.pause(Set.of(slot.partition));
      consumer.seek(slot.partition, progress.applied());
      long begin = consumer.beginningOffsets(Set.of(slot.partition), ASK).get(slot.partition);
      long end = consumer.endOffsets(Set.of(slot.partition), ASK).get(slot.partition);
      if (begin > progress.applied()) halt(slot, Stop.LOG_BEGINS_AFTER_APPLIED);
      else if (end < progress.applied()) halt(slot, Stop.LOG_ENDS_BEFORE_APPLIED);
      else deploy(slot, progress, begin);
    } catch (RuntimeException failed) {
      rest(slot, failed);
    }
  }

  private void deploy(Slot slot, Progress progress, long begin) {
    free(slot);
    slot.state = Slot.State.OPENING;
    slot.verticle = new ShardVerticle(slot.key, progress.applied(), slot.bisection, config, target, metrics.owned::get,
        new Watch(slot), metrics);
    vertx.deployVerticle(slot.verticle)
        .onSuccess(id -> commands.add(() -> deployed(slot, id, progress, begin)))
        .onFailure(failed -> commands.add(() -> rest(slot, failed)));
  }

  private void deployed(Slot slot, String id, Progress progress, long begin) {
    slot.deployment = id;
    if (!current(slot, Slot.State.OPENING)) {
      vertx.undeploy(id).onComplete(done -> commands.add(() -> closed(slot)));
      return;
    }
    slot.state = Slot.State.RUNNING;
    slot.position = progress.applied();
    slot.applied = progress.applied();
    slot.lookBack = new SourceMarks(progress);
    slot.paused = false;
    consumer.seek(slot.partition, Math.max(begin, progress.applied() - LOOK_BACK));
    consumer.resume(Set.of(slot.partition));
    log.info("shard opened shard={} epoch={} from={}", slot.shard, slot.key.epoch(), slot.position);
  }

  private void close(Slot slot) {
    switch (slot.state) {
      case RUNNING -> {
        slot.state = Slot.State.CLOSING;
        assign(slot, false);
        undeploy(slot, () -> closed(slot));
      }
      case OPENING -> {
        assign(slot, false);
        slot.state = slot.verticle == null ? drop(slot) : Slot.State.CLOSING;
      }
      case RESTING, STOPPED -> drop(slot);
      case CLOSING -> {}
    }
  }

  private Slot.State drop(Slot slot) {
    free(slot);
    slots.remove(slot.shard, slot);
    return Slot.State.CLOSING;
  }

  private void closed(Slot slot) {
    log.info("shard closed shard={} position={}", slot.shard, slot.position);
    slots.remove(slot.shard, slot);
    if (!ending) reconcile();
  }

  private void undeploy(Slot slot, Runnable then) {
    vertx.undeploy(slot.deployment).onComplete(done -> commands.add(then));
  }

  /** The shard's life is over; the next begins after a pause. */
  private void rest(Slot slot, Throwable cause) {
    if (!current(slot, Slot.State.OPENING)) {
      assign(slot, false);
      if (slot.state == Slot.State.CLOSING) closed(slot);
      return;
    }
    slot.bisection.failed();
    resting(slot, cause);
  }

  private void resting(Slot slot, Throwable cause) {
    Duration pause = slot.bisection.pause();
    assign(slot, false);
    slot.state = Slot.State.RESTING;
    slot.verticle = null;
    slot.again = System.nanoTime() + pause.toNanos();
    slot.error = Instant.now().truncatedTo(ChronoUnit.SECONDS) + " " + describe(cause);
    log.warn("shard failed, opening it again shard={} in={} cause={}", slot.shard, pause, describe(cause));
  }

  private void crashed(Slot slot, ShardVerticle verticle, Throwable cause) {
    if (slot.verticle != verticle || !current(slot, Slot.State.RUNNING)) return;
    if (cause instanceof Target.Rewritten) {
      halt(slot, Stop.LOG_REWRITTEN);
      return;
    }
    slot.state = Slot.State.OPENING;
    assign(slot, false);
    undeploy(slot, () -> {
      if (current(slot, Slot.State.OPENING)) resting(slot, cause);
      else closed(slot);
    });
  }

  private void halt(Slot slot, Stop reason) {
    boolean known = slot.state == Slot.State.STOPPED && slot.reason == reason;
    boolean running = slot.state == Slot.State.RUNNING;
    if (slot.state != Slot.State.STOPPED) slot.state = Slot.State.STOPPED;
    slot.again = System.nanoTime() + RECHECK_NANOS;
    assign(slot, false);
    if (known) return;
    free(slot);
    slot.reason = reason;
    slot.error = Instant.now().truncatedTo(ChronoUnit.SECONDS) + " " + reason.tag() + ": " + reason.advice;
    metrics.stopped.get(reason).incrementAndGet();
    log.error("shard stopped shard={} reason={}: {}", slot.shard, reason.tag(), reason.advice);
    if (running) vertx.undeploy(slot.deployment);
  }

  private void free(Slot slot) {
    if (slot.reason != null) metrics.stopped.get(slot.reason).decrementAndGet();
    slot.reason = null;
  }

  private void assign(Slot changed, boolean assigned) {
    if (changed.assigned == assigned) return;
    changed.assigned = assigned;
    Set<TopicPartition> partitions = new HashSet<>();
    for (Slot slot : slots.values()) if (slot.assigned) partitions.add(slot.partition);
    consumer.assign(partitions);
  }

  /**
   * The broker does not have the position of these any more, while they were running: which side of the log did they fall off? Neither, when
   * retention only took records that were looked back at.
   */
  private void stopWhatFell() {
    Map<TopicPartition, Long> begins = consumer.beginningOffsets(lost, ASK);
    Map<TopicPartition, Long> ends = consumer.endOffsets(lost, ASK);
    for (TopicPartition partition : lost) {
      Slot slot = slots.get(partition.partition());
      if (slot == null || slot.state != Slot.State.RUNNING) continue;
      if (begins.get(partition) > slot.position) halt(slot, Stop.LOG_BEGINS_AFTER_APPLIED);
      else if (ends.get(partition) < slot.position) halt(slot, Stop.LOG_ENDS_BEFORE_APPLIED);
      else crashed(slot, slot.verticle, new IllegalStateException("the log's beginning moved meanwhile"));
    }
    lost.clear();
  }

  /** After a failed round a position may have moved past records nobody was given. */
  private void reopenWhatMoved() {
    for (Slot slot : new ArrayList<>(slots.values()))
      if (slot.state == Slot.State.RUNNING && consumer.position(slot.partition) > slot.position)
        crashed(slot, slot.verticle, new IllegalStateException("records were polled and not delivered"));
    doubtful = false;
  }

  /** Not what is unreadable, which names a resource. */
  private static String describe(Throwable cause) {
    boolean meantForPeople = cause instanceof Failure && !(cause instanceof Failure.Unreadable)
        || cause instanceof Target.Gap;
    return meantForPeople ? cause.getMessage() : cause.getClass().getName();
  }

  /** Carries a shard's news to the pump's thread. */
  private final class Watch implements ShardVerticle.Supervisor {
    private final Slot slot;

    private Watch(Slot slot) {
      this.slot = slot;
    }

    @Override
    public void persisted(ShardVerticle shard, long applied) {
      commands.add(() -> {
        slot.committable = applied;
        slot.applied = applied;
      });
    }

    @Override
    public void crashed(ShardVerticle shard, Throwable cause) {
      commands.add(() -> ShardPump.this.crashed(slot, shard, cause));
    }
  }
}
