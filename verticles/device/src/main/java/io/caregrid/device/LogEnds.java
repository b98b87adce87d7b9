package io.caregrid.device;

import io.caregrid.cluster.KafkaConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/** How far the log goes, and how far it has been normalised. Answers come on the caller's context; every future may fail. */
interface LogEnds {
  /** Whether every partition that devices send to takes something just now; null when it does, else a sentence for the operator. */
  Future<String> refusal();

  /** The ends of what devices send, as far as readers may read. A partition that holds nothing any more, or yet, is absent. */
  Future<Map<TopicPartition, Long>> sources();

  /** Up to where that has been normalised, what came of it being in the log; a partition of which nothing has been is absent. */
  Future<Map<TopicPartition, Long>> normalised();

  /**
   * The ends of the shards, with what of transactions that are not over yet is in there: that something has been normalised may be known before its readings may
   * be read.
   */
  Future<Map<Integer, Long>> shards();

  Future<Void> close();

  /** @param least by topic, how many copies have to be in step before something is acknowledged */
  static String refusal(Collection<TopicDescription> topics, Map<String, Integer> least) {
    for (TopicDescription topic : topics)
      for (TopicPartitionInfo partition : topic.partitions())
        if (partition.leader() == null || partition.isr().size() < least.get(topic.name()))
          return "partition " + topic.name() + "-" + partition.partition()
              + " takes nothing: too few brokers are there";
    return null;
  }

  static LogEnds of(Vertx vertx, KafkaConfig kafka) {
    return new InKafka(vertx, kafka);
  }

  /** The client is made when it is first needed, off the event loop. */
  final class InKafka implements LogEnds {
    private static final long KEEP_NANOS = Duration.ofMinutes(5).toNanos();
    private static final int PATIENCE_MILLIS = (int) Duration.ofSeconds(5).toMillis();
    private final Vertx vertx;
    private final KafkaConfig kafka;
    private Future<Admin> admin;
    /** Topic → copies that have to be in step before something is acknowledged. */
    private Map<String, Integer> least = Map.of();
    private long asked;

    private InKafka(Vertx vertx, KafkaConfig kafka) {
      this.vertx = vertx;
      this.kafka = kafka;
    }

    @Override
    public Future<String> refusal() {
      return with(client -> least(client)
          .compose(copies -> ask(client.describeTopics(kafka.sources()).allTopicNames())
              .map(topics -> LogEnds.refusal(topics.values(), copies))));
    }

    /** Asked anew now and then: an operator may change it. */
    private Future<Map<String, Integer>> least(Admin client) {
      if (!least.isEmpty() && System.nanoTime() - asked < KEEP_NANOS) return Future.succeededFuture(least);
      List<ConfigResource> topics = kafka.sources()
          .stream()
          .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
          .toList();
      return ask(client.describeConfigs(topics).all()).map(configs -> {
        Map<String, Integer> copies = new HashMap<>();
        configs.forEach((topic, config) -> copies.put(topic.name(),
            Integer.parseInt(config.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).value())));
        asked = System.nanoTime();
        return least = copies;
      });
    }

    @Override
    public Future<Map<TopicPartition, Long>> sources() {
      return with(client -> ask(client.describeTopics(kafka.sources()).allTopicNames())
          .compose(topics -> ends(client, topics, IsolationLevel.READ_COMMITTED)
              .compose(ends -> offsets(client, ends.keySet(), OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED)
                  .map(begins -> {
                    ends.entrySet().removeIf(end -> begins.get(end.getKey()) >= end.getValue());
                    return ends;
                  }))));
    }

    @Override
    public Future<Map<TopicPartition, Long>> normalised() {
      return with(client -> ask(
          client.listConsumerGroupOffsets(kafka.group("normalise")).partitionsToOffsetAndMetadata()))
          .map(committed -> {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            for (Map.Entry<TopicPartition, OffsetAndMetadata> one : committed.entrySet())
              if (one.getValue() != null) offsets.put(one.getKey(), one.getValue().offset());
            return offsets;
          });
    }

    @Override
    public Future<Map<Integer, Long>> shards() {
      return with(client -> ask(client.describeTopics(List.of(kafka.measurements())).allTopicNames())
          .compose(topics -> ends(client, topics, IsolationLevel.READ_UNCOMMITTED)))
          .map(ends -> {
            Map<Integer, Long> shards = new HashMap<>();
            ends.forEach((partition, end) -> shards.put(partition.partition(), end));
            return shards;
          });
    }

    private Future<Map<TopicPartition, Long>> ends(Admin client, Map<String, TopicDescription> topics,
        IsolationLevel upTo) {
      List<TopicPartition> partitions = new ArrayList<>();
      topics.forEach(
          (name, topic) -> topic.partitions()
              .forEach(one -> partitions.add(new TopicPartition(name, one.partition()))));
      return offsets(client, partitions, OffsetSpec.latest(), upTo);
    }

    private Future<Map<TopicPartition, Long>> offsets(Admin client, Collection<TopicPartition> partitions,
        OffsetSpec which, IsolationLevel upTo) {
      Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
      partitions.forEach(partition -> wanted.put(partition, which));
      return ask(client.listOffsets(wanted, new ListOffsetsOptions(upTo)).all())
          .map(found -> {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            for (Map.Entry<TopicPartition, ListOffsetsResultInfo> one : found.entrySet())
              offsets.put(one.getKey(), one.getValue().offset());
            return offsets;
          });
    }

    private <T> Future<T> with(Function<Admin, Future<T>> work) {
      if (admin == null || admin.failed()) admin = vertx.executeBlocking(this::client, false);
      return admin.compose(work);
    }

    private Admin client() {
      Map<String, Object> settings = kafka.connecting();
      settings.put(AdminClientConfig.CLIENT_ID_CONFIG, "caregrid-silence-" + UUID.randomUUID());
      settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS);
      settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS);
      return Admin.create(settings);
    }

    private <T> Future<T> ask(KafkaFuture<T> answer) {
      return Future.fromCompletionStage(answer.toCompletionStage(), vertx.getOrCreateContext());
    }

    @Override
    public Future<Void> close() {
      if (admin == null) return Future.succeededFuture();
      return admin.compose(client -> vertx.<Void>executeBlocking(() -> {
        client.close(Duration.ofSeconds(2));
        return null;
      }, false)).otherwiseEmpty();
    }
  }
}
