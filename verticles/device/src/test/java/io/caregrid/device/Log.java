package io.caregrid.device;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.LocalKafka;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Topics of their own on a real broker, and somebody who writes measurements as a normaliser would. */
final class Log implements AutoCloseable {
  static final int SHARDS = 4;
  final KafkaConfig kafka;
  final ClusterConfig cluster;
  private final KafkaProducer<byte[], byte[]> producer;
  Topics topics;
  private long offset;

  Log(LocalKafka broker) {
    kafka = new KafkaConfig(broker.bootstrapServers(), "t" + UUID.randomUUID() + "-", 2, Duration.ofHours(1), 1 << 20);
    cluster = new ClusterConfig("single", "test-" + UUID.randomUUID(), "127.0.0.1", 0, 0, List.of(), SHARDS, "");
    topics = Topics.ensure(kafka, cluster, Duration.ofMinutes(2));
    producer = new KafkaProducer<>(Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", "5"),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  /** Sends these in order, each with the next source of one source partition, and waits for the broker. */
  void send(List<Measurement> readings) {
    List<Future<?>> sent = new ArrayList<>();
    for (Measurement reading : readings) {
      ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(kafka.measurements(),
          reading.device().getBytes(StandardCharsets.UTF_8),
          MeasurementJson.write(reading));
      record.headers().add(Source.HEADER, Readings.source(0, offset++).toBytes());
      sent.add(producer.send(record));
    }
    for (Future<?> one : sent) get(one);
  }

  /** Retention strikes: everything before {@code offset} of this shard is gone. */
  void forget(int shard, long before) {
    forget(new TopicPartition(kafka.measurements(), shard), before);
  }

  void forget(TopicPartition partition, long before) {
    try (Admin admin = admin()) {
      get(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before))).all());
    }
  }

  void recreate() {
    try (Admin admin = admin()) {
      get(admin.deleteTopics(List.of(kafka.measurements())).all());
      Await.until("topic gone", () -> !names(admin).contains(kafka.measurements()));
    }
    topics = Topics.ensure(kafka, cluster, Duration.ofMinutes(2));
  }

  private static java.util.Set<String> names(Admin admin) {
    return get(admin.listTopics().names());
  }

  private Admin admin() {
    return Admin.create(Map.<String, Object>of("bootstrap.servers", kafka.bootstrapServers()));
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
