package io.caregrid.ingest;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;

/**
 * The newest messages in the log as their devices sent them: a look that moves nothing. It belongs to no group, commits nothing and ends with its question.
 * Of each partition no more than {@link #DEPTH} offsets are looked at, of all together no more than {@link #MOST_BYTES} are kept, and a look that takes
 * longer than {@link #LONGEST} ends with what it has seen. Newest is what has the latest time in the log: where producers set it, a device whose clock is
 * ahead comes first.
 */
final class LogTail {
  /** Most messages of one look. */
  static final int MOST = 50;
  /** Records of a partition that are looked at when only those of one mapping are wanted. */
  private static final int DEPTH = 500;
  /** Payloads, keys and headers of an answer, unless the first one alone is larger: about what a preview, which takes 8 MB of JSON, can be asked with. */
  private static final long MOST_BYTES = 4 << 20;
  private static final Duration LONGEST = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration CLOSE = Duration.ofSeconds(1);
  private static final Comparator<ConsumerRecord<byte[], byte[]>> BY_TIME = Comparator
      .<ConsumerRecord<byte[], byte[]>>comparingLong(ConsumerRecord::timestamp)
      .thenComparing(ConsumerRecord::topic)
      .thenComparingInt(ConsumerRecord::partition)
      .thenComparingLong(ConsumerRecord::offset);

  private final KafkaConfig kafka;

  LogTail(KafkaConfig kafka) {
    this.kafka = kafka;
  }

  /**
   * One message.
   *
   * @param mapping name of the mapping it is for
   * @param at      the log's time
   * @param headers as templates see them
   */
  record Seen(String topic, int partition, long offset, String mapping, Instant at, byte[] payload,
      Map<String, String> headers) {}

  /**
   * Newest first. Blocks, {@link #LONGEST} at the most for each of Kafka's answers.
   *
   * @param mapping only messages for this one; null for all
   * @param limit   1..{@link #MOST}
   * @throws Failure.Busy when Kafka does not answer, or does not let this node read a topic
   */
  List<Seen> newest(String mapping, int limit) {
    KafkaConsumer<byte[], byte[]> consumer = null;
    try {
      consumer = KafkaClients.onlooker(kafka, LONGEST);
      Map<TopicPartition, Long> ends = placed(consumer, mapping == null ? limit : DEPTH);
      return seen(read(consumer, ends, mapping, limit));
    } catch (InterruptException stopped) {
      throw stopped;
    } catch (AuthorizationException closed) {
      throw new Failure.Busy("Kafka does not let this node look at the log: " + closed.getMessage());
    } catch (KafkaException away) {
      throw new Failure.Busy("the log does not answer; try again");
    } finally {
      if (consumer != null) consumer.close(CloseOptions.timeout(CLOSE));
    }
  }

  /** Puts it before the last records of every partition. @return where those end, of partitions that hold any */
  private Map<TopicPartition, Long> placed(KafkaConsumer<byte[], byte[]> consumer, int depth) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : kafka.sources())
      for (PartitionInfo one : consumer.partitionsFor(topic))
        partitions.add(new TopicPartition(topic, one.partition()));
    Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
    ends.entrySet().removeIf(end -> end.getValue() <= begins.get(end.getKey()));
    consumer.assign(ends.keySet());
    ends.forEach((partition, end) -> consumer.seek(partition, Math.max(begins.get(partition), end - depth)));
    return ends;
  }

  private PriorityQueue<ConsumerRecord<byte[], byte[]>> read(KafkaConsumer<byte[], byte[]> consumer,
      Map<TopicPartition, Long> ends, String mapping, int limit) {
    PriorityQueue<ConsumerRecord<byte[], byte[]>> newest = new PriorityQueue<>(BY_TIME);
    long deadline = System.nanoTime() + LONGEST.toNanos();
    long bytes = 0;
    while (System.nanoTime() < deadline && !isAtEnd(consumer, ends)) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (Topics.isProbe(record.headers()) || !isFor(mapping, record)) continue;
        newest.add(record);
        bytes += size(record);
        while (newest.size() > limit || bytes > MOST_BYTES && newest.size() > 1) bytes -= size(newest.remove());
      }
    }
    return newest;
  }

  private static boolean isAtEnd(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  private boolean isFor(String mapping, ConsumerRecord<byte[], byte[]> record) {
    return mapping == null || mapping.equals(NormaliserRun.mappingName(kafka, record));
  }

  private static long size(ConsumerRecord<byte[], byte[]> record) {
    long size = Math.max(0, record.serializedKeySize()) + Math.max(0, record.serializedValueSize());
    for (Header header : record.headers())
      size += header.key().length() + (header.value() == null ? 0 : header.value().length);
    return size;
  }

  private List<Seen> seen(PriorityQueue<ConsumerRecord<byte[], byte[]>> newest) {
    return newest.stream()
        .sorted(BY_TIME.reversed())
        .map(record -> new Seen(record.topic(), record.partition(), record.offset(),
            NormaliserRun.mappingName(kafka, record), Instant.ofEpochMilli(record.timestamp()),
            record.value() == null ? new byte[0] : record.value(), NormaliserRun.properties(record)))
        .toList();
  }
}
