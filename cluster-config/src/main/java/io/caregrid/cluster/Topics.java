package io.caregrid.cluster;

import java.time.Duration;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.header.Headers;

/**
 * The three topics of the house as they are in Kafka: present, writable, and set so that they keep its promises.
 *
 * @param deviceData   what devices send, unread; any Kafka producer may write it
 * @param measurements normalised readings; partition n is shard n
 * @param deadLetters  what could not be read, with why
 */
public record Topics(Topic deviceData, Topic measurements, Topic deadLetters) {

  /** Header of a record written only to prove that a fresh partition can be written. Readers skip it; it uses an offset like any other. */
  public static final String PROBE = "probe";

  /**
   * @param id         Kafka's id of it: a topic deleted and made anew has another
   * @param partitions as they are, which for {@code measurements} is {@code cluster.shards}
   */
  public record Topic(String name, UUID id, int partitions) {}

  /**
   * Makes the topics that are missing, checks those that are there, and writes one probe into every partition that never held a record. Any number of
   * nodes may do this at once. Blocks; an interruption ends it at once.
   *
   * @param deadline longest this may take
   * @throws ConfigException when Kafka does not answer in time, or a setting breaks a promise: with topic, what was found, what is wanted
   */
  public static Topics ensure(KafkaConfig kafka, ClusterConfig cluster, Duration deadline) {
    try (TopicSetup setup = new TopicSetup(kafka, cluster, deadline)) {
      return setup.run();
    }
  }

  /** The same for {@code fhir-changes}, which is there only where a target of {@code tell} wants it. */
  public static void ensureChanges(KafkaConfig kafka, ClusterConfig cluster, Duration deadline) {
    try (TopicSetup setup = new TopicSetup(kafka, cluster, deadline)) {
      setup.changes();
    }
  }

  /** The same for the topic of HL7 v2 messages, which is there only where HL7 v2 is on. */
  public static Topic ensureHl7(KafkaConfig kafka, ClusterConfig cluster, Hl7Config hl7, Duration deadline) {
    try (TopicSetup setup = new TopicSetup(kafka, cluster, deadline)) {
      return setup.hl7(hl7);
    }
  }

  /** True while it holds a connection to a broker: one that reads partitions, or belongs to a group, always does. Any thread. */
  public static boolean isConnected(Consumer<?, ?> consumer) {
    return consumer.metrics()
        .values()
        .stream()
        .filter(metric -> metric.metricName().name().equals("connection-count"))
        .anyMatch(metric -> ((Number) metric.metricValue()).doubleValue() > 0);
  }

  /** True when a record with these headers carries nothing. */
  public static boolean isProbe(Headers headers) {
    return headers.lastHeader(PROBE) != null;
  }
}
