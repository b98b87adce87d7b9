package io.caregrid.cluster;

import static org.apache.kafka.common.config.TopicConfig.CLEANUP_POLICY_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MAX_MESSAGE_BYTES_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.RETENTION_MS_CONFIG;
import static org.apache.kafka.common.config.TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * One topic as the promises want it, and what is wrong with one that is there.
 *
 * @param partitions  when it is created
 * @param commitment  the setting that fixes the number of partitions for good, e.g. {@code cluster.shards}; null when any number will do
 * @param replication copies of each record, at least
 * @param minInsync   copies that must be written before a record is acknowledged, at least
 */
record TopicPlan(String name, int partitions, String commitment, int replication, int minInsync, KafkaConfig kafka) {

  /** Enough for three nodes to share the reading. */
  private static final int DEAD_LETTER_PARTITIONS = 3;

  /** {@code devicedata}, {@code measurements} and {@code deadletters} first, in this order. */
  static List<TopicPlan> of(KafkaConfig kafka, ClusterConfig cluster) {
    int replication = cluster.survivesMachineLoss() ? 3 : 1;
    int minInsync = cluster.survivesMachineLoss() ? 2 : 1;
    List<TopicPlan> plans = new ArrayList<>();
    plans.add(new TopicPlan(kafka.deviceData(), kafka.sourcePartitions(), null, replication, minInsync, kafka));
    plans.add(
        new TopicPlan(kafka.measurements(), cluster.shards(), "cluster.shards", replication, minInsync, kafka));
    plans.add(new TopicPlan(kafka.deadLetters(), DEAD_LETTER_PARTITIONS, null, replication, minInsync, kafka));
    for (String source : kafka.sources())
      if (!source.equals(kafka.deviceData()))
        plans.add(new TopicPlan(source, kafka.sourcePartitions(), null, replication, minInsync, kafka));
    return plans;
  }

  /** News of changes in the store: no more partitions than what comes in has, and nothing that depends on their number but the order while it changes. */
  static TopicPlan changes(KafkaConfig kafka, ClusterConfig cluster) {
    TopicPlan like = of(kafka, cluster).get(0);
    return new TopicPlan(kafka.fhirChanges(), like.partitions(), null, like.replication(), like.minInsync(), kafka);
  }

  /** Messages of HL7 v2, which are larger than those of devices. */
  static TopicPlan hl7(KafkaConfig kafka, ClusterConfig cluster, Hl7Config hl7) {
    TopicPlan like = of(kafka, cluster).get(0);
    return new TopicPlan(kafka.hl7(), like.partitions(), null, like.replication(), like.minInsync(),
        kafka.carrying(hl7.maxMessage()));
  }

  NewTopic toCreate() {
    return new NewTopic(name, partitions, (short) replication).configs(Map.of(
        CLEANUP_POLICY_CONFIG, "delete",
        MAX_MESSAGE_BYTES_CONFIG, Integer.toString(kafka.maxRecordBytes()),
        MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime",
        MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(minInsync),
        RETENTION_MS_CONFIG, Long.toString(kafka.retention().toMillis()),
        UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false"));
  }

  /**
   * What breaks a promise, one sentence each; empty when all is well.
   *
   * @param replicas copies the least copied partition has
   * @param settings the topic's effective configuration
   */
  List<String> problems(int partitionsFound, int replicas, Map<String, String> settings) {
    List<String> problems = new ArrayList<>();
    if (commitment != null && partitionsFound != partitions) problems.add(wrongPartitions(partitionsFound));
    if (replicas < replication)
      problems.add(found("replication", replicas, "at least " + replication,
          "raise it with kafka-reassign-partitions, or set cluster.durability to " + ClusterConfig.SINGLE_MACHINE));
    checkSettings(new Settings(settings), replicas, problems);
    return problems;
  }

  private void checkSettings(Settings settings, int replicas, List<String> problems) {
    long insync = settings.number(MIN_IN_SYNC_REPLICAS_CONFIG);
    if (insync < minInsync) problems.add(altered(MIN_IN_SYNC_REPLICAS_CONFIG, insync, "at least " + minInsync));
    if (insync > replicas)
      problems.add(altered(MIN_IN_SYNC_REPLICAS_CONFIG, insync, "at most its replication, " + replicas));
    if (settings.is(UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "true"))
      problems
          .add(altered(UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "true", "false: it throws acknowledged records away"));
    if (!settings.is(CLEANUP_POLICY_CONFIG, "delete"))
      problems.add(altered(CLEANUP_POLICY_CONFIG, settings.text(CLEANUP_POLICY_CONFIG),
          "delete: compaction keeps only the last record of a device"));
    checkTimes(settings, problems);
    long bytes = settings.number(MAX_MESSAGE_BYTES_CONFIG);
    if (bytes < kafka.maxRecordBytes())
      problems.add(altered(MAX_MESSAGE_BYTES_CONFIG, bytes, "at least " + kafka.maxRecordBytes()
          + " for " + (name.equals(kafka.hl7()) ? "hl7.maxMessage " : "kafka.maxMessageBytes ")
          + kafka.maxMessageBytes()));
  }

  private void checkTimes(Settings settings, List<String> problems) {
    long retention = settings.number(RETENTION_MS_CONFIG);
    if (retention >= 0 && retention < kafka.retention().toMillis())
      problems.add(altered(RETENTION_MS_CONFIG, retention,
          "at least kafka.retention, " + kafka.retention().toMillis()));
    if (kafka.sources().contains(name) && !settings.is(MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"))
      problems.add(altered(MESSAGE_TIMESTAMP_TYPE_CONFIG, settings.text(MESSAGE_TIMESTAMP_TYPE_CONFIG),
          "LogAppendTime: when a message was received is the log's word, not the sender's"));
  }

  private String wrongPartitions(int found) {
    return found("partitions", found, commitment + ", " + partitions, "set " + commitment + " to " + found
        + ", or drain the topic and switch to a new one by kafka.prefix: the number is a commitment");
  }

  private String altered(String setting, Object found, String wanted) {
    return found(setting, found, wanted,
        "change it with kafka-configs --alter --entity-type topics --entity-name " + name);
  }

  private String found(String what, Object found, String wanted, String fix) {
    return "topic " + name + ": " + what + " is " + found + ", wanted " + wanted + " (" + fix + ")";
  }

  /** A topic's effective configuration. */
  private record Settings(Map<String, String> values) {
    String text(String key) {
      return values.get(key);
    }

    boolean is(String key, String value) {
      return value.equals(values.get(key));
    }

    long number(String key) {
      return Long.parseLong(values.get(key));
    }
  }
}
