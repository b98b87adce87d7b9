package io.caregrid.events;

import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.OwnPort;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class TellKafkaIT {
  private static KafkaConfig kafka(LocalKafka broker, int most) {
    KafkaConfig kafka = new KafkaConfig(broker.bootstrapServers(), "t" + UUID.randomUUID() + ".", 3, Duration.ofDays(7),
        most);
    Topics.ensureChanges(kafka, ClusterConfig.DEFAULT, Duration.ofMinutes(2));
    return kafka;
  }

  private static String key(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.key(), StandardCharsets.UTF_8);
  }

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
    KafkaConfig kafka = kafka(broker, 1 << 20);
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
        String key = key(record);
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

  /** One sending with all five: the one in the middle is its own fault. */
  @Test
  void whatKafkaDoesNotTakeOfABatchIsADeadLetterAndTheOthersAreThere(LocalPostgres postgres, LocalKafka broker) {
    KafkaConfig kafka = kafka(broker, 16 << 10);
    Map<String, String> settings = Map.of("targets.log.kind", "kafka", "targets.log.types", "Patient",
        "targets.log.resource", "true", "targets.log.roles", "FHIR Data Reader");
    try (TellHouse house = new TellHouse(postgres)) {
      house.use(kafka);
      house.undeploy(house.teller(settings, quick(1_000)));
      for (int n = 0; n < 5; n++)
        house
            .put("{'resourceType':'Patient','id':'p" + n + "','name':[{'family':'" + "x".repeat(n == 2 ? 512 << 10 : 10)
                + "'}]}");
      until("they have their places", () -> house.number("select count(*) from change_queue") == 0);

      house.teller(settings, quick(1_000));
      until("four are told", () -> house.target("log").getLong("sent") == 4);
      until("one is given up", () -> house.target("log").getLong("dead") == 1);

      assertEquals(Set.of("Patient/p0", "Patient/p1", "Patient/p3", "Patient/p4"),
          read(kafka, 4).stream().map(TellKafkaIT::key).collect(Collectors.toSet()));
      assertEquals("well", house.target("log").getString("state"), "it was not Kafka's fault");
      assertEquals(0L, house.target("log").getLong("waiting"));
      JsonObject dead = new JsonObject(house.ask("GET", "/tell/log/dead-letters").body()).getJsonArray("deadLetters")
          .getJsonObject(0);
      assertEquals("Patient/p2 it is larger than kafka.maxMessageBytes",
          dead.getString("resource") + " " + dead.getString("error"));
    }
  }

  @Test
  @Tag("full")
  void whileKafkaIsAwayABatchWaitsAndIsThereAfterItsReturnInItsOrder(LocalPostgres postgres, @TempDir Path folder) {
    OwnPort port = OwnPort.take();
    LocalKafka broker = LocalKafka.start(folder, port.number());
    KafkaConfig kafka = kafka(broker, 1 << 20);
    Map<String, String> settings = Map.of("targets.log.kind", "kafka", "targets.log.types", "Patient");
    try (TellHouse house = new TellHouse(postgres)) {
      house.use(kafka);
      house.undeploy(house.teller(settings, quick(1_000)));
      broker.close();
      for (int version = 1; version <= 3; version++)
        for (int id = 0; id < 3; id++) house.patient("p" + id, version);
      until("they have their places", () -> house.number("select count(*) from change_queue") == 0);

      house.patience(Duration.ofMinutes(3), Duration.ofMillis(1_500));
      house.teller(settings, quick(5));
      until("it is seen to fail", () -> house.target("log").getString("state").equals("failing"));
      assertTrue(house.target("log").getString("error").startsWith("Kafka did not take it"),
          house.target("log").toString());
      assertEquals(0L, house.target("log").getLong("sent"));

      broker = LocalKafka.start(folder, port.number());
      until("all are told", () -> house.target("log").getLong("sent") == 9);
      assertEquals("well", house.target("log").getString("state"));
      Map<String, List<String>> versions = new HashMap<>();
      for (ConsumerRecord<byte[], byte[]> record : read(kafka, 9)) {
        String version = new JsonObject(new String(record.value(), StandardCharsets.UTF_8)).getString("version");
        List<String> before = versions.computeIfAbsent(key(record), none -> new ArrayList<>());
        if (!before.contains(version)) before.add(version); // at least once
      }
      for (int id = 0; id < 3; id++) assertEquals(List.of("1", "2", "3"), versions.get("Patient/p" + id));
    } finally {
      broker.close();
      port.close();
    }
  }
}
