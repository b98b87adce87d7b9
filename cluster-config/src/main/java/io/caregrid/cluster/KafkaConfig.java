package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;

/**
 * The log.
 *
 * @param bootstrapServers {@code host:port[,host:port]}; empty when an embedded broker fills it in (demo)
 * @param prefix           put before every topic and group name, so that several houses can share a broker; may be empty
 * @param sourcePartitions partitions of {@code devicedata} when it is created, 1..1024
 * @param retention        how long topics keep what they hold, at least 1 h: the time a dead database may stay dead
 * @param maxMessageBytes  largest message the log takes, 1 kB..64 MB
 * @param ca               PEM file with who signs the brokers' certificates: the connection is TLS, and the name or address in a broker's
 *                         certificate must be the one we call. Null: no TLS
 * @param user             signs in by SASL/SCRAM-SHA-512 (RFC 5802), over TLS only; empty: does not sign in
 * @param password         a secret: masked wherever the configuration is shown
 * @param topics           further topics that devices send to, each with the name of the mapping its messages are normalised by; names as they are without
 *                         {@code prefix}. Those of {@code devicedata} are normalised by mapping {@code default}
 */
public record KafkaConfig(String bootstrapServers, String prefix, int sourcePartitions, Duration retention,
    int maxMessageBytes, Path ca, String user, String password, Map<String, List<String>> topics) {

  private static final List<String> OURS = List.of("devicedata", "measurements", "deadletters", "fhir-changes",
      "hl7v2");
  /** Room for the headers of a record of the largest message. */
  public static final int HEADER_BYTES = 64 << 10;
  private static final String DEFAULT_MAPPING = "default";
  public static final KafkaConfig DEFAULT = new KafkaConfig("127.0.0.1:9092", "", 12, Duration.ofDays(7), 4 << 20);

  /** A log nobody signs in to, without TLS. */
  public KafkaConfig(String bootstrapServers, String prefix, int sourcePartitions, Duration retention,
      int maxMessageBytes) {
    this(bootstrapServers, prefix, sourcePartitions, retention, maxMessageBytes, null, "", "", Map.of());
  }

  public KafkaConfig {
    require(sourcePartitions >= 1 && sourcePartitions <= 1024,
        "kafka.sourcePartitions must be 1..1024, not " + sourcePartitions);
    require(retention.toHours() >= 1, "kafka.retention must be at least PT1H, not " + retention);
    require(maxMessageBytes >= 1024 && maxMessageBytes <= 64 << 20,
        "kafka.maxMessageBytes must be 1024..67108864, not " + maxMessageBytes);
    require(ca == null || Files.isReadable(ca), "kafka.ca " + ca + " cannot be read: name a PEM file");
    require(user.isEmpty() || ca != null,
        "kafka.user needs kafka.ca: whoever signs in without TLS cannot know to whom");
    require(user.isEmpty() == password.isEmpty(), "kafka.user and kafka.password must both be set, or neither");
    require(user.matches("[A-Za-z0-9._-]*"), "kafka.user may hold letters, digits, '.', '_' and '-' only");
    topics = Map.copyOf(topics);
    topics.forEach((topic, mapping) -> {
      require(topic.matches("[A-Za-z0-9._-]{1,200}") && !OURS.contains(topic), "kafka.topics." + topic
          + " must be a topic's name, and none of " + OURS);
      require(mapping.size() == 1 && mapping.get(0).matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), "kafka.topics." + topic
          + " must name one mapping");
    });
  }

  /** What every client of this log begins with: where it is, and how we show who we are. */
  public Map<String, Object> connecting() {
    Map<String, Object> settings = new HashMap<>();
    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    if (ca == null) return settings;
    settings.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, user.isEmpty() ? "SSL" : "SASL_SSL");
    settings.put(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
    settings.put(SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG, ca.toString());
    if (user.isEmpty()) return settings;
    settings.put(SaslConfigs.SASL_MECHANISM, "SCRAM-SHA-512");
    settings.put(SaslConfigs.SASL_JAAS_CONFIG,
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
            + password.replace("\\", "\\\\").replace("\"", "\\\"") + "\";");
    return settings;
  }

  /** The same log, at other brokers and for who does not sign in: what is embedded. */
  public KafkaConfig embeddedAt(String brokers) {
    return new KafkaConfig(brokers, prefix, sourcePartitions, retention, maxMessageBytes, null, "", "", topics);
  }

  @Override
  public String toString() {
    return "KafkaConfig[" + (user.isEmpty() ? "" : user + "@") + bootstrapServers + "]";
  }

  /** What devices send, unread. */
  public String deviceData() {
    return prefix + "devicedata";
  }

  /** All topics that devices send to, {@link #deviceData} first. */
  public List<String> sources() {
    List<String> sources = new ArrayList<>();
    sources.add(deviceData());
    topics.keySet().stream().sorted().forEach(topic -> sources.add(prefix + topic));
    return sources;
  }

  /** Name of the mapping for messages of this source topic that name none themselves. */
  public String mappingOf(String source) {
    List<String> named = source.startsWith(prefix) ? topics.get(source.substring(prefix.length())) : null;
    return named == null ? DEFAULT_MAPPING : named.get(0);
  }

  /** The mappings that {@link #topics} name. */
  public Set<String> namedMappings() {
    return topics.values().stream().map(named -> named.get(0)).collect(Collectors.toSet());
  }

  /** Normalised readings, keyed by device; partition n is shard n. */
  public String measurements() {
    return prefix + "measurements";
  }

  /** What could not be read, with why. */
  public String deadLetters() {
    return prefix + "deadletters";
  }

  /** What changed in the store, for others to read; keyed by {@code Type/id}. Only there where a target wants it. */
  public String fhirChanges() {
    return prefix + "fhir-changes";
  }

  /** HL7 v2 messages as they came, keyed by the way they came. Only there where HL7 v2 is on. */
  public String hl7() {
    return prefix + "hl7v2";
  }

  /** The same log for messages up to so many bytes. */
  public KafkaConfig carrying(int bytes) {
    return new KafkaConfig(bootstrapServers, prefix, sourcePartitions, retention, bytes, ca, user, password, topics);
  }

  /** Room a record of the largest message may take in the log: its headers, and a compression that makes it grow, included. */
  public int maxRecordBytes() {
    return maxMessageBytes + maxMessageBytes / 128 + HEADER_BYTES;
  }

  public String group(String name) {
    return prefix + "caregrid-" + name;
  }
}
