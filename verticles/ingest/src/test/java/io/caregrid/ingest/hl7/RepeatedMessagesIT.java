package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Caller;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.ingest.Await;
import io.caregrid.store.Demand;
import io.caregrid.store.Hl7Known;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Schema;
import io.caregrid.store.Step;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What comes again, in another frame or after an upgrade, on a real broker and a real database. */
@ExtendWith(Engines.class)
class RepeatedMessagesIT {
  private House house;

  @BeforeEach
  void open(LocalKafka broker, LocalPostgres postgres) {
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    house = new House(kafka, new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8), House.config());
  }

  @AfterEach
  void close() {
    house.close();
  }

  @Test
  void theSameMessageInAnotherFrameIsStoredOnceAndSoIsOneThatAFormerVersionStored() throws Exception {
    String message = Ward.admitted("n1", "p1", "Berg");
    String before = Ward.admitted("n2", "p2", "Berg").replace("\r", "\r\n");
    Hl7Known former = former(Translation.known(before.getBytes(StandardCharsets.US_ASCII), ""));
    assertEquals(true,
        Await.get(house.store.once(Caller.system("test"), former, List.of(observation("stored-before")))),
        "as it was marked by its bytes");
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(message).contains("MSA|AA|n1\r"));
      assertTrue(sender.ask(message.replace("\r", "\n")).contains("MSA|AA|n1\r"));
      assertTrue(sender.ask(message + "\r\n\r\n").contains("MSA|AA|n1\r"));
      assertTrue(sender.ask(before).contains("MSA|AA|n2\r"));
      assertTrue(sender.ask(Ward.admitted("n3", "p3", "Berg")).contains("MSA|AA|n3\r"));
    }
    assertEquals(200, house.send("POST", "/hl7", "text/plain", message.replace("\r", "\r\n").getBytes()).statusCode());

    Await.until("the repetitions", () -> house.counted(Hl7Metrics.REPEATED) == 4);
    Await.until("the others", () -> house.counted(Hl7Metrics.CONVERTED) == 2);
    assertEquals(3, house.count("Observation"), "n1's, n3's, and the one that was there");
    assertEquals(2, house.count("Patient"));
    assertTrue(house.letters().isEmpty());
  }

  @Test
  void whatAFormerVersionStoredIsTheSameWithOtherLineEnds() throws Exception {
    List<String> ends = List.of("\r", "\r\n", "\n");
    for (String stored : ends) {
      String message = Ward.admitted("m" + ends.indexOf(stored), "p1", "Berg").replace("\r", stored);
      byte[] bytes = message.substring(0, message.length() - stored.length()).getBytes(StandardCharsets.US_ASCII);
      Await.get(house.store.once(Caller.system("test"), former(Translation.known(bytes, "")),
          List.of(observation("stored-before"))));
    }
    try (Sender sender = new Sender(house.port())) {
      for (String end : ends)
        for (int n = 0; n < ends.size(); n++)
          assertTrue(sender.ask(Ward.admitted("m" + n, "p1", "Berg").replace("\r", end)).contains("MSA|AA|m" + n));
    }

    Await.until("the repetitions", () -> house.counted(Hl7Metrics.REPEATED) == 9);
    assertEquals(0, house.counted(Hl7Metrics.CONVERTED));
    assertEquals(0, house.count("Patient"));
  }

  @Test
  void aDeadLetterOfAFormerVersionIsOneLetterWhenItFailsAgainAndNoneWhenItIsStored() throws Exception {
    String message = Ward.admitted("ADT^A99", "u1", "p1", "Berg").replace("\r", "\r\n");
    byte[] bytes = message.getBytes(StandardCharsets.US_ASCII);
    Hl7Known known = Translation.known(bytes, "");
    Await.get(house.messages.keep(Caller.system("test"),
        new Hl7Letter(known.former(), "HIS|WARD", "u1", "ADT^A99", List.of("p1"),
            "TemplateNotFound", "as it was", "{}", Buffer.buffer(bytes), Instant.now(), null, null, 0),
        former(known)));
    long serial = house.letters().get(0).serial();
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(message).contains("MSA|AA|u1\r"));
    }
    Await.until("it to fail again", () -> house.counted(Hl7Metrics.DEAD) == 1);
    assertEquals(List.of(known.id()), house.letters().stream().map(Hl7Letter::id).toList());
    assertEquals(serial, house.letters().get(0).serial(), "it stands where it stood");

    assertEquals(true, Await.get(house.store.once(Caller.system("test"), known, List.of(observation("now-stored")))));
    assertTrue(house.letters().isEmpty());
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(message.replace("\r\n", "\n")).contains("MSA|AA|u1\r"));
    }
    Await.until("it to fail once more", () -> house.counted(Hl7Metrics.DEAD) == 2);
    assertTrue(house.letters().isEmpty(), "what is stored is no dead letter");
  }

  /** Its bytes are the same, and its text is another one. */
  @Test
  void aDeadLetterOfAFormerVersionInOtherCharactersTakesNobodysPlace() throws Exception {
    byte[] bytes = Ward.admitted("ADT^A99", "f1", "p1", "M\u017eik").getBytes("ISO-8859-2");
    Hl7Known known = Translation.known(bytes, "8859/2");
    assertTrue(known.open());
    Await.get(house.messages.keep(Caller.system("test"),
        new Hl7Letter(known.former(), "HIS|WARD", "f1", "ADT^A99", List.of("p1"), "charset", "as it was", "{}",
            Buffer.buffer(bytes), Instant.now(), null, null, 0),
        former(known)));

    assertEquals(200, house.send("POST", "/hl7", "text/plain; charset=iso-8859-2", bytes).statusCode());

    Await.until("it to fail again", () -> house.counted(Hl7Metrics.DEAD) == 1);
    List<Hl7Letter> letters = house.letters();
    assertEquals(List.of(known.id(), known.former()), letters.stream().map(Hl7Letter::id).toList());
    assertEquals("ISO-8859-2", Envelope.read(letters.get(0).envelope()).charset(), "as it was acknowledged");
    assertEquals(true, Await.get(house.store.once(Caller.system("test"), known, List.of(observation("now-stored")))));
    assertTrue(house.letters().isEmpty());
  }

  @Test
  void sentAgainWithTheRightCharactersItIsStoredAndWithTheSameItIsNot() throws Exception {
    byte[] bytes = Ward.admitted("c1", "p1", "M\u017eik").getBytes("ISO-8859-2");
    byte[] others = Ward.admitted("c2", "p2", "M\u017eik").getBytes("ISO-8859-2");
    Await.get(house.store.once(Caller.system("test"), former(Translation.known(others, "8859/2")),
        List.of(observation("stored-before"))));
    for (String charset : List.of("iso-8859-1", "iso-8859-2", "iso-8859-2"))
      assertEquals(200, house.send("POST", "/hl7", "text/plain; charset=" + charset, bytes).statusCode());
    assertEquals(200, house.send("POST", "/hl7", "text/plain; charset=iso-8859-2", others).statusCode());

    Await.until("the repetitions", () -> house.counted(Hl7Metrics.REPEATED) == 2);
    assertEquals(2, house.counted(Hl7Metrics.CONVERTED), "what a former version stored is known by its bytes");
    String patient = house.find("Patient", "identifier", "urn:ward|p1").entries().get(0).body().toString();
    assertTrue(patient.contains("M\u017eik"), patient);
  }

  /** As a former version knew it. */
  private static Hl7Known former(Hl7Known known) {
    return new Hl7Known(known.former() == null ? known.id() : known.former(), null, List.of(), false);
  }

  private static Step.Update observation(String id) throws Exception {
    return new Step.Update(null, "Observation", id, null, (ObjectNode) new ObjectMapper().readTree("{\"resourceType\":"
        + "\"Observation\",\"id\":\"" + id + "\",\"status\":\"final\",\"code\":{\"text\":\"x\"}}"), Demand.NONE);
  }
}
