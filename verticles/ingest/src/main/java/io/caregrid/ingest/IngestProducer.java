package io.caregrid.ingest;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The doors' way into a topic: durable when the future says so.
 *
 * <p>Kafka's {@code send} may block, so one thread owns the producer; event loops only leave a body's messages in a bounded queue, and get one call
 * back for all of them. Overload and outages are answered with {@link Failure.Busy}, at once or at the latest after {@code ingest.acknowledge}: when
 * Kafka does not take messages the queue is emptied with that answer, and nothing is let in until a new producer has seen the topic.
 *
 * <p>A producer that failed is thrown away: an idempotent producer that lost one batch may never find back into step (SHARDING.md, "A trap").
 *
 * <p>One body, one partition, in order; the partition changes every {@link KafkaClients#BATCH_BYTES}, so that batches fill.
 */
public final class IngestProducer {
  private static final Logger log = LoggerFactory.getLogger(IngestProducer.class);
  private static final int QUEUED_BODIES = 4_096;
  private static final Duration LOOK_AROUND = Duration.ofMillis(100);
  private static final Duration RETRY = Duration.ofMillis(500);

  private final Vertx vertx;
  private final KafkaConfig kafka;
  private final String topic;
  private final IngestConfig ingest;
  private final BlockingQueue<Handover> queue = new ArrayBlockingQueue<>(QUEUED_BODIES);
  private final CountDownLatch stop = new CountDownLatch(1);
  private final Promise<Void> stopped = Promise.promise();
  private final Thread thread = new Thread(this::run, "ingest-producer");

  private volatile boolean connected;
  private volatile boolean ended;
  private volatile boolean broken;
  // the thread's own
  private KafkaProducer<byte[], byte[]> producer;
  private boolean announced;
  private int partitions;
  private int partition;
  private long bytesInPartition;

  /** @param topic of {@code kafka}, where what names no other goes */
  public IngestProducer(Vertx vertx, KafkaConfig kafka, String topic, IngestConfig ingest) {
    this.vertx = vertx;
    this.kafka = kafka;
    this.topic = topic;
    this.ingest = ingest;
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  /** True while Kafka takes messages. */
  public boolean isConnected() {
    return connected && !broken;
  }

  /**
   * Leaves these messages, in this order, for the log. Any thread; the future is completed on the caller's context.
   *
   * @return fails with {@link Failure.Busy} when the log does not take them now, or not in time
   */
  Future<Void> send(List<IngestRecord> messages) {
    if (messages.isEmpty()) return Future.succeededFuture();
    if (ended || stop.getCount() == 0) return Future.failedFuture(new Failure.Busy("this node is stopping"));
    if (!connected) return Future.failedFuture(away());
    Handover handover = new Handover(messages, vertx.getOrCreateContext());
    if (!queue.offer(handover)) return Future.failedFuture(full());
    if (ended && queue.remove(handover)) handover.giveUp(messages.size(), away());
    return handover.acknowledged();
  }

  /** The same for messages of one key, which stay in the order in which they were left here as long as nobody leaves one before the last is answered. */
  public Future<Void> send(byte[] key, List<Header> headers, List<byte[]> messages) {
    return send(messages.stream().map(message -> new IngestRecord(topic, key, message, headers)).toList());
  }

  /** Completes when everything left before is in the log or refused. */
  public Future<Void> close() {
    stop.countDown();
    return stopped.future();
  }

  private void run() {
    try {
      while (stop.getCount() > 0 || !queue.isEmpty()) step();
    } finally {
      ended = true;
      disconnect(ingest.acknowledge());
      stopped.complete();
    }
  }

  private void step() {
    if (broken) disconnect(Duration.ZERO);
    if (producer == null && !connect()) return;
    Handover next = next();
    if (next != null) deliver(next);
  }

  private Handover next() {
    try {
      return queue.poll(LOOK_AROUND.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException asked) {
      stop.countDown();
      return null;
    }
  }

  private boolean connect() {
    broken = false;
    try {
      producer = KafkaClients.door(kafka, ingest);
      partitions = producer.partitionsFor(topic).size();
      connected = true;
      log.info("ingest takes messages topic={} partitions={}", topic, partitions);
      announced = false;
      return true;
    } catch (KafkaException unreachable) {
      if (!announced)
        log.warn("Kafka takes no messages, its doors say so topic={} cause={}", topic, unreachable.getMessage());
      announced = true;
      disconnect(Duration.ZERO);
      pause();
      return false;
    }
  }

  private void pause() {
    try {
      stop.await(RETRY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException asked) {
      stop.countDown();
    }
  }

  private void disconnect(Duration patience) {
    connected = false;
    refuseQueued(away());
    if (producer != null) producer.close(patience);
    producer = null;
  }

  private void deliver(Handover handover) {
    int chosen = partitionFor(handover);
    List<IngestRecord> messages = handover.messages();
    for (int n = 0; n < messages.size(); n++) {
      try {
        producer.send(record(messages.get(n), chosen), (written, refused) -> {
          if (refused != null) note(refused);
          handover.onCompletion(written, refused);
        });
      } catch (KafkaException | IllegalStateException refused) {
        note(refused);
        handover.giveUp(messages.size() - n, refused);
        return;
      }
      if (handover.failed()) {
        handover.giveUp(messages.size() - n - 1, full()); // keeps the first failure
        return;
      }
    }
  }

  /** What names its topic finds its partition by its key. */
  private ProducerRecord<byte[], byte[]> record(IngestRecord message, int chosen) {
    return message.topic() == null
        ? new ProducerRecord<>(topic, chosen, message.key(), message.value(), message.headers())
        : new ProducerRecord<>(message.topic(), null, message.key(), message.value(), message.headers());
  }

  /** A full buffer passes, and a message that is too large is its sender's affair; anything else ends this producer. */
  private void note(Exception refused) {
    if (refused instanceof BufferExhaustedException) refuseQueued(full());
    else if (!(refused instanceof RecordTooLargeException) && !broken) {
      broken = true;
      log.warn("Kafka refused messages, the producer is made anew cause={}", refused.toString());
    }
  }

  private int partitionFor(Handover handover) {
    if (bytesInPartition >= KafkaClients.BATCH_BYTES) {
      partition = (partition + 1) % partitions;
      bytesInPartition = 0;
    }
    for (IngestRecord message : handover.messages()) bytesInPartition += message.value().length;
    return partition % partitions;
  }

  private void refuseQueued(Failure why) {
    List<Handover> queued = new ArrayList<>();
    queue.drainTo(queued);
    for (Handover handover : queued) handover.giveUp(handover.messages().size(), why);
  }

  private static Failure away() {
    return new Failure.Busy("Kafka takes no messages at the moment. " + Handover.AGAIN);
  }

  private static Failure full() {
    return new Failure.Busy("the buffer on the way to Kafka is full. " + Handover.AGAIN);
  }
}
