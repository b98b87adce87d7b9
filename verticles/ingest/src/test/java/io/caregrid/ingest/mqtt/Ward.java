package io.caregrid.ingest.mqtt;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.MqttConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Grants;
import io.caregrid.contract.Roles;
import io.caregrid.ingest.Await;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** MQTT of one node on a real broker, and eyes to look into the log. */
final class Ward implements AutoCloseable {
  /** No stall of a loaded machine makes Kafka too late for an answer. */
  static final IngestConfig INGEST = new IngestConfig(1 << 20, Duration.ofSeconds(60), 16 << 20, 1);
  /** Where Kafka goes away. */
  static final IngestConfig HASTY = new IngestConfig(1 << 20, Duration.ofSeconds(8), 16 << 20, 1);
  /** Tokens that this ward takes, by what they are called: a.NAME.b. */
  static final String SENDER = "a.sender.b";
  static final String READER = "a.reader.b";
  static final String SHORT = "a.short.b";

  final Vertx vertx = Vertx.vertx();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final Queue<Audit.Entry> audited = new ConcurrentLinkedQueue<>();
  final KafkaConfig kafka;
  final MqttVerticle verticle;
  private final String deployment;
  private boolean closed;

  static KafkaConfig kafka(String bootstrapServers) {
    KafkaConfig kafka = new KafkaConfig(bootstrapServers, UUID.randomUUID() + "-", 3, Duration.ofDays(7), 256 << 10);
    ClusterConfig cluster = new ClusterConfig("single", "caregrid", "127.0.0.1", 0, 0, List.of(), 4, "");
    Topics.ensure(kafka, cluster, Duration.ofMinutes(2));
    return kafka;
  }

  static MqttConfig config() {
    return config(TlsConfig.NONE, 20, 1 << 20, Duration.ofMinutes(2));
  }

  static MqttConfig config(TlsConfig tls, int inFlight, int bufferBytes, Duration frame) {
    return new MqttConfig("127.0.0.1", 0, "protected", List.of("Telemetry Sender"), 128 << 10, 64, inFlight,
        bufferBytes, Duration.ofMinutes(10), frame, Duration.ofMinutes(10), Map.of("ward/+/ventilator",
            List.of("ventilator")),
        tls);
  }

  Ward(KafkaConfig kafka, MqttConfig config, boolean asks) {
    this(kafka, config, asks, INGEST);
  }

  Ward(KafkaConfig kafka, MqttConfig config, boolean asks, IngestConfig ingest) {
    this.kafka = kafka;
    verticle = new MqttVerticle(vertx, config, kafka, ingest, asks, Roles.BUILT_IN.grants(config.roles()),
        Ward::caller, entry -> {
          audited.add(entry);
          return Future.succeededFuture();
        }, meters);
    deployment = Await.get(vertx.deployVerticle(verticle));
    Await.until("Kafka", verticle::ready);
  }

  private static Future<Caller> caller(String token, String from) {
    return switch (token) {
      case SENDER -> known("sender", Grants.of(Access.TELEMETRY_SEND), Instant.now().plusSeconds(600));
      case SHORT -> known("short", Grants.of(Access.TELEMETRY_SEND), Instant.now().plusSeconds(8));
      case READER -> known("reader", Grants.of(Access.FHIR_READ), Instant.now().plusSeconds(600));
      default -> Future.failedFuture(new Failure.Unauthenticated("the access token is refused"));
    };
  }

  private static Future<Caller> known(String subject, Grants grants, Instant until) {
    return Future.succeededFuture(new Caller(subject, "https://id.example.org", null, Set.of(), grants, until, null,
        null));
  }

  int port() {
    return verticle.port();
  }

  Device device(int level) throws Exception {
    return new Device(port(), level);
  }

  double counted(String name) {
    return meters.find(name).counters().stream().mapToDouble(counter -> counter.count()).sum();
  }

  static String reading(String device, int heartRate) {
    return "{\"deviceId\":\"" + device + "\",\"time\":\"2026-11-20T10:00:00.000Z\",\"heartRate\":" + heartRate + "}";
  }

  /** What lies in the log and holds this text, in the order of its partitions, as soon as there is so much of it. */
  List<ConsumerRecord<byte[], byte[]>> kept(String mark, int atLeast) {
    return read(records -> records.stream().filter(record -> text(record).contains(mark)).count() >= atLeast).stream()
        .filter(record -> text(record).contains(mark))
        .toList();
  }

  List<ConsumerRecord<byte[], byte[]>> read(Predicate<List<ConsumerRecord<byte[], byte[]>>> enough) {
    List<ConsumerRecord<byte[], byte[]>> read = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
        Map.of("bootstrap.servers", kafka.bootstrapServers()), new ByteArrayDeserializer(),
        new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = IntStream.range(0, kafka.sourcePartitions())
          .mapToObj(n -> new TopicPartition(kafka.deviceData(), n))
          .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Await.until("the log to hold enough", () -> {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50)))
          if (!Topics.isProbe(record.headers())) read.add(record);
        return enough.test(read);
      });
    }
    return read;
  }

  static String text(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.value(), StandardCharsets.UTF_8);
  }

  /** Null when it has none. */
  static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    var header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** The node stops. */
  void leave() {
    if (!closed) Await.get(vertx.undeploy(deployment));
    closed = true;
  }

  @Override
  public void close() {
    leave();
    Await.get(vertx.close());
  }
}
