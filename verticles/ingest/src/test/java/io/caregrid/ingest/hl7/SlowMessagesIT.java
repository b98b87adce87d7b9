package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.ingest.Await;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Schema;
import io.caregrid.templates.bundle.Conversion;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.bundle.Outcome;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Limits;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What takes too long ends as a dead letter, and what stands behind it is stored. On a real broker and a real database. */
@ExtendWith(Engines.class)
class SlowMessagesIT {
  private static final Duration CONVERTING = Duration.ofMillis(300);
  private static final Storing.Patience HASTY = new Storing.Patience(Duration.ofSeconds(1), Duration.ofMillis(50),
      Duration.ofMillis(100));
  private static final String ENDLESS = "{% for i in (1..100000) %}{% for j in (1..100000) %}{% endfor %}{% endfor %}";
  private static final Conversion SLOW = Conversion.of(Kind.HL7V2, Map.of("ADT_A01.liquid", ENDLESS),
      new Limits(100_000, CONVERTING, 1 << 20, 10), ZoneOffset.UTC, Clock.systemUTC());
  private House house;
  private DatabaseConfig at;

  @BeforeEach
  void open(LocalKafka broker, LocalPostgres postgres) {
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    at = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    house = new House(kafka, at, House.config(),
        Hl7Verticle.Meaning.of(SlowMessagesIT::convert, Ward::check), HASTY);
  }

  @AfterEach
  void close() {
    house.close();
  }

  private static Outcome convert(String message) {
    return message.contains("|endless|") ? SLOW.convert(message, "ADT_A01") : Ward.convert(message);
  }

  @Test
  void whatTakesTheDatabaseTooLongAndWhatTemplatesDoNotEndWithAreDeadAndTheNextOneIsStored() throws Exception {
    String slow = Ward.admitted("slow", "p1", "Berg");
    String id = Translation.known(slow.getBytes(StandardCharsets.US_ASCII), "").id();
    sql("""
        create function too_long() returns trigger language plpgsql as $$
        begin
          perform pg_sleep(1.2);
          raise exception 'canceling statement due to statement timeout' using errcode = '57014';
        end $$;
        create trigger too_long before insert on hl7_done for each row when (new.id = '\\x%s') execute function too_long()"""
        .formatted(id));
    try (Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(slow).contains("MSA|AA|slow\r"));
      assertTrue(sender.ask(Ward.admitted("endless", "p2", "Berg")).contains("MSA|AA|endless\r"));
      assertTrue(sender.ask(Ward.admitted("next", "p3", "Berg")).contains("MSA|AA|next\r"));
    }

    Await.until("the next one", () -> house.counted(Hl7Metrics.CONVERTED) == 1);

    assertEquals(List.of(ErrorCode.TIMEOUT_ERROR.name + " endless", Storing.TOO_SLOW + " slow"),
        house.letters().stream().map(letter -> letter.reason() + " " + letter.controlId()).toList());
    Hl7Letter letter = house.letters().get(1);
    assertEquals("storing it was tried 4 times and took longer than the database lets one transaction take",
        letter.detail());
    assertTrue(house.counted(Hl7Metrics.RETRIES) >= 3, "four tries, and those when the database was slow with others");
    assertEquals(1, house.count("Patient"), "nothing of what was too slow");

    sql("drop trigger too_long on hl7_done");
    assertEquals("{\"replayed\":1}",
        house.send("POST", "/hl7/dead-letters/" + letter.id() + "/replay", null, null).body());
    Await.until("it to be stored after all", () -> house.counted(Hl7Metrics.CONVERTED) == 2);
    assertEquals(2, house.count("Patient"));
    assertEquals(1, house.letters().size());
  }

  private void sql(String statements) {
    PgConnection connection = Await.get(PgConnection.connect(house.vertx, new PgConnectOptions().setHost(at.host())
        .setPort(at.port())
        .setDatabase(at.database())
        .setUser(at.user())
        .setPassword(at.password())));
    Await.get(connection.query(statements).execute());
    Await.get(connection.close());
  }
}
