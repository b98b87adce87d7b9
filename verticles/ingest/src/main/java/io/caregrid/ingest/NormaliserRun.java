package io.caregrid.ingest;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Shards;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.device.Outcome;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One life of a {@link Normaliser}: a consumer and a producer, used by one thread, thrown away together at the first error. */
class NormaliserRun implements AutoCloseable, ConsumerRebalanceListener {
  /** Headers that are ours, not the sender's: templates do not see them. */
  static final Set<String> OURS = Set.of(IngestRecord.MAPPING, MappingMark.AGAIN_HEADER);
  private static final Logger log = LoggerFactory.getLogger(NormaliserRun.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration CLOSE = Duration.ofSeconds(3);
  /** A commit writes to Kafka too; what is repeated for want of one is dropped by its source. */
  private static final Duration COMMIT_EVERY = Duration.ofMillis(250);

  private final KafkaConfig kafka;
  private final int shards;
  private final Supplier<MappingSets> mappings;
  private final IngestMetrics metrics;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Map<TopicPartition, OffsetAndMetadata> acknowledged = new HashMap<>();
  private final long openedNanos = System.nanoTime();
  private long committedNanos = openedNanos;
  private final Map<String, UUID> topicIds = new HashMap<>();

  private volatile Exception failure;
  private volatile long waitingSinceNanos;
  private volatile boolean joined;
  private volatile long lag;

  NormaliserRun(KafkaConfig kafka, int shards, Supplier<MappingSets> mappings, IngestMetrics metrics) {
    this(kafka, shards, mappings, metrics, KafkaClients.normaliserConsumer(kafka),
        () -> KafkaClients.normaliser(kafka));
  }

  /** Owns the consumer from here on: where the producer cannot be made, the consumer is closed. */
  NormaliserRun(KafkaConfig kafka, int shards, Supplier<MappingSets> mappings, IngestMetrics metrics,
      KafkaConsumer<byte[], byte[]> consumer, Supplier<KafkaProducer<byte[], byte[]>> producers) {
    this.kafka = kafka;
    this.shards = shards;
    this.mappings = mappings;
    this.metrics = metrics;
    this.consumer = consumer;
    try {
      producer = producers.get();
    } catch (RuntimeException refused) {
      consumer.close(CloseOptions.timeout(CLOSE));
      throw refused;
    }
    consumer.subscribe(kafka.sources(), this);
  }

  /** Reads one batch and sees it through. True when there was something to do. */
  boolean step() {
    ConsumerRecords<byte[], byte[]> records = poll();
    if (!records.isEmpty()) forward(records);
    if (System.nanoTime() - committedNanos >= COMMIT_EVERY.toNanos()) commit();
    return !records.isEmpty();
  }

  private ConsumerRecords<byte[], byte[]> poll() {
    try {
      return consumer.poll(POLL);
    } catch (NoOffsetForPartitionException fresh) {
      consumer.seekToBeginning(fresh.partitions());
      return ConsumerRecords.empty();
    } catch (OffsetOutOfRangeException gone) {
      goOnAfterRetention(gone.offsetOutOfRangePartitions());
      return ConsumerRecords.empty();
    }
  }

  /**
   * What retention removed unread is lost, and said aloud. A log that ends before our position has lost its tail: its offsets would be given out
   * again and the new messages taken for repeats, so that is not gone on from.
   */
  private void goOnAfterRetention(Map<TopicPartition, Long> positions) {
    Map<TopicPartition, Long> begins = consumer.beginningOffsets(positions.keySet());
    positions.forEach((partition, position) -> {
      long begin = begins.get(partition);
      if (position > begin)
        throw new KafkaException("the log of " + partition + " ends before offset " + position + ", up to which it was "
            + "normalised: it lost its tail. Delete and recreate the topic to begin a new history");
      log.error("retention removed messages before they were normalised partition={} from={} to={}", partition,
          position,
          begin);
      consumer.seek(partition, begin);
    });
  }

  private void forward(ConsumerRecords<byte[], byte[]> records) {
    MappingSets current = mappings.get();
    int messages = 0;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      if (Topics.isProbe(record.headers())) continue;
      forward(record, current);
      messages++;
    }
    awaitAcknowledgements();
    metrics.normalised.increment(messages);
    acknowledged.putAll(records.nextOffsets());
    lag = consumer.assignment().stream().mapToLong(held -> consumer.currentLag(held).orElse(0)).sum();
  }

  private void forward(ConsumerRecord<byte[], byte[]> record, MappingSets current) {
    String name = mappingName(kafka, record);
    MappingSet set = current.find(name);
    if (set == null) {
      putAside(record, Source.WHOLE_RECORD, DeadLetterRecord.UNKNOWN_MAPPING, noMapping(name), null);
      return;
    }
    Outcome outcome = normalise(record, set);
    if (outcome instanceof Outcome.Measured measured) {
      send(record, measured.measurements(), set.mark());
    } else if (outcome instanceof Outcome.Failed failed) {
      send(record, failed.measurements(), set.mark());
      putAside(record, Source.WHOLE_RECORD, failed.reason(), failed.detail(), null);
    } else if (outcome instanceof Outcome.Unmatched unmatched) {
      putAside(record, Source.WHOLE_RECORD, DeadLetterRecord.NO_TEMPLATE, unmatched.reason(), null);
    }
  }

  /** What the record's header names, else what its topic stands for. */
  static String mappingName(KafkaConfig kafka, ConsumerRecord<byte[], byte[]> record) {
    Header named = record.headers().lastHeader(IngestRecord.MAPPING);
    return named == null || named.value() == null
        ? kafka.mappingOf(record.topic())
        : new String(named.value(), StandardCharsets.UTF_8);
  }

  private static String noMapping(String name) {
    return MappingSet.isName(name)
        ? "There is no mapping " + name + ". Put one under this name, then send this again."
        : "The header " + IngestRecord.MAPPING + " holds no name of a mapping.";
  }

  /** A mapping that throws has a bug; the message is put aside, so that it does not block what comes behind it. */
  private static Outcome normalise(ConsumerRecord<byte[], byte[]> record, MappingSet set) {
    byte[] payload = record.value() == null ? new byte[0] : record.value();
    try {
      return set.device().normalise(payload, properties(record), Instant.ofEpochMilli(record.timestamp()));
    } catch (RuntimeException | StackOverflowError | LinkageError bug) {
      return new Outcome.Failed(DeadLetterRecord.MAPPING_BUG, "the mapping failed with " + bug.getClass().getName(),
          List.of());
    }
  }

  static Map<String, String> properties(ConsumerRecord<byte[], byte[]> record) {
    Header[] headers = record.headers().toArray();
    if (headers.length == 0) return Map.of();
    Map<String, String> properties = new HashMap<>();
    for (Header header : headers)
      if (header.value() != null && !OURS.contains(header.key()))
        properties.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
    return properties;
  }

  private void send(ConsumerRecord<byte[], byte[]> record, List<Measurement> measurements, MappingMark mark) {
    for (int index = 0; index < measurements.size(); index++) send(record, index, measurements.get(index), mark);
  }

  private void send(ConsumerRecord<byte[], byte[]> record, int index, Measurement measurement, MappingMark mark) {
    byte[] key = measurement.device().getBytes(StandardCharsets.UTF_8);
    byte[] value = written(measurement);
    if (value.length == 0)
      putAside(record, index, DeadLetterRecord.MAPPING_BUG, "a measurement cannot be written", measurement.device());
    else
      if (key.length + value.length > kafka.maxMessageBytes())
        putAside(record, index, DeadLetterRecord.TOO_LARGE, "the measurement has " + (key.length + value.length)
            + " bytes, more than kafka.maxMessageBytes, " + kafka.maxMessageBytes(), measurement.device());
      else
        send(key, value, source(record, index), mark, record.headers().lastHeader(MappingMark.AGAIN_HEADER));
  }

  /** Empty when it cannot be written: also a bug, also put aside. */
  private static byte[] written(Measurement measurement) {
    try {
      return MeasurementJson.write(measurement);
    } catch (RuntimeException bug) {
      return new byte[0];
    }
  }

  private void send(byte[] key, byte[] value, Source source, MappingMark mark, Header again) {
    ProducerRecord<byte[], byte[]> measurement = new ProducerRecord<>(kafka.measurements(), Shards.of(key, shards), key,
        value);
    measurement.headers().add(Source.HEADER, source.toBytes());
    if (!mark.equals(MappingMark.FILES)) measurement.headers().add(MappingMark.HEADER, mark.toBytes());
    if (again != null) measurement.headers().add(again);
    send(measurement);
  }

  private void putAside(ConsumerRecord<byte[], byte[]> record, int index, String reason, String detail, String device) {
    send(DeadLetterRecord.of(kafka, record, source(record, index), reason, detail, device));
    metrics.deadLetter(reason);
  }

  private Source source(ConsumerRecord<byte[], byte[]> record, int index) {
    return new Source(topicIds.get(record.topic()), record.partition(), record.offset(), index);
  }

  private void send(ProducerRecord<byte[], byte[]> record) {
    if (failure != null) throw failed();
    producer.send(record, this::acknowledge);
  }

  /** On Kafka's own thread, so that nothing more leaves this producer after the first error: see {@link Normaliser}. */
  private void acknowledge(RecordMetadata written, Exception refused) {
    if (refused == null || failure != null) return;
    failure = refused;
    producer.close(Duration.ZERO);
  }

  private void awaitAcknowledgements() {
    waitingSinceNanos = System.nanoTime();
    producer.flush();
    waitingSinceNanos = 0;
    if (failure != null) throw failed();
  }

  private KafkaException failed() {
    return new KafkaException("not acknowledged: " + failure, failure);
  }

  /** Commits what is acknowledged. A rebalance under way only puts it off. */
  final void commit() {
    committedNanos = System.nanoTime();
    if (acknowledged.isEmpty()) return;
    try {
      commit(Map.copyOf(acknowledged));
      acknowledged.clear();
    } catch (RebalanceInProgressException later) {
      log.debug("commit waits for the rebalance");
    }
  }

  void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    consumer.commitSync(offsets);
  }

  /** Comes at least once before the first record, and again when the topic was deleted and made anew: then this run's sources would be false. */
  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> gained) {
    Set<String> topics = new HashSet<>(topicIds.keySet());
    gained.forEach(partition -> topics.add(partition.topic()));
    KafkaClients.topicIds(kafka, topics).forEach((topic, now) -> {
      UUID before = topicIds.put(topic, now);
      if (before != null && !before.equals(now)) throw new KafkaException("topic " + topic + " was recreated");
    });
    for (TopicPartition partition : gained)
      if (!topicIds.containsKey(partition.topic()))
        throw new KafkaException("topic " + partition.topic() + " is not there");
    joined = true;
    log.info("normaliser got partitions count={}", gained.size());
  }

  /** Comes inside a poll, when everything read before is acknowledged. */
  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> leaving) {
    Map<TopicPartition, OffsetAndMetadata> theirs = new HashMap<>(acknowledged);
    theirs.keySet().retainAll(leaving);
    if (!theirs.isEmpty()) commit(theirs);
    acknowledged.keySet().removeAll(leaving);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> lost) {
    acknowledged.keySet().removeAll(lost);
    log.warn("normaliser lost partitions to others count={}", lost.size());
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - openedNanos);
  }

  /** True while it belongs to the group and is connected. Any thread. */
  boolean isReading() {
    return joined && Topics.isConnected(consumer);
  }

  long lag() {
    return lag;
  }

  /** How long it has been waiting for acknowledgements. Any thread. */
  Duration waiting() {
    long since = waitingSinceNanos;
    return since == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
  }

  /** Any thread: gives up what is not acknowledged, and so ends this run. */
  void abandon() {
    producer.close(Duration.ZERO);
  }

  /** Commits nothing more: an orderly end has done so before, and after an error the next run decides. */
  @Override
  public void close() {
    joined = false;
    acknowledged.clear();
    try {
      producer.close(failure == null ? CLOSE : Duration.ZERO);
    } finally {
      consumer.close(CloseOptions.timeout(CLOSE));
    }
  }
}
