package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Shards;
import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.LetterQuery;
import io.caregrid.store.Schema;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** From what a device sent to the dead letter a person sees, on a real broker and a real database. */
@ExtendWith(Engines.class)
class DeadLetterReaderIT {
  private static final Caller CALLER = Caller.system("test");
  private final Vertx vertx = Vertx.vertx();
  private KafkaConfig kafka;
  private Topics topics;
  private DeadLetters letters;
  private final List<IngestProducer> producers = new ArrayList<>();

  @BeforeEach
  void open(LocalKafka broker, LocalPostgres postgres) throws Exception {
    kafka = House.kafka(broker.bootstrapServers());
    topics = House.topics(kafka);
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 2);
    letters = new DeadLetters(AskAgain.whileBusy(() -> Door.await(Database.open(vertx, database))));
  }

  @AfterEach
  void close() throws Exception {
    for (IngestProducer producer : producers) Door.await(producer.close());
    Door.await(vertx.close());
  }

  @Test
  void aMessageThatNoTemplateKnowsBecomesOneDeadLetterAlsoWhenTheTopicIsReadAgain() throws Exception {
    byte[] coffee = "{\"coffee\":\"cold\",\"nul\":\"\\u0000\"}".getBytes(StandardCharsets.UTF_8);
    Door.await(vertx.deployVerticle(new NormaliseVerticle(kafka, House.SHARDS, House.INGEST, House::vitals,
        new SimpleMeterRegistry())));
    String reader = Door.await(vertx.deployVerticle(new DeadLetterReader(kafka, letters)));
    send(kafka.deviceData(), new ProducerRecord<>(kafka.deviceData(), 2, null, coffee));

    Await.until("the dead letter", () -> newest().size() == 1);
    Door.await(vertx.undeploy(reader));
    readAgain();
    send(kafka.deviceData(), new ProducerRecord<>(kafka.deviceData(), 2, null, new byte[] {(byte) 0xFF, 0}));
    Door.await(vertx.deployVerticle(new DeadLetterReader(kafka, letters)));

    Await.until("the second dead letter", () -> newest().size() == 2);
    DeadLetter first = newest().get(1);
    assertEquals(new Source(topics.deviceData().id(), 2, 1, Source.WHOLE_RECORD), first.source());
    assertEquals("no-template", first.reason());
    assertEquals(new String(coffee, StandardCharsets.UTF_8), first.payload().toString());
    assertTrue(Math.abs(first.at().toEpochMilli() - System.currentTimeMillis()) < 3_600_000);
    assertEquals("malformed-json", newest().get(0).reason());
  }

  @Test
  void whatWasSetAsideIsSentAgainOnceItsMappingIsThereAndMarkedOnceKafkaHasIt() throws Exception {
    AtomicReference<MappingSets> sets = new AtomicReference<>(House.vitals());
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    IngestVerticle door = new IngestVerticle(vertx, kafka, House.INGEST, sets::get, meters);
    Door.await(vertx.deployVerticle(door));
    Await.until("the producer", door::ready);
    Door.await(vertx.deployVerticle(new NormaliseVerticle(kafka, House.SHARDS, House.INGEST, sets::get, meters)));
    Door.await(vertx.deployVerticle(new DeadLetterReader(kafka, letters)));
    ProducerRecord<byte[], byte[]> early = new ProducerRecord<>(kafka.deviceData(), 0, null, null,
        House.message("early", 70).getBytes(), List.of(new RecordHeader("caregrid-mapping", "ward".getBytes()),
            new RecordHeader("ward", "3".getBytes())));
    send(kafka.deviceData(), early);
    send(kafka.deviceData(), new ProducerRecord<>(kafka.deviceData(), 1, null, "{".getBytes()));
    Await.until("two dead letters", () -> newest().size() == 2);
    sets.set(new MappingSets(List.of(sets.get().find("default"),
        new MappingSet(new MappingMark("ward", 1), sets.get().find("default").device(), FhirMapping.vitals()))));
    Replay replay = new Replay(kafka, producer(), letters, sets::get, new IngestMetrics(meters));

    Replay.Report report = Door.await(replay.all(CALLER, Audit.log(),
        new LetterQuery("unknown-mapping", null, null, null, false), null, "$replay"));

    assertEquals(new Replay.Report(1, 0, false, null), report);
    ConsumerRecord<byte[], byte[]> reading = House.read(kafka, topics.measurements(), all -> all.size() == 1).get(0);
    assertEquals("ward@1", House.header(reading, MappingMark.HEADER));
    assertEquals("1", House.header(reading, MappingMark.AGAIN_HEADER));
    assertEquals(1, newest().stream().filter(letter -> letter.replayed() != null).count());
    assertEquals(new Replay.Report(0, 0, false, null), Door.await(replay.all(CALLER, Audit.log(),
        new LetterQuery("unknown-mapping", null, null, null, false), null, "$replay")), "none is sent twice");
    DeadLetter broken = newest().stream()
        .filter(one -> one.reason().equals("malformed-json"))
        .findFirst()
        .orElseThrow();
    assertEquals(1, Door.await(replay.one(CALLER, Audit.log(), broken.source().toString())).replayed());
    Await.until("it is set aside again, beside the first", () -> newest().size() == 3);
  }

  @Test
  void aReadingThatItsShardCouldNotUseIsFoldedByTheMappingInForceNow() throws Exception {
    MappingSets sets = new MappingSets(List.of(new MappingSet(new MappingMark("ward", 4),
        House.vitals().find("default").device(), FhirMapping.vitals())));
    UUID topic = topics.measurements().id();
    byte[] payload = "{\"any\":\"reading\"}".getBytes();
    Door.await(letters.keep(CALLER, List.of(
        new DeadLetter(new Source(topic, 0, 5, 0), "unknown-device", "", "monitor", Buffer.buffer(payload),
            Instant.EPOCH,
            Map.of("caregrid-mapping", "ward"), null),
        new DeadLetter(new Source(topic, 0, 6, 0), "unknown-device", "", "monitor", Buffer.buffer(payload),
            Instant.EPOCH,
            Map.of("caregrid-mapping", "gone"), null),
        new DeadLetter(new Source(topic, 0, 7, 0), "malformed-measurement", "", null, Buffer.buffer("?"),
            Instant.EPOCH))));
    Replay replay = new Replay(kafka, producer(), letters, () -> sets, new IngestMetrics(new SimpleMeterRegistry()));

    assertEquals(new Replay.Report(1, 1, false, null),
        Door.await(replay.all(CALLER, Audit.log(), LetterQuery.ALL, null, "")), "nobody can read the third");

    ConsumerRecord<byte[], byte[]> again = House.read(kafka, topics.measurements(), all -> all.size() == 1).get(0);
    assertEquals("ward@4", House.header(again, MappingMark.HEADER));
    assertEquals(Shards.of("monitor".getBytes(), House.SHARDS), again.partition());
    assertEquals(new String(payload), new String(again.value()));
    assertEquals("1", House.header(again, MappingMark.AGAIN_HEADER));
    assertEquals(null, again.headers().lastHeader(Source.HEADER), "it is its own source: the old one is in effect");
  }

  @Test
  void aLetterThatKafkaRefusesIsLeftAndTheOthersAreMarkedAndACallGoesOnBehindTheOneBefore() throws Exception {
    List<DeadLetter> three = new ArrayList<>();
    for (int n = 0; n < 3; n++)
      three.add(new DeadLetter(new Source(topics.deviceData().id(), 0, n, Source.WHOLE_RECORD), "no-template", "", null,
          Buffer.buffer(new byte[n == 1 ? kafka.maxRecordBytes() : 2]), Instant.EPOCH.plusSeconds(n)));
    Door.await(letters.keep(CALLER, three));
    Replay replay = new Replay(kafka, producer(), letters, House::vitals, new IngestMetrics(new SimpleMeterRegistry()));
    LetterQuery open = new LetterQuery(null, null, null, null, false);

    assertEquals(new Replay.Report(1, 1, false, null),
        Door.await(replay.all(CALLER, Audit.log(), open, three.get(0).source(), "")));
    assertEquals(List.of(2L), newest().stream()
        .filter(letter -> letter.replayed() != null)
        .map(letter -> letter.source().offset())
        .toList());
    assertEquals(new Replay.Report(1, 1, false, null), Door.await(replay.all(CALLER, Audit.log(), open, null, "")));
  }

  @Test
  void aMessageOfFullSizeWithAllTheHeadersThereCanBeBecomesALetterThatKafkaTakes() throws Exception {
    ConsumerRecord<byte[], byte[]> full = new ConsumerRecord<>(kafka.deviceData(), 0, 7, null,
        new byte[kafka.maxMessageBytes()]);
    for (int n = 0; n < 100; n++) full.headers().add(new RecordHeader("\u20ac".repeat(500) + n, new byte[2_000]));
    full.headers().add(new RecordHeader("caregrid-mapping", "ward".getBytes()));

    ProducerRecord<byte[], byte[]> letter = DeadLetterRecord.of(kafka, full, new Source(UUID.randomUUID(), 0, 7, -1),
        "no-template", "\u20ac".repeat(5_000), "\u20ac".repeat(5_000));

    try (KafkaProducer<byte[], byte[]> producer = KafkaClients.normaliser(kafka)) {
      producer.send(letter).get();
    }
    assertEquals("ward", new String(letter.headers().lastHeader("its.caregrid-mapping").value()));
    String detail = new String(letter.headers().lastHeader("detail").value());
    assertTrue(detail.matches("\u20ac+ \\(\\d+ headers not kept, too large or too many\\)"), detail.substring(1_700));
  }

  private IngestProducer producer() {
    IngestProducer producer = new IngestProducer(vertx, kafka, kafka.deviceData(), House.INGEST);
    producer.start();
    Await.until("the producer", producer::isConnected);
    producers.add(producer);
    return producer;
  }

  @Test
  @Tag("full")
  void whileTheDatabaseIsAwayNothingIsLost(@TempDir(factory = Memory.class) Path folder) throws Exception {
    OwnPort port = OwnPort.take();
    LocalPostgres postgres = LocalPostgres.start(folder, port.number());
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 2);
    letters = new DeadLetters(AskAgain.whileBusy(() -> Door.await(Database.open(vertx, database))));
    DeadLetterReader reader = new DeadLetterReader(kafka, letters);
    Door.await(vertx.deployVerticle(reader));
    try {
      postgres.close();
      send(kafka.deadLetters(), letter(0));
      Await.until("the reader to notice", () -> !reader.ready());

      postgres = LocalPostgres.start(folder, port.number());

      Await.until("the dead letter", () -> reader.ready() && newest().size() == 1);
    } finally {
      postgres.close();
      port.close();
    }
  }

  @Test
  void whatIsNoDeadLetterIsSteppedOver() throws Exception {
    send(kafka.deadLetters(), new ProducerRecord<>(kafka.deadLetters(), 0, null, new byte[] {1}));
    ProducerRecord<byte[], byte[]> withoutAValue = new ProducerRecord<>(kafka.deadLetters(), 0, null, new byte[] {1});
    withoutAValue.headers().add("reason", null);
    send(kafka.deadLetters(), withoutAValue);
    ProducerRecord<byte[], byte[]> inNoTime = letter(0);
    inNoTime.headers().add("at", Long.toString(Long.MAX_VALUE).getBytes());
    send(kafka.deadLetters(), inNoTime);
    DeadLetterReader reader = new DeadLetterReader(kafka, letters);
    Door.await(vertx.deployVerticle(reader));
    send(kafka.deadLetters(), letter(0));

    Await.until("the dead letter behind it", () -> newest().size() == 1);
    assertTrue(reader.ready());
  }

  private ProducerRecord<byte[], byte[]> letter(int partition) {
    Source source = new Source(topics.deviceData().id(), 0, 77, 0);
    ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(kafka.deadLetters(), partition, null, new byte[] {2});
    letter.headers()
        .add("source", source.toBytes())
        .add("reason", "test".getBytes())
        .add("detail", "d".getBytes())
        .add("device", "m-1".getBytes())
        .add("at", "0".getBytes());
    return letter;
  }

  /** As if the group had never committed. */
  private void readAgain() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      admin.deleteConsumerGroups(List.of(kafka.group("deadletters"))).all().get();
    }
  }

  private void send(String topic, ProducerRecord<byte[], byte[]> record) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
        Map.of("bootstrap.servers", kafka.bootstrapServers()),
        new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(record).get();
    }
  }

  private List<DeadLetter> newest() {
    try {
      return Door.await(letters.newest(CALLER, 10));
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }
}
