package io.caregrid.events;

import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Engines.class)
class TellKafkaIT {
  private static List<ConsumerRecord<byte[], byte[]>> read(KafkaConfig kafka, int count) {
    Map<String, Object> settings = kafka.connecting();
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, "reader-" + UUID.randomUUID());
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(kafka.fhirChanges()));
      until("the topic has them", () -> {
        consumer.poll(Duration.ofMillis(200)).forEach(all::add);
        return all.size() >= count;
      });
      consumer.poll(Duration.ofMillis(200)).forEach(all::add);
    }
    return all;
  }

  @Test
  void theTopicHasEveryChangeKeyedByItsResourceInItsOrder(LocalPostgres postgres, LocalKafka broker) {
    KafkaConfig kafka = new KafkaConfig(broker.bootstrapServers(), "t" + UUID.randomUUID() + ".", 3, Duration.ofDays(7),
        1 << 20);
    Topics.ensureChanges(kafka, ClusterConfig.DEFAULT, Duration.ofSeconds(30));
    try (TellHouse house = new TellHouse(postgres)) {
      house.use(kafka);
      house.teller(Map.of("targets.log.kind", "kafka", "targets.log.types", "Patient"), quick(1_000));
      for (int version = 1; version <= 5; version++)
        for (int id = 0; id < 4; id++) house.patient("p" + id, version);
      house.delete("Patient", "p0");
      until("all are told", () -> house.target("log").getLong("sent") == 21);

      Set<String> ids = new HashSet<>();
      List<ConsumerRecord<byte[], byte[]>> records = read(kafka, 21);

      Map<String, List<String>> versions = new HashMap<>();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        JsonObject event = new JsonObject(new String(record.value(), StandardCharsets.UTF_8));
        String key = new String(record.key(), StandardCharsets.UTF_8);
        String news = new String(record.headers().lastHeader(KafkaCourier.ID).value(), StandardCharsets.UTF_8);
        if (!ids.add(news)) continue; // at least once
        assertEquals(key, event.getString("resourcetype") + "/" + event.getString("id"));
        versions.computeIfAbsent(key, none -> new ArrayList<>()).add(event.getString("version"));
      }
      assertEquals(21, ids.size(), "nothing but news");
      assertEquals(List.of("1", "2", "3", "4", "5", "6"), versions.get("Patient/p0"));
      for (int id = 1; id < 4; id++)
        assertEquals(IntStream.rangeClosed(1, 5).mapToObj(String::valueOf).toList(), versions.get("Patient/p" + id));
    }
  }
}
