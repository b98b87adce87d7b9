package io.caregrid.device;

import io.caregrid.cluster.KafkaConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
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

/** How far the log goes, and how far it has been normalised. Answers come on the caller's context; every future may fail. */
interface LogEnds {
  /** The ends of what devices send, as far as readers may read. */
  Future<Map<TopicPartition, Long>> sources();

  /** Up to where that has been normalised, what came of it being in the log; a partition of which nothing has been is absent. */
  Future<Map<TopicPartition, Long>> normalised();

  /**
   * The ends of the shards, with what of transactions that are not over yet is in there: that something has been normalised may be known before its readings may
   * be read.
   */
  Future<Map<Integer, Long>> shards();

  Future<Void> close();

  static LogEnds of(Vertx vertx, KafkaConfig kafka) {
    return new InKafka(vertx, kafka);
  }

  /** The client is made when it is first needed, off the event loop. */
  final class InKafka implements LogEnds {
    private static final int PATIENCE_MILLIS = (int) Duration.ofSeconds(5).toMillis();
    private final Vertx vertx;
    private final KafkaConfig kafka;
    private Future<Admin> admin;

    private InKafka(Vertx vertx, KafkaConfig kafka) {
      this.vertx = vertx;
      this.kafka = kafka;
    }

    @Override
    public Future<Map<TopicPartition, Long>> sources() {
      return with(client -> ask(client.describeTopics(kafka.sources()).allTopicNames())
          .compose(topics -> ends(client, topics, IsolationLevel.READ_COMMITTED)));
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
      Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
      topics.forEach((name, topic) -> topic.partitions()
          .forEach(one -> asked.put(new TopicPartition(name, one.partition()), OffsetSpec.latest())));
      return ask(client.listOffsets(asked, new ListOffsetsOptions(upTo)).all())
          .map(found -> {
            Map<TopicPartition, Long> ends = new HashMap<>();
            for (Map.Entry<TopicPartition, ListOffsetsResultInfo> one : found.entrySet())
              ends.put(one.getKey(), one.getValue().offset());
            return ends;
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
