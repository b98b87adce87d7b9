package io.caregrid.ingest.hl7;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.ingest.KafkaClients;
import io.caregrid.store.Cause;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads topic {@code hl7v2}, each partition into a {@link Lane} of its own, and commits what those have seen through. A partition is paused while its lane is busy, so no
 * more of it is in memory than one fetch brings; the others go on. One thread; it lets itself crash, and begins again at its last commit after 1, 2, 4 … 30 s. What is
 * read twice so is stored once ({@link io.caregrid.store.FhirStore#once}).
 */
final class LogReader implements Runnable, ConsumerRebalanceListener {
  private static final Logger log = LoggerFactory.getLogger(LogReader.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration CLOSE = Duration.ofSeconds(3);
  private static final Duration COMMIT_EVERY = Duration.ofMillis(250);
  /** Longest that a lane which must end is waited for; what it stores later is known to be stored all the same. */
  private static final Duration HANDOVER = Duration.ofSeconds(2);
  private static final Duration SETTLED = Duration.ofSeconds(5);
  private static final int LONGEST_PAUSE_SECONDS = 30;

  private final KafkaConfig kafka;
  private final Supplier<Lane> lanes;
  private final CountDownLatch stop = new CountDownLatch(1);
  private volatile KafkaConsumer<byte[], byte[]> consumer;
  private volatile boolean joined;
  private volatile int crashes;
  private volatile long lag;
  // the thread's own
  private final Map<TopicPartition, Lane> open = new HashMap<>();
  private final Map<TopicPartition, Long> committed = new HashMap<>();
  private long committedNanos;

  /** @param lanes makes one that calls {@link #wake} when it is idle */
  LogReader(KafkaConfig kafka, Supplier<Lane> lanes) {
    this.kafka = kafka;
    this.lanes = lanes;
  }

  @Override
  public void run() {
    while (stop.getCount() > 0) {
      try {
        consumer = KafkaClients.hl7Consumer(kafka);
        consumer.subscribe(List.of(kafka.hl7()), this);
        long since = System.nanoTime();
        while (stop.getCount() > 0) if (step() || System.nanoTime() - since > SETTLED.toNanos()) crashes = 0;
        end(open.keySet());
      } catch (RuntimeException crashed) {
        if (stop.getCount() > 0) recover(crashed);
      } finally {
        close();
      }
    }
  }

  private boolean step() {
    ConsumerRecords<byte[], byte[]> records = poll();
    for (TopicPartition partition : records.partitions()) {
      consumer.pause(List.of(partition));
      open.computeIfAbsent(partition, first -> lanes.get()).add(records.records(partition));
    }
    open.forEach((partition, lane) -> {
      if (lane.broken() != null)
        throw new IllegalStateException("the way from partition " + partition.partition()
            + " into the store broke", lane.broken());
      if (!lane.isBusy()) consumer.resume(List.of(partition));
    });
    if (System.nanoTime() - committedNanos >= COMMIT_EVERY.toNanos()) commit();
    return open.values().stream().anyMatch(lane -> lane.done() >= 0);
  }

  private ConsumerRecords<byte[], byte[]> poll() {
    try {
      return consumer.poll(POLL);
    } catch (WakeupException idle) {
      return ConsumerRecords.empty();
    } catch (NoOffsetForPartitionException fresh) {
      consumer.seekToBeginning(fresh.partitions());
      return ConsumerRecords.empty();
    } catch (OffsetOutOfRangeException gone) {
      Set<TopicPartition> partitions = gone.offsetOutOfRangePartitions().keySet();
      log.error("retention removed messages before they were stored, or the log lost its tail partitions={}",
          gone.offsetOutOfRangePartitions());
      consumer.seekToBeginning(partitions);
      return ConsumerRecords.empty();
    }
  }

  private void commit() {
    committedNanos = System.nanoTime();
    commit(open.keySet());
    lag = consumer.assignment().stream().mapToLong(this::behind).sum();
  }

  /** What is fetched and waits in a lane is behind, too. */
  private long behind(TopicPartition partition) {
    long unread = consumer.currentLag(partition).orElse(0);
    Lane lane = open.get(partition);
    if (lane == null || !lane.isBusy() || lane.done() < 0) return unread;
    return unread + Math.max(0, consumer.position(partition, CLOSE) - lane.done());
  }

  private void commit(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (TopicPartition partition : partitions) {
      Lane lane = open.get(partition);
      if (lane != null && lane.done() > committed.getOrDefault(partition, -1L))
        offsets.put(partition, new OffsetAndMetadata(lane.done()));
    }
    if (offsets.isEmpty()) return;
    try {
      consumer.commitSync(offsets);
      offsets.forEach((partition, offset) -> committed.put(partition, offset.offset()));
    } catch (WakeupException | RebalanceInProgressException later) {
      log.debug("commit is put off");
    }
  }

  private void recover(RuntimeException crashed) {
    int seconds = Math.min(LONGEST_PAUSE_SECONDS, 1 << Math.min(crashes++, 5));
    Throwable root = crashed.getCause() == null ? crashed : crashed.getCause();
    log.warn("HL7 messages wait in their topic, next try in={}s cause={}", seconds, Cause.andPlace(root));
    joined = false;
    try {
      stop.await(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException asked) {
      stop.countDown();
    }
  }

  private void close() {
    joined = false;
    open.values().forEach(Lane::end);
    open.clear();
    committed.clear();
    KafkaConsumer<byte[], byte[]> leaving = consumer;
    consumer = null;
    if (leaving == null) return;
    try {
      leaving.close(CloseOptions.timeout(CLOSE));
    } catch (RuntimeException failed) {
      log.warn("HL7 reader left its group without a farewell cause={}", failed.toString());
    }
  }

  /** Lets these finish what they are at, and commits it. */
  private void end(Collection<TopicPartition> partitions) {
    List<Lane> ending = partitions.stream().map(open::get).filter(lane -> lane != null).toList();
    ending.forEach(Lane::end);
    long deadline = System.nanoTime() + HANDOVER.toNanos();
    while (ending.stream().anyMatch(Lane::isBusy) && System.nanoTime() < deadline)
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    commit(partitions);
    commit(partitions); // a lane that became idle may have woken the first one
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> gained) {
    joined = true;
    log.info("HL7 reader got partitions count={}", gained.size());
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> leaving) {
    end(leaving);
    forget(leaving);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> lost) {
    lost.forEach(partition -> {
      if (open.get(partition) != null) open.get(partition).end();
    });
    forget(lost);
    log.warn("HL7 reader lost partitions to others count={}", lost.size());
  }

  private void forget(Collection<TopicPartition> partitions) {
    open.keySet().removeAll(partitions);
    committed.keySet().removeAll(partitions);
  }

  /** Any thread: a lane has room. */
  void wake() {
    KafkaConsumer<byte[], byte[]> reading = consumer;
    if (reading != null) reading.wakeup();
  }

  void stop() {
    stop.countDown();
    wake();
  }

  /** True while it belongs to the group and is connected. Any thread. */
  boolean isReading() {
    KafkaConsumer<byte[], byte[]> reading = consumer;
    return joined && crashes == 0 && reading != null && Topics.isConnected(reading);
  }

  /** Messages waiting in the partitions it holds, as of its last commit. */
  long lag() {
    return lag;
  }
}
