package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the log itself can do to a normaliser: refuse, forget, and start over. */
@ExtendWith(Engines.class)
@Tag("full")
class NormaliserFaultsIT {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private KafkaConfig kafka;
  private Topics topics;
  private TopicPartition first;
  private Admin admin;
  private KafkaProducer<String, String> device;
  private Normaliser normaliser;
  private Thread thread;

  @BeforeEach
  void open(LocalKafka broker) {
    kafka = House.kafka(broker.bootstrapServers());
    topics = House.topics(kafka);
    first = new TopicPartition(kafka.deviceData(), 0);
    admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    device = new KafkaProducer<>(Map.of("bootstrap.servers", kafka.bootstrapServers()), new StringSerializer(),
        new StringSerializer());
  }

  @AfterEach
  void close() throws InterruptedException {
    stop();
    device.close();
    admin.close();
  }

  /**
   * The first batch of a shard is refused while the next ones are in flight, and would be taken. Were they taken, the shard's mark would stand above
   * the refused one, and its repetition would be dropped.
   */
  @Test
  @Tag("full")
  void afterARefusedBatchNoLaterOneArrives() throws Exception {
    int tooLargeForNow = 40_000;
    limit(tooLargeForNow);
    send(incompressible());
    for (int n = 0; n < 300; n++) send(House.message("device", n));
    device.flush();
    start();
    Await.until("a crash", () -> meters.counter(IngestMetrics.RESTARTS).count() >= 2);

    limit(kafka.maxRecordBytes());

    List<ConsumerRecord<byte[], byte[]>> all = House.read(kafka, topics.measurements(),
        read -> Marks.distinct(read).size() == 301);
    assertEquals(301, Marks.effective(all).size());
  }

  @Test
  @Tag("full")
  void whatRetentionRemovedUnreadIsSteppedOver() throws Exception {
    send(House.message("read", 1));
    start();
    House.read(kafka, topics.measurements(), read -> read.size() == 1);
    stop();
    for (int n = 0; n < 10; n++) send(House.message("unread", n));
    device.flush();
    admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(8))).all().get();

    start();

    List<ConsumerRecord<byte[], byte[]>> all = House.read(kafka, topics.measurements(), read -> read.size() == 5);
    assertEquals(List.of(1L, 8L, 9L, 10L, 11L), Marks.effective(all).stream().map(Source::offset).sorted().toList());
  }

  @Test
  void aLogThatLostItsTailIsNotReadOn() throws Exception {
    send(House.message("kept", 1));
    device.flush();
    admin.alterConsumerGroupOffsets(kafka.group("normalise"), Map.of(first, new OffsetAndMetadata(1000))).all().get();

    start();

    Await.until("a crash", () -> meters.counter(IngestMetrics.RESTARTS).count() >= 1);
    assertFalse(normaliser.isReading());
    send(House.message("new", 2));
    device.flush();
    Await.until("another crash", () -> meters.counter(IngestMetrics.RESTARTS).count() >= 2);
    assertEquals(0, House.read(kafka, topics.measurements(), read -> true).size());
  }

  @Test
  void aTopicRecreatedBehindARunningNormaliserBeginsANewHistory() throws Exception {
    IntStream.range(0, 5).forEach(n -> send(House.message("old", n)));
    start();
    House.read(kafka, topics.measurements(), read -> read.size() == 5);

    admin.deleteTopics(List.of(kafka.deviceData())).all().get();
    Await.until("the topic to be gone", () -> !names().contains(kafka.deviceData()));
    Topics again = House.topics(kafka);
    IntStream.range(0, 20).forEach(n -> send(House.message("new", n)));
    device.flush();

    assertNotEquals(topics.deviceData().id(), again.deviceData().id());
    List<ConsumerRecord<byte[], byte[]>> all = House.read(kafka, topics.measurements(),
        read -> Marks.effective(read)
            .stream()
            .filter(source -> source.topicId().equals(again.deviceData().id()))
            .count() == 20);
    assertEquals(25, Marks.effective(all).size());
  }

  private Set<String> names() {
    try {
      return admin.listTopics().names().get();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  private void start() {
    normaliser = new Normaliser("normaliser", kafka, House.SHARDS, House::vitals, new IngestMetrics(meters));
    thread = new Thread(normaliser, "normaliser");
    thread.start();
  }

  private void stop() throws InterruptedException {
    normaliser.stop();
    thread.join();
  }

  private void send(String message) {
    device.send(new ProducerRecord<>(kafka.deviceData(), 0, null, message));
  }

  /** A reading whose value is some 120 kB of noise. */
  private static String incompressible() {
    byte[] noise = new byte[60_000];
    new Random(7).nextBytes(noise);
    return House.message("device", 1).replace(":1}", ":\"" + HexFormat.of().formatHex(noise) + "\"}");
  }

  private void limit(int bytes) throws Exception {
    admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, kafka.measurements()),
        List.of(new AlterConfigOp(new ConfigEntry("max.message.bytes", Integer.toString(bytes)),
            AlterConfigOp.OpType.SET))))
        .all()
        .get();
  }
}
