package io.caregrid.perf;

import io.caregrid.contract.Caller;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;

/** How far the node is behind: events in the log that are not normalised yet, and readings that are not in effect in the store yet. */
final class Lag implements AutoCloseable {
  private static final Caller CALLER = Caller.system("perf");
  private final Admin admin;
  private final Node.Addresses node;
  private final ShardStore shards;
  private final UUID measurements;

  record Reading(long unnormalised, long unapplied) {
    long events() {
      return unnormalised + unapplied;
    }
  }

  Lag(Node.Addresses node, ShardStore shards) throws Exception {
    this.node = node;
    this.shards = shards;
    admin = Admin.create(Map.of("bootstrap.servers", node.kafka()));
    var id = admin.describeTopics(java.util.List.of(node.measurements()))
        .allTopicNames()
        .get()
        .get(node.measurements())
        .topicId();
    measurements = new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
  }

  Reading read() throws Exception {
    return new Reading(unnormalised(), unapplied());
  }

  private long unnormalised() throws Exception {
    var committed = admin.listConsumerGroupOffsets(node.normaliserGroup()).partitionsToOffsetAndMetadata().get();
    int partitions = admin.describeTopics(java.util.List.of(node.deviceData()))
        .allTopicNames()
        .get()
        .get(node.deviceData())
        .partitions()
        .size();
    long lag = 0;
    for (var end : ends(node.deviceData(), partitions).entrySet()) {
      var offset = committed.get(end.getKey());
      lag += end.getValue() - (offset == null ? 0 : offset.offset());
    }
    return lag;
  }

  private long unapplied() throws Exception {
    long lag = 0;
    for (var end : ends(node.measurements(), node.shards()).entrySet()) {
      ShardKey key = new ShardKey(ShardKey.STORE, measurements, 0, end.getKey().partition());
      lag += end.getValue() - shards.progress(CALLER, key).toCompletionStage().toCompletableFuture().get().applied();
    }
    return lag;
  }

  private Map<TopicPartition, Long> ends(String topic, int partitions) throws Exception {
    Collection<TopicPartition> all = IntStream.range(0, partitions)
        .mapToObj(p -> new TopicPartition(topic, p))
        .toList();
    var offsets = admin
        .listOffsets(all.stream().collect(Collectors.toMap(Function.identity(), p -> OffsetSpec.latest())))
        .all()
        .get();
    return all.stream().collect(Collectors.toMap(Function.identity(), p -> offsets.get(p).offset()));
  }

  @Override
  public void close() {
    admin.close();
  }
}
