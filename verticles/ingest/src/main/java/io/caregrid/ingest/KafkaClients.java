package io.caregrid.ingest;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** How this room's Kafka clients are set, with the reason for each setting that is not Kafka's default. */
public final class KafkaClients {
  /** Bytes of one producer batch: some 300 device messages. */
  static final int BATCH_BYTES = 64 << 10;
  private static final Duration LINGER = Duration.ofMillis(5);
  /** Longest a door's producer waits for metadata or memory before a request is answered 503. */
  static final Duration DOOR_BLOCK = Duration.ofMillis(500);
  /** Longest a normaliser waits for memory or metadata before it starts anew. */
  private static final Duration NORMALISER_BLOCK = Duration.ofSeconds(30);

  /** Most bytes of dead letters in hand at once. */
  private static final int POLLED_BYTES = 64 << 20;

  private KafkaClients() {}

  /** For HTTP: gives up within {@code ingest.acknowledge}, so that every request gets its answer in time. */
  static KafkaProducer<byte[], byte[]> door(KafkaConfig kafka, IngestConfig ingest) {
    int acknowledge = (int) ingest.acknowledge().toMillis();
    Map<String, Object> settings = producer(kafka);
    settings.put(ProducerConfig.LINGER_MS_CONFIG, (int) LINGER.toMillis());
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Math.min(DOOR_BLOCK.toMillis(), acknowledge));
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, acknowledge);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) (acknowledge - LINGER.toMillis()) / 2);
    settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(ingest.bufferBytes(), 2L * kafka.maxRecordBytes()));
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * For a normaliser: what reaches a partition must be a prefix of what was sent to it. Were one batch lost and the next one taken, the shard's source
   * mark would stand above the lost one and its repetition would be dropped. So it never gives a batch up by itself (the normaliser watches the clock),
   * and it never has two requests under way: a broker that knows nothing yet of a producer takes its second batch although it refused the first.
   */
  static KafkaProducer<byte[], byte[]> normaliser(KafkaConfig kafka) {
    Map<String, Object> settings = producer(kafka);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Integer.MAX_VALUE);
    settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 100); // a batch leaves when it is full, or when all are flushed
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, NORMALISER_BLOCK.toMillis());
    settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(64L << 20, 4L * kafka.maxRecordBytes()));
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static Map<String, Object> producer(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.connecting();
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    settings.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, kafka.maxRecordBytes());
    settings.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    return settings;
  }

  /** A dead member's partitions move after 6 s. Where to start is decided by {@link Normaliser}, aloud, never by the client. */
  static KafkaConsumer<byte[], byte[]> normaliserConsumer(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.connecting();
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, kafka.group("normalise"));
    settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
    settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6_000);
    settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_000);
    settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, 120_000);
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"); // others may write devicedata in transactions
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /**
   * For HL7 v2 messages, which are converted one after the other in each partition: few are fetched ahead, since one may be large. A partition whose message
   * waits for the database is paused, and still polled.
   */
  public static KafkaConsumer<byte[], byte[]> hl7Consumer(KafkaConfig kafka) {
    Map<String, Object> settings = kafka.connecting();
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, kafka.group("hl7v2"));
    settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
    settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6_000);
    settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1_000);
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 100);
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 16 << 20);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** For a look at what lies in the log: it belongs to no group, so it moves nobody's place and nobody waits for it. */
  static KafkaConsumer<byte[], byte[]> onlooker(KafkaConfig kafka, Duration patience) {
    Map<String, Object> settings = kafka.connecting();
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, Math.max(1, POLLED_BYTES / kafka.maxMessageBytes()));
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 8 << 20);
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
    settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** For the wrapper of Vert.x, which takes text. A batch is kept in one statement, so it is bounded in bytes too. */
  static Map<String, String> deadLetterReader(KafkaConfig kafka) {
    Map<String, String> settings = new HashMap<>();
    kafka.connecting().forEach((key, value) -> settings.put(key, value.toString()));
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, kafka.group("deadletters"));
    // a killed reader keeps its partitions, and whoever joins or leaves waiting, until its session is over: 45 s by default
    settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, "6000");
    settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, "2000");
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
        Integer.toString(Math.max(1, POLLED_BYTES / kafka.maxMessageBytes())));
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
    return settings;
  }

  /**
   * Kafka's ids of these topics as of now, without those that are not there.
   *
   * @throws KafkaException when Kafka does not answer within 10 s
   */
  static Map<String, UUID> topicIds(KafkaConfig kafka, Collection<String> topics) {
    if (topics.isEmpty()) return Map.of();
    Map<String, Object> settings = kafka.connecting();
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    Admin admin = Admin.create(settings);
    try {
      Map<String, UUID> ids = new HashMap<>();
      for (var asked : admin.describeTopics(topics).topicNameValues().entrySet()) {
        try {
          Uuid id = asked.getValue().get().topicId();
          ids.put(asked.getKey(), new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits()));
        } catch (ExecutionException failed) {
          if (!(failed.getCause() instanceof UnknownTopicOrPartitionException))
            throw new KafkaException(
                "topic " + asked.getKey() + " cannot be described: " + failed.getCause().getMessage());
        }
      }
      return ids;
    } catch (InterruptedException asked) {
      throw new InterruptException(asked);
    } finally {
      admin.close(Duration.ZERO);
    }
  }
}
