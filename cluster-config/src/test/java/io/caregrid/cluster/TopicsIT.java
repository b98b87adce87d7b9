package io.caregrid.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.OwnPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Engines.class)
class TopicsIT {
  private static final Duration DEADLINE = Duration.ofSeconds(120);

  @Test
  void missingTopicsAreMadeAndEveryPartitionHoldsOneProbeAlsoAfterASecondStart(LocalKafka broker) throws Exception {
    KafkaConfig kafka = kafka(broker);

    Topics first = Topics.ensure(kafka, shards(5), DEADLINE);
    Topics again = Topics.ensure(kafka, shards(5), DEADLINE);

    assertEquals(first, again);
    assertEquals(5, first.measurements().partitions());
    assertEquals(12, first.deviceData().partitions());
    assertNotEquals(first.deviceData().id(), first.measurements().id());
    assertEquals(List.of(1L, 1L, 1L, 1L, 1L), ends(kafka, first.measurements()));
    assertTrue(ends(kafka, first.deviceData()).stream().allMatch(end -> end == 1));
  }

  @Test
  void severalNodesMayStartAtOnce(LocalKafka broker) throws Exception {
    KafkaConfig kafka = kafka(broker);
    ExecutorService nodes = Executors.newFixedThreadPool(4);
    try {
      Callable<Topics> start = () -> Topics.ensure(kafka, shards(12), DEADLINE);

      List<Topics> seen = new ArrayList<>();
      for (Future<Topics> node : nodes.invokeAll(List.of(start, start, start, start))) seen.add(node.get());

      assertEquals(1, seen.stream().distinct().count());
    } finally {
      nodes.shutdown();
    }
  }

  @Test
  @Tag("full")
  void anotherNumberOfShardsThanPartitionsStopsTheStartAndSaysWhatToDo(LocalKafka broker) {
    KafkaConfig kafka = kafka(broker);
    Topics.ensure(kafka, shards(3), DEADLINE);

    ConfigException stopped = assertThrows(ConfigException.class, () -> Topics.ensure(kafka, shards(4), DEADLINE));

    assertTrue(stopped.getMessage()
        .contains("topic " + kafka.measurements()
            + ": partitions is 3, wanted cluster.shards, 4 (set cluster.shards to 3"),
        stopped.getMessage());
  }

  @Test
  void settingsThatBreakAPromiseAreAllNamedWithFoundAndWanted(LocalKafka broker) throws Exception {
    KafkaConfig kafka = kafka(broker);
    try (Admin admin = admin(kafka)) {
      admin.createTopics(List.of(new NewTopic(kafka.deviceData(), 2, (short) 1).configs(Map.of("cleanup.policy",
          "compact", "retention.ms", "60000", "max.message.bytes", "1000", "unclean.leader.election.enable", "true",
          "min.insync.replicas", "2")))).all().get();
    }

    String said = assertThrows(ConfigException.class, () -> Topics.ensure(kafka, shards(3), DEADLINE)).getMessage();

    for (String setting : List.of("cleanup.policy is compact, wanted delete", "retention.ms is 60000",
        "max.message.bytes is 1000", "unclean.leader.election.enable is true", "message.timestamp.type is CreateTime",
        "min.insync.replicas is 2, wanted at most its replication, 1"))
      assertTrue(said.contains("topic " + kafka.deviceData() + ": " + setting), said);
  }

  @Test
  void modeClusterRefusesTopicsOfOneCopyUnlessToldSo(LocalKafka broker) {
    KafkaConfig kafka = kafka(broker);
    Topics.ensure(kafka, shards(2), DEADLINE);

    String said = assertThrows(ConfigException.class, () -> Topics.ensure(kafka, cluster(2, ""), DEADLINE))
        .getMessage();

    assertTrue(said.contains("topic " + kafka.measurements() + ": replication is 1, wanted at least 3"), said);
    assertTrue(said.contains("min.insync.replicas is 1, wanted at least 2"), said);
    assertTrue(said.contains("__consumer_offsets: replication is 1"), said);
    Topics.ensure(kafka, cluster(2, ClusterConfig.SINGLE_MACHINE), DEADLINE);
  }

  @Test
  void modeClusterOnOneBrokerSaysWhyTopicsCannotBeMade(LocalKafka broker) {
    String said = assertThrows(ConfigException.class,
        () -> Topics.ensure(kafka(broker), cluster(2, ""), DEADLINE)).getMessage();

    assertTrue(said.contains("replication 3"), said);
  }

  @Test
  void aKafkaThatDoesNotAnswerIsNamedWithinTheDeadline() throws Exception {
    try (OwnPort silent = OwnPort.take()) {
      String nobody = "127.0.0.1:" + silent.number();
      KafkaConfig kafka = new KafkaConfig(nobody, "", 1, Duration.ofHours(1), 1 << 20);

      String said = assertTimeoutPreemptively(DEADLINE, () -> assertThrows(ConfigException.class,
          () -> Topics.ensure(kafka, shards(2), Duration.ofSeconds(2))).getMessage());

      assertTrue(said.contains("kafka.bootstrapServers " + nobody + " did not answer within PT2S"), said);
    }
  }

  @Test
  void anAddressThatMeansNothingIsNamed() {
    KafkaConfig kafka = new KafkaConfig("nowhere", "", 1, Duration.ofHours(1), 1 << 20);

    String said = assertThrows(ConfigException.class,
        () -> Topics.ensure(kafka, shards(2), Duration.ofSeconds(2))).getMessage();

    assertTrue(said.contains("kafka.bootstrapServers nowhere"), said);
  }

  private static KafkaConfig kafka(LocalKafka broker) {
    return new KafkaConfig(broker.bootstrapServers(), UUID.randomUUID() + "-", 12, Duration.ofDays(7), 1 << 20);
  }

  private static ClusterConfig shards(int shards) {
    return new ClusterConfig("single", "caregrid", "127.0.0.1", 0, 0, List.of(), shards, "");
  }

  private static ClusterConfig cluster(int shards, String durability) {
    return new ClusterConfig("cluster", "caregrid", "127.0.0.1", 0, 0, List.of(), shards, durability);
  }

  private static List<Long> ends(KafkaConfig kafka, Topics.Topic topic) throws Exception {
    try (Admin admin = admin(kafka)) {
      var ends = admin.listOffsets(IntStream.range(0, topic.partitions())
          .boxed()
          .collect(Collectors.toMap(n -> new TopicPartition(topic.name(), n), n -> OffsetSpec.latest()))).all().get();
      return ends.values().stream().map(end -> end.offset()).toList();
    }
  }

  private static Admin admin(KafkaConfig kafka) {
    return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
  }
}
