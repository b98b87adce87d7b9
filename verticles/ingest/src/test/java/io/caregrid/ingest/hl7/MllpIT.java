package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.v25.message.ACK;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.ingest.Await;
import io.caregrid.ingest.IngestProducer;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Schema;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** From a sender's connection into the store, on a real broker and a real database. */
@ExtendWith(Engines.class)
class MllpIT {
  private static final String ER7 = "x-application/hl7-v2+er7";
  private KafkaConfig kafka;
  private DatabaseConfig database;
  private House house;

  @BeforeEach
  void open(LocalKafka broker, LocalPostgres postgres) {
    kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    house = new House(kafka, database, House.config());
  }

  @AfterEach
  void close() {
    house.close();
  }

  private String family(String patient) {
    var found = house.find("Patient", "identifier", "urn:ward|" + patient).entries();
    return found.isEmpty()
        ? null
        : new JsonObject(found.get(0).body()).getJsonArray("name")
            .getJsonObject(0)
            .getString("family");
  }

  private HttpResponse<String> post(String path) throws Exception {
    return house.send("POST", path, null, null);
  }

  private JsonObject letters(String query) throws Exception {
    HttpResponse<String> answer = house.send("GET", "/hl7/dead-letters" + query, null, null);
    assertEquals(200, answer.statusCode(), answer.body());
    return new JsonObject(answer.body());
  }

  @Test
  void aForeignSendersAdmissionIsAcknowledgedAndStoredAsItsSender() throws Exception {
    try (DefaultHapiContext hapi = new DefaultHapiContext()) {
      hapi.setValidationContext(ValidationContextFactory.noValidation());
      Connection connection = hapi.newClient("127.0.0.1", house.port(), false);
      Message message = hapi.getPipeParser().parse(Ward.admitted("HAPI-1", "p1", "Keller"));

      ACK answer = (ACK) connection.getInitiator().sendAndReceive(message);

      assertEquals("AA", answer.getMSA().getAcknowledgmentCode().getValue());
      assertEquals("HAPI-1", answer.getMSA().getMessageControlID().getValue());
      assertEquals("ACK^A01^ACK", answer.getMSH().getMessageType().encode());
      connection.close();
    }
    Await.until("the patient", () -> house.count("Observation") == 1);
    assertEquals("Keller", family("p1"));
    Await.until("the trail", () -> house.audited.stream()
        .anyMatch(entry -> entry.caller().subject().equals("hl7:HIS|WARD@127.0.0.1")
            && entry.caller().roles().contains("FHIR Data Writer")));
  }

  @Test
  void whatOneSenderSendsIsStoredInItsOrderAndWhatItSendsTwiceOnce() throws Exception {
    try (Sender sender = new Sender(house.port())) {
      StringBuilder burst = new StringBuilder();
      for (int n = 1; n <= 40; n++)
        burst.append('\u000b').append(Ward.admitted("o" + n, "p1", "Name" + n)).append("\u001c\r");
      sender.write(burst.toString().getBytes(StandardCharsets.US_ASCII));
      for (int n = 1; n <= 40; n++) assertTrue(sender.answer().contains("MSA|AA|o" + n + "\r"));
      Await.until("all of them", () -> house.counted(Hl7Metrics.CONVERTED) == 40);
      assertEquals("Name40", family("p1"));

      assertTrue(sender.ask(Ward.admitted("o7", "p1", "Name7")).contains("MSA|AA|o7\r"));

      Await.until("the repetition", () -> house.counted(Hl7Metrics.REPEATED) == 1);
    }
    assertEquals("Name40", family("p1"), "an old message that comes again changes nothing");
    String again = "urn:sha256:" + Translation.known(Ward.admitted("o7", "p1", "Name7").getBytes(), "").id();
    assertEquals(1, house.audited.stream().filter(entry -> entry.what().contains(again)).count());
    assertEquals(40, house.count("Observation"));
    var versions = house.find("Patient", "identifier", "urn:ward|p1").entries();
    assertEquals(40, versions.get(0).version());
  }

  @Test
  void whatCannotBeUsedIsADeadLetterUntilItIsTriedAgainWithMendedTemplates() throws Exception {
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(Ward.admitted("ADT^A99", "d1", "p1", "Berg")).contains("MSA|AA|d1\r"));
      assertTrue(sender.ask(Ward.admitted("d2", "p2", "Error")).contains("MSA|AA|d2\r"));
      assertTrue(sender.ask(Ward.admitted("d3", "p3", "Berg")).contains("MSA|AA|d3\r"));
    }
    Await.until("what stands behind them", () -> house.count("Observation") == 1 && house.letters().size() == 2);

    JsonObject first = letters("?control-id=d1").getJsonArray("letters").getJsonObject(0);

    assertEquals("TemplateNotFound", first.getString("reason"));
    assertEquals("HIS|WARD", first.getString("sender"));
    assertEquals("[\"p1\"]", first.getJsonArray("patients").toString());
    assertEquals(1, letters("?reason=not-fhir").getJsonArray("letters").size());
    JsonObject page = letters("?_count=1");
    assertEquals(1, letters("?_count=1&_after=" + page.getString("next")).getJsonArray("letters").size());
    assertEquals(400, house.send("GET", "/hl7/dead-letters?_after=x", null, null).statusCode());
    String whole = house.send("GET", "/hl7/dead-letters/" + first.getString("id"), null, null).body();
    assertEquals(Ward.admitted("ADT^A99", "d1", "p1", "Berg"), new JsonObject(whole).getString("message"));
    assertEquals(400, post("/hl7/dead-letters/replay").statusCode(), "all of them only for who says so");

    assertEquals(new JsonObject().put("replayed", 1).toString(),
        post("/hl7/dead-letters/" + first.getString("id") + "/replay").body());
    Await.until("it to fail again", () -> house.counted(Hl7Metrics.DEAD) == 3);
    assertTrue(letters("?control-id=d1").getJsonArray("letters").getJsonObject(0).containsKey("replayed"));

    house.close();
    house = new House(kafka, database, House.config(),
        Hl7Verticle.Meaning.of(text -> Ward.TEMPLATES.convert(text, "ADT_A01"), resource -> List.of()));
    assertEquals(new JsonObject().put("replayed", 2).toString(), post("/hl7/dead-letters/replay?all=true").body());

    Await.until("both of them", () -> house.count("Observation") == 3);
    Await.until("no dead letter", () -> house.letters().isEmpty());
  }

  @Test
  void whatOneBatchBroughtIsTriedAgainInItsOrder() throws Exception {
    StringBuilder batch = new StringBuilder();
    for (int n = 1; n <= 8; n++) batch.append(Ward.admitted("ADT^A99", "r" + n, "p1", "Name" + n));
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(batch.toString()).contains("8 of 8 messages are kept"));
    }
    Await.until("all of them", () -> house.letters().size() == 8);
    house.close();
    house = new House(kafka, database, House.config(),
        Hl7Verticle.Meaning.of(text -> Ward.TEMPLATES.convert(text, "ADT_A01"), resource -> List.of()));

    assertEquals("{\"replayed\":8}", post("/hl7/dead-letters/replay?patient=p1").body());

    Await.until("no dead letter", () -> house.letters().isEmpty());
    assertEquals("Name8", family("p1"));
    assertEquals(8, house.find("Patient").entries().get(0).version());
  }

  @Test
  void whatOthersWroteIntoTheTopicIsADeadLetterAndHoldsUpNothing() throws Exception {
    byte[] key = "mllp:127.0.0.1".getBytes();
    IngestProducer foreign = new IngestProducer(house.vertx, kafka, kafka.hl7(), House.INGEST);
    foreign.start();
    Await.until("the broker", foreign::isConnected);
    Await.get(foreign.send(key, List.of(new RecordHeader(Intake.ENVELOPE, null)), List.of("f1".getBytes())));
    Await.get(foreign.send(key, List.of(new RecordHeader(Intake.ENVELOPE, "a\0b".getBytes())),
        List.of("f2".getBytes())));
    Await.get(foreign.send(key, List.of(), List.of("f3".getBytes())));
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(Ward.admitted("f4", "p4", "Berg")).contains("MSA|AA|f4\r"));
    }

    Await.until("what stands behind them", () -> house.count("Patient") == 1);
    assertEquals(List.of("no-envelope", "no-envelope", "no-envelope"),
        house.letters().stream().map(Hl7Letter::reason).toList());
    Await.get(foreign.close());
  }

  @Test
  void onePatientsDeadLettersCanBeRemoved() throws Exception {
    try (Sender sender = new Sender(house.port())) {
      sender.ask(Ward.admitted("ADT^A99", "e1", "p1~p9", "Berg"));
      sender.ask(Ward.admitted("ADT^A99", "e2", "p2^^^W", "Berg"));
    }
    Await.until("both of them", () -> house.letters().size() == 2);

    assertEquals("{\"removed\":1}", house.send("DELETE", "/hl7/dead-letters?patient=p2", null, null).body());

    assertEquals(List.of("e1"), house.letters().stream().map(Hl7Letter::controlId).toList());
    assertEquals(1, letters("?patient=p9").getJsonArray("letters").size());
    assertEquals(400, house.send("DELETE", "/hl7/dead-letters", null, null).statusCode());
    assertEquals(400, house.send("DELETE", "/hl7/dead-letters?patientt=p1", null, null).statusCode());
    assertEquals(404, house.send("GET", "/hl7/dead-letters/" + "0".repeat(64), null, null).statusCode());
  }

  @Test
  void whatIsWrongIsAnsweredWithItsReasonAndNotKept() throws Exception {
    String good = Ward.admitted("w", "p1", "Berg");
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask("hello").contains("MSA|AR||it does not begin"));
      assertTrue(sender.ask("MSH|^^\\&|A|B|C|D|||ADT^A01|1|P|2.5\r").contains("MSA|AR|"));
      assertTrue(sender.ask(good.replace("|P|2.5", "|T|2.5")).contains("ERR||MSH^1^11|202^Unsupported processing id"));
      assertTrue(sender.ask(good.replace("|P|2.5", "|P|3.0")).contains("ERR||MSH^1^12|203^Unsupported version id"));
      assertTrue(sender.ask(good.replace("|w|", "||")).contains("MSA|AE||MSH-10 is empty"));
      assertTrue(sender.ask(good.replace("ADT^A01^ADT_A01", "")).contains("ERR||MSH^1^9|101^"));
      assertTrue(sender.ask(good.replace("|P|2.5", "|P|2.5||||||UNICODE UTF-16")).contains("ERR||MSH^1^18|103^"));
      assertTrue(sender.ask(good.replace("Berg", "M\u00fcller"))
          .contains("MSA|AE|w|some bytes are no characters of US-ASCII"));
      assertTrue(
          sender.ask(good.replace("|P|2.5", "|P|2.5|||AL|NE").replace("|P|2.5", "|D|2.5")).contains("MSA|CR|w|"));
      assertTrue(sender.ask(good.replace("|P|2.5", "|P|2.5|||AL|NE")).contains("MSA|CA|w\r"));
      sender.frame(good.replace("|P|2.5", "|P|2.5|||NE|NE").replace("|w|", "|quiet|"));
      assertTrue(sender.ask(good.replace("|w|", "|last|")).contains("MSA|AA|last\r"));
    }
    Await.until("those that are kept", () -> house.counted(Hl7Metrics.CONVERTED) == 3);
    assertEquals(9, house.counted(Hl7Metrics.REFUSED));
    assertTrue(house.letters().isEmpty());
  }

  @Test
  void charactersAreThoseOfMsh18() throws Exception {
    String named = Ward.admitted("c1", "p1", "M\u00fcller-\u0141").replace("|P|2.5\r", "|P|2.5||||||UNICODE UTF-8\r");
    String latin = Ward.admitted("c2", "p2", "M\u00fcller").replace("|P|2.5\r", "|P|2.5||||||8859/1\r");
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(named).contains("||||||UNICODE UTF-8\rMSA|AA|c1"));
      assertTrue(sender.frame(latin, StandardCharsets.ISO_8859_1).answer().contains("||||||8859/1\rMSA|AA|c2"));
    }
    Await.until("both of them", () -> house.count("Patient") == 2);
    assertEquals("M\u00fcller-\u0141", family("p1"));
    assertEquals("M\u00fcller", family("p2"));
  }

  @Test
  @Tag("full")
  void tenMegabytesAreOneMessageAndMoreThanAreTakenAreRefusedAndTheConnectionGoesOn() throws Exception {
    String pdf = "JVBERi0".repeat(1_500_000);
    try (Sender sender = new Sender(house.port())) {
      String large = Ward.admitted("l1", "p1", "Berg") + "OBX|1|ED|PDF||^application^pdf^Base64^" + pdf + "\r";
      assertTrue(sender.ask(large).contains("MSA|AA|l1\r"));
      String tooLarge = Ward.admitted("l2", "p2", "Berg") + "OBX|1|ED|PDF||" + pdf + pdf + "\r";
      assertTrue(sender.ask(tooLarge).contains("MSA|AE|l2|not kept: it is larger than 16777216 bytes"));
      assertTrue(sender.ask(Ward.admitted("l3", "p3", "Berg")).contains("MSA|AA|l3\r"));
    }
    Await.until("both of them", () -> house.count("Patient") == 2);
  }

  @Test
  @Tag("full")
  void manySendersAtOnceAreAllStored() throws Exception {
    int senders = 20;
    int each = 15;
    ExecutorService threads = Executors.newFixedThreadPool(senders);
    try {
      List<Callable<Integer>> work = new ArrayList<>();
      for (int s = 0; s < senders; s++) {
        int own = s;
        work.add(() -> {
          int accepted = 0;
          try (Sender sender = new Sender(house.port())) {
            for (int n = 0; n < each; n++)
              if (sender.ask(Ward.admitted("m" + own + "-" + n, "p" + own, "N" + n))
                  .contains("MSA|AA|m" + own + "-" + n))
                accepted++;
          }
          return accepted;
        });
      }
      for (Future<Integer> done : threads.invokeAll(work)) assertEquals(each, done.get());
    } finally {
      threads.shutdownNow();
    }
    Await.until("all of them", () -> house.counted(Hl7Metrics.CONVERTED) == senders * each);
    for (int s = 0; s < senders; s++) assertEquals("N" + (each - 1), family("p" + s));
    assertEquals(senders * each, house.count("Observation"));
  }

  @Test
  void aBatchIsTakenApartAndItsAnswerNamesWhatIsNotKept() throws Exception {
    String batch = "FHS|^~\\&|HIS|WARD|||20261120||||F1\rBHS|^~\\&|HIS|WARD|CG|CG|20261120||||B1\r"
        + Ward.admitted("b1", "p1", "Berg") + Ward.admitted("b2", "p2", "Berg").replace("|P|", "|T|")
        + Ward.admitted("b3", "p3", "Berg") + "BTS|3\rFTS|1\r";
    try (Sender sender = new Sender(house.port())) {
      String answer = sender.ask(batch);

      assertTrue(answer.contains("MSA|AE|F1|2 of 3 messages are kept\r"), answer);
      assertTrue(answer.contains("message 2 (control id b2): MSH-11 is none"), answer);
    }
    Await.until("the others", () -> house.count("Patient") == 2);
    HttpResponse<String> again = house.send("POST", "/hl7", ER7, batch.replace("|T|", "|P|").getBytes());
    assertEquals(200, again.statusCode());
    assertTrue(again.body().contains("MSA|AA|F1|3 of 3 messages are kept\r"), again.body());
    Await.until("the third one", () -> house.count("Patient") == 3);
    assertEquals(3, house.count("Observation"), "those that were kept already change nothing");
  }

  @Test
  void byHttpTheSameAcknowledgmentComesWithAStatus() throws Exception {
    String message = Ward.admitted("h1", "p1", "M\u00fcller");
    HttpResponse<String> answer = house.send("POST", "/hl7", "text/plain; charset=utf-8",
        message.replace('\r', '\n').getBytes(StandardCharsets.UTF_8));
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("MSA|AA|h1\r"), answer.body());
    assertEquals("text/plain; charset=utf-8", answer.headers().firstValue("Content-Type").orElse(""));
    Await.until("the patient", () -> "M\u00fcller".equals(family("p1")));

    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    assertEquals(500, house.send("POST", "/hl7", ER7, bytes).statusCode(), "no ASCII, and nothing says what else");
    assertEquals(400, house.send("POST", "/hl7", ER7, "hello".getBytes()).statusCode());
    assertEquals(415, house.send("POST", "/hl7", "application/json", bytes).statusCode());
    assertEquals(415, house.send("POST", "/hl7", "text/plain; charset=utf-16", bytes).statusCode());
    assertEquals(413, house.send("POST", "/hl7", ER7, new byte[17 << 20]).statusCode());
    Await.until("it to be in the trail as of who sent it",
        () -> house.audited.stream().anyMatch(entry -> entry.caller().subject().equals("local")));
  }

  @Test
  @Tag("full")
  void whoIsSilentOrSlowIsDisconnectedAndOthersAreNot() throws Exception {
    house.close();
    house = new House(kafka, database, House.config(Duration.ofSeconds(15), 3, TlsConfig.NONE));
    try (Sender silent = new Sender(house.port());
        Sender half = new Sender(house.port());
        Sender good = new Sender(house.port())) {
      half.write("\u000bMSH|^~\\&|HIS".getBytes());
      Await.until("three of them", () -> house.meters.get(Hl7Metrics.CONNECTIONS).gauge().value() == 3);
      try (Sender fourth = new Sender(house.port())) {
        assertNull(fourth.answer(), "more than hl7.connections");
      }
      AtomicInteger sent = new AtomicInteger();
      Await.until("the silent and the slow one are gone", () -> {
        assertTrue(asked(good, "s" + sent.getAndIncrement()).contains("MSA|AA|"));
        return house.meters.get(Hl7Metrics.CONNECTIONS).gauge().value() == 1;
      });
      assertNull(silent.answer());
      assertNull(half.answer());
    }
  }

  private static String asked(Sender sender, String control) {
    try {
      return sender.ask(Ward.admitted(control, "p1", "Berg"));
    } catch (IOException cut) {
      throw new UncheckedIOException(cut);
    }
  }
}
