package io.caregrid.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The start's work on topics: create what is missing, check what is there, prove that fresh partitions can be written.
 *
 * <p>The proof matters: a producer that pipelines into a partition whose leader is not up yet may lose records (SHARDING.md, "A trap"). A partition
 * that never held a record is fresh, whoever made it and however far an earlier start came; so probes are written once in a topic's life.
 */
final class TopicSetup implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TopicSetup.class);
  private static final long RETRY_NANOS = Duration.ofMillis(100).toNanos();

  private final KafkaConfig kafka;
  private final ClusterConfig cluster;
  private final Duration allowed;
  private final long deadlineNanos;
  private final Admin admin;

  TopicSetup(KafkaConfig kafka, ClusterConfig cluster, Duration allowed) {
    this.kafka = kafka;
    this.cluster = cluster;
    this.allowed = allowed;
    deadlineNanos = System.nanoTime() + allowed.toNanos();
    admin = connect();
  }

  private Admin connect() {
    try {
      Map<String, Object> settings = kafka.connecting();
      settings.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, millisLeft());
      settings.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, Math.min(5_000, millisLeft()));
      return Admin.create(settings);
    } catch (KafkaException unusable) {
      throw new ConfigException("kafka.bootstrapServers " + kafka.bootstrapServers() + " cannot be used: "
          + (unusable.getCause() == null ? unusable : unusable.getCause()).getMessage());
    }
  }

  Topics run() {
    List<Topics.Topic> topics = proven(TopicPlan.of(kafka, cluster));
    return new Topics(topics.get(0), topics.get(1), topics.get(2));
  }

  Topics.Topic hl7(Hl7Config hl7) {
    return proven(List.of(TopicPlan.hl7(kafka, cluster, hl7))).get(0);
  }

  /** Without probes, which its readers would not understand: whoever writes it waits for each record. */
  void changes() {
    ensured(List.of(TopicPlan.changes(kafka, cluster)));
  }

  private List<Topics.Topic> proven(List<TopicPlan> plans) {
    Map<String, TopicDescription> found = ensured(plans);
    probe(fresh(found));
    return plans.stream().map(plan -> topic(found.get(plan.name()))).toList();
  }

  private Map<String, TopicDescription> ensured(List<TopicPlan> plans) {
    create(plans);
    Map<String, TopicDescription> found = settled(plans);
    check(plans, found);
    return found;
  }

  private static Topics.Topic topic(TopicDescription found) {
    UUID id = new UUID(found.topicId().getMostSignificantBits(), found.topicId().getLeastSignificantBits());
    return new Topics.Topic(found.name(), id, found.partitions().size());
  }

  private void create(List<TopicPlan> plans) {
    Map<String, TopicDescription> there = describe(plans.stream().map(TopicPlan::name).toList());
    List<TopicPlan> missing = plans.stream().filter(plan -> !there.containsKey(plan.name())).toList();
    Map<String, KafkaFuture<Void>> created = admin.createTopics(missing.stream().map(TopicPlan::toCreate).toList())
        .values();
    for (TopicPlan plan : missing) await(created.get(plan.name()), plan);
  }

  private void await(KafkaFuture<Void> created, TopicPlan plan) {
    try {
      get(created, "creating topic " + plan.name());
      log.info("topic created topic={} partitions={} replication={}", plan.name(), plan.partitions(),
          plan.replication());
    } catch (TopicExistsException raced) {
      log.info("topic was created by another node topic={}", plan.name());
    } catch (KafkaException refused) {
      throw new ConfigException("topic " + plan.name() + " cannot be created with " + plan.partitions()
          + " partitions and replication " + plan.replication() + ": " + refused.getMessage());
    }
  }

  /** All of them, once the brokers agree that they exist. */
  private Map<String, TopicDescription> settled(List<TopicPlan> plans) {
    List<String> names = plans.stream().map(TopicPlan::name).toList();
    while (true) {
      Map<String, TopicDescription> found = describe(names);
      if (found.size() == names.size()) return found;
      if (millisLeft() <= 1) throw unreachable("waiting for topics " + names);
      LockSupport.parkNanos(RETRY_NANOS);
    }
  }

  private Map<String, TopicDescription> describe(List<String> names) {
    Map<String, TopicDescription> found = new HashMap<>();
    admin.describeTopics(names).topicNameValues().forEach((name, description) -> {
      try {
        found.put(name, get(description, "describing topic " + name));
      } catch (UnknownTopicOrPartitionException missing) {
        log.debug("topic is not there topic={}", name);
      }
    });
    return found;
  }

  private void check(List<TopicPlan> plans, Map<String, TopicDescription> found) {
    List<ConfigResource> resources = plans.stream().map(plan -> resource(plan.name())).toList();
    Map<ConfigResource, Config> configs = get(admin.describeConfigs(resources).all(), "reading topic settings");
    List<String> problems = new ArrayList<>();
    for (TopicPlan plan : plans) {
      Map<String, String> settings = settings(configs.get(resource(plan.name())));
      TopicDescription topic = found.get(plan.name());
      problems.addAll(plan.problems(topic.partitions().size(), replicas(topic), settings));
      warnOfSizeLimit(plan.name(), settings.get(TopicConfig.RETENTION_BYTES_CONFIG));
    }
    if (cluster.survivesMachineLoss()) problems.addAll(offsetsTopicProblems());
    if (!problems.isEmpty()) throw new ConfigException(String.join("\n", problems));
  }

  private static ConfigResource resource(String topic) {
    return new ConfigResource(ConfigResource.Type.TOPIC, topic);
  }

  private static Map<String, String> settings(Config config) {
    return config.entries()
        .stream()
        .filter(entry -> entry.value() != null)
        .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value));
  }

  private static int replicas(TopicDescription topic) {
    return topic.partitions().stream().mapToInt(partition -> partition.replicas().size()).min().orElse(0);
  }

  private static void warnOfSizeLimit(String topic, String bytes) {
    if (bytes != null && !bytes.equals("-1"))
      log.warn("topic may drop records before kafka.retention is over topic={} retention.bytes={}", topic, bytes);
  }

  /** Where consumer groups keep their offsets must survive a machine too. */
  private List<String> offsetsTopicProblems() {
    TopicDescription offsets = describe(List.of(Topic.GROUP_METADATA_TOPIC_NAME)).get(Topic.GROUP_METADATA_TOPIC_NAME);
    int copies = offsets == null ? offsetsReplicationToCome() : replicas(offsets);
    if (copies >= 3) return List.of();
    return List.of("topic " + Topic.GROUP_METADATA_TOPIC_NAME + ": replication is " + copies
        + ", wanted at least 3 (set the brokers' offsets.topic.replication.factor to 3 before the first start, "
        + "or use kafka-reassign-partitions)");
  }

  private int offsetsReplicationToCome() {
    int broker = get(admin.describeCluster().controller(), "asking for the controller").id();
    ConfigResource resource = new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(broker));
    Config config = get(admin.describeConfigs(List.of(resource)).all(), "reading broker settings").get(resource);
    return Integer.parseInt(config.get("offsets.topic.replication.factor").value());
  }

  /** Partitions that never held a record. */
  private List<TopicPartition> fresh(Map<String, TopicDescription> found) {
    Map<TopicPartition, OffsetSpec> latest = found.values()
        .stream()
        .flatMap(
            topic -> IntStream.range(0, topic.partitions().size()).mapToObj(n -> new TopicPartition(topic.name(), n)))
        .collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
    Map<TopicPartition, ListOffsetsResultInfo> ends = get(admin.listOffsets(latest).all(), "reading the topics' ends");
    return latest.keySet().stream().filter(partition -> ends.get(partition).offset() == 0).toList();
  }

  private void probe(List<TopicPartition> partitions) {
    if (partitions.isEmpty()) return;
    try (KafkaProducer<byte[], byte[]> producer = patientProducer()) {
      Map<TopicPartition, Future<RecordMetadata>> written = new HashMap<>();
      for (TopicPartition partition : partitions) written.put(partition, producer.send(probeFor(partition)));
      written.forEach((partition, record) -> get(record, "writing a first record to " + partition));
    }
    log.info("fresh partitions are writable partitions={}", partitions.size());
  }

  private static ProducerRecord<byte[], byte[]> probeFor(TopicPartition partition) {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(partition.topic(), partition.partition(), null,
        new byte[0]);
    record.headers().add(Topics.PROBE, "1".getBytes(StandardCharsets.UTF_8));
    return record;
  }

  /** One request at a time and no sequence numbers, so that a leader that is not up yet only means another try. */
  private KafkaProducer<byte[], byte[]> patientProducer() {
    int millis = Math.max(millisLeft(), 1_000);
    Map<String, Object> settings = kafka.connecting();
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, false);
    settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis / 2);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, millis);
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** The result, or what Kafka said; "not in time" becomes an answer for a person. */
  private <T> T get(Future<T> asked, String doing) {
    try {
      return asked.get(millisLeft(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof UnknownTopicOrPartitionException missing) throw missing;
      if (failed.getCause() instanceof TimeoutException || failed.getCause() instanceof RetriableException)
        throw unreachable(doing);
      if (failed.getCause() instanceof AuthenticationException stranger) throw refused(stranger);
      if (failed.getCause() instanceof AuthorizationException said) throw forbidden(doing, said);
      if (failed.getCause() instanceof KafkaException said) throw said;
      throw new IllegalStateException(doing, failed.getCause());
    } catch (java.util.concurrent.TimeoutException late) {
      throw unreachable(doing);
    } catch (InterruptedException interrupted) {
      throw new InterruptException(interrupted);
    }
  }

  private ConfigException unreachable(String doing) {
    return new ConfigException("Kafka at kafka.bootstrapServers " + kafka.bootstrapServers() + " did not answer within "
        + allowed + " (" + doing + "): is it running, is the address right, and are enough brokers up?");
  }

  private ConfigException refused(AuthenticationException stranger) {
    return new ConfigException("Kafka at kafka.bootstrapServers " + kafka.bootstrapServers() + " refuses "
        + (kafka.user().isEmpty() ? "who does not sign in" : "user " + kafka.user())
        + ": check kafka.user, kafka.password and kafka.ca. Kafka says: " + stranger.getMessage());
  }

  private ConfigException forbidden(String doing, AuthorizationException said) {
    return new ConfigException("Kafka does not let " + (kafka.user().isEmpty() ? "us" : "user " + kafka.user())
        + " do what a node does (" + doing + "): let 'caregrid kafka grant' say what it may. Kafka says: "
        + said.getMessage());
  }

  private int millisLeft() {
    return (int) Math.max(1, Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis());
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
