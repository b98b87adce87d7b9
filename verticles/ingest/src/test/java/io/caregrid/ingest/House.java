package io.caregrid.ingest;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingSets;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** What the tests of this room share: topics of their own on a shared broker, and eyes to look into them. */
final class House {
  /** No stall of a loaded machine makes Kafka too late for an answer. */
  static final IngestConfig INGEST = new IngestConfig(1 << 20, Duration.ofSeconds(60), 8 << 20, 1);
  /** Where Kafka goes away. */
  static final IngestConfig HASTY = new IngestConfig(1 << 20, Duration.ofSeconds(8), 8 << 20, 1);
  static final int SHARDS = 4;

  private House() {}

  static KafkaConfig kafka(String bootstrapServers) {
    return new KafkaConfig(bootstrapServers, UUID.randomUUID() + "-", 3, Duration.ofDays(7), 256 << 10);
  }

  static Topics topics(KafkaConfig kafka) {
    ClusterConfig cluster = new ClusterConfig("single", "caregrid", "127.0.0.1", 0, 0, List.of(), SHARDS, "");
    return Topics.ensure(kafka, cluster, Duration.ofMinutes(2));
  }

  /** Heart rate and SpO2 of messages like the demo's. */
  static MappingSets vitals() {
    return MappingSets.of(device(), FhirMapping.vitals());
  }

  private static DeviceMapping device() {
    return DeviceMapping.parse("""
        {"templateType": "CollectionContent", "template": [
          %s,
          %s
        ]}""".formatted(template("heartrate", "heartRate", "hr"), template("spo2", "spo2", "spo2")));
  }

  private static String template(String type, String field, String name) {
    return """
        {"templateType": "JsonPathContent", "template": {
          "typeName": "%s", "typeMatchExpression": "$..[?(@deviceId && @time && @%s)]",
          "deviceIdExpression": "$.deviceId", "timestampExpression": "$.time",
          "values": [{"required": "true", "valueExpression": "$.%s", "valueName": "%s"}]}}"""
        .formatted(type, field, field, name);
  }

  static String message(String device, int heartRate) {
    return "{\"deviceId\":\"" + device + "\",\"time\":\"2026-11-20T10:00:00.000Z\",\"heartRate\":" + heartRate + "}";
  }

  /** Everything in a topic from the beginning that is no probe, until there is enough of it. */
  static List<ConsumerRecord<byte[], byte[]>> read(KafkaConfig kafka, Topics.Topic topic,
      Predicate<List<ConsumerRecord<byte[], byte[]>>> enough) {
    List<ConsumerRecord<byte[], byte[]>> read = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
        Map.of("bootstrap.servers", kafka.bootstrapServers()), new ByteArrayDeserializer(),
        new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = IntStream.range(0, topic.partitions())
          .mapToObj(n -> new TopicPartition(topic.name(), n))
          .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Await.until(topic.name() + " to hold enough", () -> {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50)))
          if (!Topics.isProbe(record.headers())) read.add(record);
        return enough.test(read);
      });
    }
    return read;
  }

  static List<String> values(List<ConsumerRecord<byte[], byte[]>> records) {
    return records.stream().map(record -> new String(record.value(), StandardCharsets.UTF_8)).toList();
  }

  static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

}
