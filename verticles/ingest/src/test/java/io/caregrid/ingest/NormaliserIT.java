package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The first hop on a real broker, killed where it hurts and fed what it cannot read. */
@ExtendWith(Engines.class)
class NormaliserIT {
  private static final MappingSets VITALS = House.vitals();
  /** Whatever is asked of it fails. */
  private static final MappingSets BUGGY = new MappingSets(
      List.of(new MappingSet(MappingMark.FILES, null, FhirMapping.vitals())));

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Normaliser> running = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private KafkaConfig kafka;
  private Topics topics;
  private KafkaProducer<byte[], byte[]> device;

  @BeforeEach
  void open(LocalKafka broker) {
    kafka = House.kafka(broker.bootstrapServers());
    topics = House.topics(kafka);
    device = new KafkaProducer<>(Map.of("bootstrap.servers", kafka.bootstrapServers(), "compression.type", "gzip",
        "max.request.size", 8 << 20), new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void close() throws InterruptedException {
    running.forEach(Normaliser::stop);
    for (Thread thread : threads) thread.join();
    device.close();
  }

  @Test
  @Tag("full")
  void killedBetweenProduceAndCommitItRepeatsWithTheSameSourcesAndTheEffectIsExact() {
    send(500);
    AtomicInteger commits = new AtomicInteger();
    Map<String, Integer> kills = new ConcurrentHashMap<>();

    start(new Normaliser("killed", kafka, House.SHARDS, () -> VITALS, metrics()) {
      @Override
      NormaliserRun open() {
        return new NormaliserRun(kafka, House.SHARDS, () -> VITALS, metrics()) {
          @Override
          void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
            if (commits.incrementAndGet() <= 2) throw new IllegalStateException("killed before the commit");
            super.commit(offsets);
            kills.put("committed", 1);
          }
        };
      }
    });
    Await.until("a commit after two kills", () -> kills.containsKey("committed"));

    List<ConsumerRecord<byte[], byte[]>> written = House.read(kafka, topics.measurements(), all -> all.size() >= 1500);
    assertEquals(500, Marks.distinct(written).size());
    assertEquals(500, Marks.effective(written).size());
    assertEquals(Marks.distinct(written).size(), Marks.effective(written).stream().distinct().count());
  }

  @Test
  void aNewInstanceRepeatsWhatADeadOneDidNotCommit() throws Exception {
    send(200);
    Normaliser dead = start(new Normaliser("dead", kafka, House.SHARDS, () -> VITALS, metrics()) {
      @Override
      NormaliserRun open() {
        return new NormaliserRun(kafka, House.SHARDS, () -> VITALS, metrics()) {
          @Override
          void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {} // dies before it can
        };
      }
    });
    List<ConsumerRecord<byte[], byte[]>> first = House.read(kafka, topics.measurements(), all -> all.size() == 200);
    dead.stop();
    threads.get(0).join();

    start(normaliser());

    List<ConsumerRecord<byte[], byte[]>> both = House.read(kafka, topics.measurements(), all -> all.size() == 400);
    assertEquals(Marks.distinct(first), Marks.distinct(both));
    assertEquals(200, Marks.effective(both).size());
  }

  @Test
  void twoInstancesShareThePartitionsAndAStoppedOneHandsItsShareOver() throws Exception {
    Normaliser one = start(normaliser());
    Normaliser two = start(normaliser());
    Await.until("both", () -> one.isReading() && two.isReading());
    send(300);
    House.read(kafka, topics.measurements(), all -> all.size() >= 300);

    one.stop();
    threads.get(0).join();
    send(300);

    List<ConsumerRecord<byte[], byte[]>> all = House.read(kafka, topics.measurements(),
        read -> Marks.distinct(read).size() >= 600);
    assertEquals(600, Marks.effective(all).size());
  }

  @Test
  void whatCannotBeReadIsPutAsideWithWhyAndBlocksNothing() {
    byte[] broken = "{\"deviceId\":".getBytes();
    send(broken);
    send("{\"temperature\":\"of the coffee\"}".getBytes());
    send(new byte[] {(byte) 0xFF, 0, 1});
    send(("{\"a\":" + "[".repeat(100_000)).getBytes());
    device.send(new ProducerRecord<>(kafka.deviceData(), 0, null, null));
    start(normaliser());
    send(House.message("behind", 70).getBytes());

    List<ConsumerRecord<byte[], byte[]>> letters = House.read(kafka, topics.deadLetters(), all -> all.size() == 5);

    House.read(kafka, topics.measurements(), all -> all.size() == 1);
    ConsumerRecord<byte[], byte[]> letter = letters.stream()
        .filter(one -> Marks.source(one).offset() == 1)
        .findFirst()
        .orElseThrow();
    assertEquals("malformed-json", House.header(letter, "reason"));
    assertArrayEquals(broken, letter.value());
    assertEquals(new Source(topics.deviceData().id(), 0, 1, Source.WHOLE_RECORD).toString(), new String(letter.key()));
    assertTrue(Math.abs(Long.parseLong(House.header(letter, "at")) - System.currentTimeMillis()) < 3_600_000);
    assertEquals(List.of("malformed-json", "no-template", "malformed-json", "malformed-json", "no-template"),
        letters.stream()
            .sorted((a, b) -> Marks.source(a).compareTo(Marks.source(b)))
            .map(one -> House.header(one, "reason"))
            .toList());
    assertEquals(3, meters.counter("ingest.deadletter", "reason", "malformed-json").count());
  }

  @Test
  void aMeasurementLargerThanTheLogTakesIsPutAsideAndALargerPayloadIsCut() {
    String large = House.message("large", 70).replace(":70", ":\"" + "7".repeat(300 << 10) + "\"");
    send(large.getBytes());
    send(House.message("behind", 70).getBytes());
    start(normaliser());

    ConsumerRecord<byte[], byte[]> letter = House.read(kafka, topics.deadLetters(), all -> all.size() == 1).get(0);

    assertEquals("too-large", House.header(letter, "reason"));
    assertEquals(kafka.maxMessageBytes(), letter.value().length);
    assertTrue(House.header(letter, "detail").contains("cut to 262144"), House.header(letter, "detail"));
    House.read(kafka, topics.measurements(), all -> all.size() == 1);
  }

  @Test
  void aMessageIsNormalisedByTheMappingItNamesAndCarriesItsVersion() {
    MappingSets sets = new MappingSets(List.of(VITALS.find("default"),
        new MappingSet(new MappingMark("ward", 7), VITALS.find("default").device(), FhirMapping.vitals())));
    byte[] message = House.message("named", 70).getBytes();
    send(message);
    for (String name : List.of("ward", "gone", "no name"))
      device.send(new ProducerRecord<>(kafka.deviceData(), 0, null, null, message,
          List.of(new RecordHeader("caregrid-mapping", name.getBytes()))));
    device.flush();
    start(new Normaliser("normaliser", kafka, House.SHARDS, () -> sets, metrics()));

    List<ConsumerRecord<byte[], byte[]>> letters = House.read(kafka, topics.deadLetters(), all -> all.size() == 2);

    List<ConsumerRecord<byte[], byte[]>> read = House.read(kafka, topics.measurements(), all -> all.size() == 2);
    assertEquals(null, read.get(0).headers().lastHeader(MappingMark.HEADER));
    assertEquals("ward@7", House.header(read.get(1), MappingMark.HEADER));
    assertEquals(List.of("unknown-mapping", "unknown-mapping"),
        letters.stream().map(letter -> House.header(letter, "reason")).toList());
  }

  @Test
  void envelopesAreOpened() {
    device.send(new ProducerRecord<>(kafka.deviceData(), 0, null, null,
        ("{\"Body\":" + House.message("hub", 70) + ",\"Properties\":{},\"SystemProperties\":{}}").getBytes()));
    device.send(new ProducerRecord<>(kafka.deviceData(), 0, null, null,
        ("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\"type\":\"t\",\"data\":" + House.message("event", 70)
            + "}").getBytes(),
        List.of(new RecordHeader("content-type", "application/cloudevents+json".getBytes()))));
    device.flush();
    DeviceMapping exact = DeviceMapping.parse("""
        {"templateType": "CollectionContent", "template": [{"templateType": "JsonPathContent", "template": {
          "typeName": "heartrate", "typeMatchExpression": "$.Body", "deviceIdExpression": "$.deviceId",
          "timestampExpression": "$.time", "values": [{"valueExpression": "$.heartRate", "valueName": "hr"}]}}]}""");
    start(new Normaliser("normaliser", kafka, House.SHARDS, () -> MappingSets.of(exact, FhirMapping.vitals()),
        metrics()));

    assertEquals(Set.of("hub", "event"), House.read(kafka, topics.measurements(), all -> all.size() == 2)
        .stream()
        .map(record -> MeasurementJson.read(record.value()).device())
        .collect(Collectors.toSet()));
  }

  @Test
  void aMappingThatThrowsLosesOnlyItsMessage() {
    send(House.message("behind", 70).getBytes());
    AtomicInteger asked = new AtomicInteger();
    start(new Normaliser("buggy", kafka, House.SHARDS, () -> asked.getAndIncrement() == 0 ? BUGGY : VITALS, metrics()));

    assertEquals("mapping-bug", House.header(
        House.read(kafka, topics.deadLetters(), all -> all.size() == 1).get(0), "reason"));
    send(House.message("after", 70).getBytes());
    House.read(kafka, topics.measurements(), all -> all.size() == 1);
  }

  @Test
  void whateverATemplateTypeOfOnesOwnDoesItsMessageIsSetAsideAndTheOthersGoOn() {
    MappingSets broken = MappingSets.of(DeviceMapping.parse("""
        {"templateType": "CollectionContent", "template": [{"templateType": "BrokenContent", "template": {}},
          {"templateType": "JsonPathContent", "template": {"typeName": "heartrate", "typeMatchExpression": "$..[?(@heartRate)]",
            "deviceIdExpression": "$.deviceId", "timestampExpression": "$.time",
            "values": [{"required": "true", "valueExpression": "$.heartRate", "valueName": "hr"}]}}]}"""),
        FhirMapping.vitals());
    List<String> faults = List.of("throws", "other version", "endless", "null", "null within");
    for (String fault : faults) {
      send(House.message("with it", 70).replace("{", "{\"fault\":\"" + fault + "\",").getBytes());
      send(House.message("behind " + fault, 70).getBytes());
    }
    start(new Normaliser("broken", kafka, House.SHARDS, () -> broken, metrics()));

    List<ConsumerRecord<byte[], byte[]>> letters = House.read(kafka, topics.deadLetters(), all -> all.size() == 5);
    assertEquals(Set.of("internal-error", "mapping-bug"),
        letters.stream().map(letter -> House.header(letter, "reason")).collect(Collectors.toSet()));
    List<ConsumerRecord<byte[], byte[]>> measured = House.read(kafka, topics.measurements(),
        all -> all.size() == 9);
    assertEquals(5, measured.stream().filter(one -> new String(one.key()).startsWith("behind")).count());
    assertEquals(4, measured.stream().filter(one -> new String(one.key()).equals("with it")).count(),
        "what other templates find in the message is taken");
    assertEquals(0, meters.counter(IngestMetrics.RESTARTS).count());
  }

  @Test
  void oldFutureAndTextualValuesPassAndTheSameBodyTwiceHasTwoSources() {
    String hourOld = House.message("old", 60).replace("2026-11-20T10", "2026-11-20T09");
    String future = House.message("future", 60).replace("2026", "2126");
    String text = House.message("text", 60).replace("60", "\"sixty\"");
    for (String message : List.of(hourOld, hourOld, future, text)) send(message.getBytes());
    start(normaliser());

    List<Measurement> measured = House.read(kafka, topics.measurements(), all -> all.size() == 4)
        .stream()
        .map(record -> MeasurementJson.read(record.value()))
        .toList();

    assertEquals(List.of(Instant.parse("2026-11-20T09:00:00Z"), Instant.parse("2026-11-20T09:00:00Z")),
        of("old", measured).stream().map(Measurement::occurredAt).toList());
    assertEquals(Instant.parse("2126-11-20T10:00:00Z"), of("future", measured).get(0).occurredAt());
    assertEquals("sixty", of("text", measured).get(0).properties().get(0).value());
  }

  @Test
  void stoppingTakesLittleTimeAndLeavesNothingToRepeat() throws Exception {
    send(100);
    Normaliser first = start(normaliser());
    House.read(kafka, topics.measurements(), all -> all.size() == 100);
    long asked = System.nanoTime();
    first.stop();
    threads.get(0).join();
    assertTrue(System.nanoTime() - asked < 40_000_000_000L, "nobody waited for a session of Kafka's to end");

    start(normaliser());
    send(House.message("last", 1).getBytes());

    House.read(kafka, topics.measurements(),
        all -> all.stream().anyMatch(record -> new String(record.key()).equals("last")));
    assertEquals(101, House.read(kafka, topics.measurements(), all -> all.size() >= 101).size());
    // counted once Kafka's acknowledgement is read, and that may be after the measurement is
    Await.until("all are counted", () -> meters.counter("ingest.normalised").count() >= 101);
    assertEquals(101, meters.counter("ingest.normalised").count());
  }

  @Test
  void withoutKafkaTheVerticleStartsIsNotReadyAndStops() throws Exception {
    Vertx vertx = Vertx.vertx();
    KafkaConfig nowhere = House.kafka("127.0.0.1:1");
    NormaliseVerticle hop = new NormaliseVerticle(nowhere, House.SHARDS, IngestConfig.DEFAULT, () -> VITALS, meters);
    String id = Door.await(vertx.deployVerticle(hop));

    assertTrue(!hop.ready());
    Door.await(vertx.undeploy(id));
    Door.await(vertx.close());
  }

  private static List<Measurement> of(String device, List<Measurement> measured) {
    return measured.stream().filter(one -> one.device().equals(device)).toList();
  }

  private IngestMetrics metrics() {
    return new IngestMetrics(meters);
  }

  private Normaliser normaliser() {
    return new Normaliser("normaliser", kafka, House.SHARDS, () -> VITALS, metrics());
  }

  private Normaliser start(Normaliser normaliser) {
    Thread thread = new Thread(normaliser, "normaliser");
    running.add(normaliser);
    threads.add(thread);
    thread.start();
    return normaliser;
  }

  /** So many messages of twenty devices over all source partitions. */
  private void send(int messages) {
    for (int n = 0; n < messages; n++)
      device.send(new ProducerRecord<>(kafka.deviceData(), n % topics.deviceData().partitions(), null,
          House.message("device-" + n % 20, n).getBytes(StandardCharsets.UTF_8)));
    device.flush();
  }

  /** One message into source partition 0. */
  private void send(byte[] message) {
    device.send(new ProducerRecord<>(kafka.deviceData(), 0, null, message));
    device.flush();
  }
}
