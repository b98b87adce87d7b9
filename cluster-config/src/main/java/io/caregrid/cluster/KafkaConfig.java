package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;

/**
 * The log.
 *
 * @param bootstrapServers {@code host:port[,host:port]}; empty when an embedded broker fills it in (demo)
 * @param prefix           put before every topic and group name, so that several houses can share a broker; may be empty
 * @param sourcePartitions partitions of {@code devicedata} when it is created, 1..1024
 * @param retention        how long topics keep what they hold, at least 1 h: the time a dead database may stay dead
 * @param maxMessageBytes  largest message the log takes, 1 kB..64 MB
 */
public record KafkaConfig(String bootstrapServers, String prefix, int sourcePartitions, Duration retention,
    int maxMessageBytes) {

  public static final KafkaConfig DEFAULT = new KafkaConfig("127.0.0.1:9092", "", 12, Duration.ofDays(7), 4 << 20);

  public KafkaConfig {
    require(sourcePartitions >= 1 && sourcePartitions <= 1024,
        "kafka.sourcePartitions must be 1..1024, not " + sourcePartitions);
    require(retention.toHours() >= 1, "kafka.retention must be at least PT1H, not " + retention);
    require(maxMessageBytes >= 1024 && maxMessageBytes <= 64 << 20,
        "kafka.maxMessageBytes must be 1024..67108864, not " + maxMessageBytes);
  }

  /** What devices send, unread. */
  public String deviceData() {
    return prefix + "devicedata";
  }

  /** Normalised readings, keyed by device; partition n is shard n. */
  public String measurements() {
    return prefix + "measurements";
  }

  /** What could not be read, with why. */
  public String deadLetters() {
    return prefix + "deadletters";
  }

  /** Room a record of the largest message may take in the log: its headers, and a compression that makes it grow, included. */
  public int maxRecordBytes() {
    return maxMessageBytes + maxMessageBytes / 128 + (64 << 10);
  }

  public String group(String name) {
    return prefix + "caregrid-" + name;
  }
}
