package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.contract.Failure;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.ExportSnapshot;
import io.caregrid.store.Schema;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.SqlConnection;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A configuration whose keys are empty, as Microsoft's sample has them, on nodes that have none either. */
@ExtendWith(Engines.class)
class MadeUpKeysIT {
  /** Its dates move alike in all files, so that this can be seen. */
  static final String EMPTY_KEYS = """
      {"fhirVersion":"R4","processingErrors":"raise","fhirPathRules":[{"path":"nodesByType('Meta')","method":"keep"},
      {"path":"Resource.id","method":"cryptoHash"},{"path":"nodesByType('Reference').reference","method":"cryptoHash"},
      {"path":"nodesByType('dateTime')","method":"dateShift"},{"path":"nodesByType('date')","method":"dateShift"},
      {"path":"Patient.address.city","method":"encrypt"},{"path":"Resource","method":"redact"}],
      "parameters":{"dateShiftKey":"","dateShiftScope":"folder","cryptoHashKey":"","encryptKey":"",
      "enablePartialDatesForRedact":true}}""";
  private static final String NAME = "empty-keys.json";
  private static final String ALL = "[\"cryptoHashKey\",\"dateShiftKey\",\"encryptKey\"]";
  @TempDir
  static Path folder;
  private static DatabaseConfig database;
  private static RuleBooks books;
  private static ExportHouse house;
  private static BulkClient client;

  @BeforeAll
  static void open(LocalPostgres postgres) throws IOException {
    database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
    Path configurations = Files.createDirectories(folder.resolve("books"));
    Files.writeString(configurations.resolve(NAME), EMPTY_KEYS);
    books = new RuleBooks(configurations, Keys.NONE, Clock.systemUTC());
    house = new ExportHouse(database, Place.open(ExportConfig.DEFAULT, LakeConfig.DEFAULT, folder),
        folder.resolve("scratch"), new ExportConfig("", false, Duration.ofMinutes(1), Duration.ofHours(1), 1, 2),
        Duration.ofSeconds(5), books);
    client = house.client("ann");
    house.put("{'resourceType':'Patient','id':'a','birthDate':'1990-03-12','address':[{'city':'Springfield'}]}");
    house.put("{'resourceType':'Encounter','id':'e','status':'finished','class':{'code':'AMB'},"
        + "'subject':{'reference':'Patient/a'},'period':{'start':'2019-07-22T04:15:30+02:00'}}");
  }

  @AfterAll
  static void close() {
    if (house != null) house.close();
  }

  private static JsonNode one(JsonNode manifest, String type) {
    return client.resources(manifest, "output")
        .stream()
        .filter(one -> one.path("resourceType").asText().equals(type))
        .findFirst()
        .orElseThrow();
  }

  private static String madeUp(JsonNode manifest) {
    return manifest.path("extension").path(ExportRoutes.EXTENSION).path("madeUpKeys").toString();
  }

  @Test
  void allFilesOfAnExportGoByTheSameKeysAndNoOtherExportHasItsHashes() {
    String asked = "/fhir/$export?_type=Patient,Encounter&_anonymizationConfig=" + NAME;
    JsonNode first = client.export(asked);
    JsonNode second = client.export(asked);

    JsonNode patient = one(first, "Patient");
    JsonNode encounter = one(first, "Encounter");
    assertEquals(2, first.path("output").size());
    assertEquals("Patient/" + patient.path("id").asText(), encounter.path("subject").path("reference").asText());
    LocalDate born = LocalDate.parse(patient.path("birthDate").asText());
    LocalDate seen = OffsetDateTime.parse(encounter.path("period").path("start").asText()).toLocalDate();
    assertEquals(ChronoUnit.DAYS.between(LocalDate.parse("1990-03-12"), born),
        ChronoUnit.DAYS.between(LocalDate.parse("2019-07-22"), seen));
    assertNotEquals(patient.path("id").asText(), one(second, "Patient").path("id").asText());
    assertEquals(born.toString(), one(second, "Patient").path("birthDate").asText(),
        "who exports often would have the true date in the middle of many");
    assertEquals(ALL, madeUp(first), "whoever reads it knows that its hashes go with no other export's");
  }

  @Test
  void theyStandSealedInItsRowUntilItHasEndedAndNowhereElse() {
    RuleBooks.Chosen chosen = books.chosen(NAME, null, house::secret);
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient,Encounter")), false, false)
        .by(chosen)
        .json();
    Map<String, String> keys = MadeUpKeys.open(house.secret(), chosen.salt(), chosen.madeUp()).orElseThrow().byName();

    UUID id = ExportHouse.get(
        house.jobs.add(ExportSnapshot.asker("ann", "https://issuer.example"), "x", asked, List.of("Patient")));
    HttpResponse<String> ended = client.ended("/fhir/_operations/export/" + id);

    ExportJobs.Job row = ExportHouse.get(house.jobs.find(id));
    assertEquals(200, ended.statusCode(), ended.body());
    assertEquals("", row.asked(), "they are gone");
    assertEquals(3, keys.size());
    String files = client.resources(BulkClient.json(ended.body()), "output").toString();
    for (String key : keys.values())
      assertFalse((asked + row + ended.body() + files + chosen + house.audited).contains(key));
    assertEquals(Optional.empty(), MadeUpKeys.open(house.secret(), "another export", chosen.madeUp()));
    assertEquals(Optional.empty(), MadeUpKeys.open(new byte[32], chosen.salt(), chosen.madeUp()));
  }

  @Test
  void anotherNodeHasTheSameOnesUnlessItHasAKeyOfItsOwn() {
    RuleBooks.Chosen chosen = books.chosen(NAME, null, house::secret);
    RuleBooks other = new RuleBooks(folder.resolve("books"), Keys.NONE, Clock.systemUTC());
    RuleBooks keyed = new RuleBooks(folder.resolve("books"), ExportHouse.KEYS, Clock.systemUTC());

    String here = hashed(books, chosen);

    assertEquals(here, hashed(other, chosen));
    assertTrue(here.matches("[0-9a-f]{64}"), here);
    assertThrows(Failure.Conflict.class, () -> keyed.open(chosen, house::secret));
    assertEquals(List.of("encryptKey"),
        keyed.open(keyed.chosen(NAME, null, house::secret), house::secret).madeUp(), "a node's own come first");
  }

  private static String hashed(RuleBooks books, RuleBooks.Chosen chosen) {
    return books.open(chosen, house::secret)
        .rules()
        .whole(ExportHouse.json("{'resourceType':'Patient','id':'a'}"), Origin.NONE, Duration.ofSeconds(30))
        .resource()
        .path("id")
        .asText();
  }

  @Test
  void whatIsCancelledForgetsThem() {
    UUID id = UUID.randomUUID();
    sql("insert into export_job (id, subject, request, asked, state, held_until) values ('" + id
        + "', 'bob', 'x', '{}', 'open', now() + interval '1 hour')");

    ExportHouse.get(house.jobs.cancel(id));

    ExportJobs.Job row = ExportHouse.get(house.jobs.find(id));
    assertEquals("cancelled", row.state(), "by nobody else: another node has it");
    assertEquals("", row.asked());
  }

  @Test
  void onlyWhatNeedsThemAsksForTheSecretOfTheHouse() {
    sql("create table kept_secret as select * from web_secret");
    sql("delete from web_secret");
    try {
      HttpResponse<String> refused = client.ask("/fhir/$export?_type=Patient&_anonymizationConfig=" + NAME);
      JsonNode plain = client.export("/fhir/$export?_type=Patient");

      assertEquals(503, refused.statusCode(), refused.body());
      assertTrue(refused.body().contains("web_secret"), refused.body());
      assertEquals("1990-03-12", one(plain, "Patient").path("birthDate").asText());
    } finally {
      sql("insert into web_secret select * from kept_secret");
      sql("drop table kept_secret");
    }
    RuleBooks keyed = new RuleBooks(folder.resolve("books"), ExportHouse.KEYS, Clock.systemUTC());
    RuleBooks.Chosen chosen = keyed.chosen(RuleBooks.SAFE_HARBOR, null, MadeUpKeysIT::needless);
    assertEquals(List.of(), keyed.open(chosen, MadeUpKeysIT::needless).madeUp());
  }

  private static byte[] needless() {
    throw new AssertionError("all keys were given");
  }

  @Test
  void whoHasAnotherSecretSaysThatItIsTheSecret() {
    RuleBooks.Chosen chosen = books.chosen(NAME, null, house::secret);

    Failure.Conflict told = assertThrows(Failure.Conflict.class, () -> books.open(chosen, () -> new byte[32]));

    assertTrue(told.getMessage().contains("web_secret"), told.getMessage());
  }

  private static void sql(String statement) {
    SqlConnection connection = ExportHouse.get(PgConnection.connect(house.vertx,
        new PgConnectOptions().setHost(database.host())
            .setPort(database.port())
            .setDatabase(database.database())
            .setUser(database.user())
            .setPassword(database.password())));
    ExportHouse.get(connection.query(statement).execute().eventually(() -> connection.close()));
  }

  @Test
  void safeHarborsOwnIsStillRefusedWithoutAKeyThatSomebodyKeeps() {
    HttpResponse<String> answer = client.ask("/fhir/$export?_anonymizationConfig=" + RuleBooks.SAFE_HARBOR);

    assertEquals(400, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("fhir.deidentify.cryptoHashKey"), answer.body());
  }
}
