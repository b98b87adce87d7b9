package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.ExportSnapshot;
import io.caregrid.store.Schema;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What leaves by {@code $export} with {@code _anonymizationConfig}, over HTTP, out of a real store: in no file is anything that tells who it was. */
@ExtendWith(Engines.class)
class DeidentifiedExportIT {
  private static final String HARBOR = "_anonymizationConfig=" + RuleBooks.SAFE_HARBOR;
  /** What tells who they are, of the two people below; ids first. */
  private static final List<String> WHO = List.of("5cbc121b-pat", "f1a9-obs", "0d7e-enc", "9c4b-prac", "77aa-org",
      "Gutierrez115", "Mariana775", "Otero621", "Jacinto644", "Kris249", "S69907641", "999-12-6544", "X26336861X",
      "555-388-1234", "1956-03-12", "1956-03", "42.27", "871 Wisoky", "Springfield", "01103", "mariana@example",
      "2019-07-22", "04:15:30", "Mrs.", "Dr. Adele", "Cooley", "grew up beside");
  @TempDir
  static Path folder;
  private static Path books;
  private static ExportHouse house;
  private static BulkClient client;

  @BeforeAll
  static void open(LocalPostgres postgres) throws IOException {
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    books = Files.createDirectories(folder.resolve("books"));
    house = new ExportHouse(database, Place.open(ExportConfig.DEFAULT, LakeConfig.DEFAULT, folder),
        folder.resolve("scratch"), new ExportConfig("", false, Duration.ofMinutes(1), Duration.ofHours(1), 1, 2),
        Duration.ofSeconds(5), new RuleBooks(books, ExportHouse.KEYS, Clock.systemUTC()));
    client = house.client("ann");
    house.put("""
        {'resourceType':'Patient','id':'5cbc121b-pat','text':{'status':'generated',
        'div':'<div xmlns=\\"http://www.w3.org/1999/xhtml\\">Mariana775 Gutierrez115</div>'},
        'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName','valueString':'Otero621'}],
        'identifier':[{'type':{'text':'Medical Record Number'},'system':'http://hospital.smarthealthit.org','value':'S69907641'},
        {'system':'http://hl7.org/fhir/sid/us-ssn','value':'999-12-6544'},
        {'system':'http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber','value':'X26336861X'}],
        'name':[{'use':'official','family':'Gutierrez115','given':['Mariana775'],'prefix':['Mrs.']},{'family':'Otero621'}],
        'telecom':[{'system':'phone','value':'555-388-1234'},{'system':'email','value':'mariana@example.org'}],
        'gender':'female','birthDate':'1956-03-12','address':[{'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/geolocation',
        'extension':[{'url':'latitude','valueDecimal':42.27}]}],'line':['871 Wisoky Trace'],'city':'Springfield','state':'MA',
        'postalCode':'01103','country':'US'}],'contact':[{'name':{'family':'Jacinto644'}}],
        'generalPractitioner':[{'reference':'Practitioner/9c4b-prac','display':'Dr. Adele111 Cooley'}]}""");
    house.put(
        """
        {'resourceType':'Practitioner','id':'9c4b-prac','name':[{'family':'Cooley','given':['Adele111'],'prefix':['Dr.']}]}""");
    house.put(
        """
        {'resourceType':'Organization','id':'77aa-org','name':'Cooley Dickinson','telecom':[{'system':'phone','value':'555-388-1234'}]}""");
    house.put("""
        {'resourceType':'Encounter','id':'0d7e-enc','status':'finished','class':{'system':'http://terminology.hl7.org/CodeSystem/v3-ActCode',
        'code':'AMB'},'subject':{'reference':'Patient/5cbc121b-pat','display':'Mrs. Mariana775 Gutierrez115'},
        'period':{'start':'2019-07-22T04:15:30+02:00'},'serviceProvider':{'reference':'Organization/77aa-org'}}""");
    house.put("""
        {'resourceType':'Observation','id':'f1a9-obs','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8867-4'}],
        'text':'of Kris249'},'subject':{'reference':'Patient/5cbc121b-pat'},'encounter':{'reference':'Encounter/0d7e-enc'},
        'effectiveDateTime':'2019-07-22T04:15:30+02:00','issued':'2019-07-22T04:15:30.123+02:00','valueQuantity':{'value':72.50,'unit':'/min'},
        'note':[{'text':'grew up beside the river'}]}""");
    house.put(
        """
        {'resourceType':'Group','id':'cohort','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/5cbc121b-pat'}}]}""");
  }

  @AfterAll
  static void close() {
    if (house != null) house.close();
  }

  /** Every line of every file of a manifest, and the manifest without its own addresses. */
  private static String all(JsonNode manifest) {
    StringBuilder all = new StringBuilder(manifest.path("extension").toString());
    for (String list : List.of("output", "deleted", "error"))
      client.resources(manifest, list).forEach(line -> all.append('\n').append(line));
    return all.toString();
  }

  private static void assertNobody(String text) {
    for (String one : WHO) assertFalse(text.contains(one), () -> one + " is in " + text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/fhir/$export?", "/fhir/Patient/$export?", "/fhir/Group/cohort/$export?",
    "/fhir/$export?_outputFormat=ndjson&_type=Patient,Observation,Encounter&",
    "/fhir/$export?_type=Patient,Observation,Encounter&_elements=subject,name,birthDate,encounter&",
    "/fhir/$export?_type=Observation,Patient,Encounter&_typeFilter=Patient%3Ffamily%3DGutierrez115&"})
  void nothingThatTellsWhoItIsIsInAnyFileAndReferencesHold(String asked) {
    JsonNode manifest = client.export(asked + HARBOR);

    assertNobody(all(manifest));
    List<String> names = client.names(manifest);
    JsonNode observation = client.resources(manifest, "output")
        .stream()
        .filter(one -> one.path("resourceType").asText().equals("Observation"))
        .findFirst()
        .orElseThrow();
    String subject = observation.path("subject").path("reference").asText();
    assertTrue(names.contains(subject) && subject.matches("Patient/[0-9a-f]{64}"), subject + " " + names);
    assertTrue(names.contains(observation.path("encounter").path("reference").asText()), names.toString());
  }

  @Test
  void whatStaysIsWhatResearchAsksForAndTheManifestTellsWhatWasChanged() {
    JsonNode manifest = client.export("/fhir/$export?_type=Observation,Patient&" + HARBOR);

    List<JsonNode> all = client.resources(manifest, "output");
    JsonNode observation = all.get(0);
    assertEquals("8867-4", observation.path("code").path("coding").path(0).path("code").asText());
    assertEquals("2019", observation.path("effectiveDateTime").asText());
    assertTrue(observation.path("meta").path("security").size() > 0, observation.toString());
    JsonNode patient = all.get(1);
    assertEquals("1956 female 01100",
        patient.path("birthDate").asText() + " " + patient.path("gender").asText() + " "
            + patient.path("address").path(0).path("postalCode").asText());
    JsonNode told = manifest.path("extension").path(ExportRoutes.EXTENSION);
    assertEquals(RuleBooks.SAFE_HARBOR, told.path("configuration").asText());
    assertEquals(all.size(), told.path("resources").asInt());
    assertEquals(0, told.path("leftOut").asInt());
    assertTrue(told.path("changed").size() > 3, told.toString());
    for (JsonNode rule : told.path("changed")) {
      assertTrue(rule.path("count").asLong() > 0 && rule.path("rule").asInt() > 0, rule.toString());
      assertFalse(rule.path("method").asText().isEmpty() || rule.path("path").asText().isEmpty(), rule.toString());
    }
    assertTrue(client.export("/fhir/$export?_type=Observation").path("extension").isMissingNode());
  }

  @Test
  void decimalsKeepTheirDigits() {
    JsonNode manifest = client.export("/fhir/$export?_type=Observation&" + HARBOR);

    String file = client.send(client.request(manifest.path("output").path(0).path("url").asText())).body();

    assertTrue(file.contains("\"value\":72.50"), file);
  }

  @Test
  void whatIsGoneIsCalledAsItWasCalledBefore() {
    house.put("{'resourceType':'Basic','id':'secret-basic','code':{'text':'x'}}");
    String before = client.names(client.export("/fhir/$export?_type=Basic&" + HARBOR)).get(0);
    Instant since = house.put("{'resourceType':'Basic','id':'other','code':{'text':'x'}}").updated();
    while (!Instant.now().isAfter(since.plusMillis(2))) Thread.onSpinWait();
    house.delete("Basic", "secret-basic");

    JsonNode manifest = client.export("/fhir/$export?_type=Basic&_since=" + since + "&" + HARBOR);

    assertFalse(all(manifest).contains("secret-basic"), all(manifest));
    assertEquals(before,
        client.resources(manifest, "deleted").get(0).path("entry").path(0).path("request").path("url").asText());
    Instant now = house.put("{'resourceType':'Basic','id':'third','code':{'text':'x'}}").updated();
    house.delete("Basic", "other");
    book("no-ids.json", "{\"fhirPathRules\":[{\"path\":\"Resource\",\"method\":\"redact\"}]}");
    JsonNode nameless = client.export("/fhir/$export?_type=Basic&_since=" + now.minusMillis(1)
        + "&_anonymizationConfig=no-ids.json");
    assertEquals(0, nameless.path("deleted").size());
    assertTrue(all(nameless).contains("1 left out"), all(nameless));
    book("conditional.json",
        "{\"fhirPathRules\":[{\"path\":\"Basic.where(code.exists()).id\",\"method\":\"cryptoHash\"}]}");
    JsonNode conditional = client.export("/fhir/$export?_type=Basic&_since=" + now.minusMillis(1)
        + "&_anonymizationConfig=conditional.json");
    assertEquals(0, conditional.path("deleted").size(), "its bare id met no rule");
    assertTrue(all(conditional).contains("1 left out"), all(conditional));
    book("deletion-fails.json",
        "{\"fhirPathRules\":[{\"path\":\"Basic.where(code.empty()).id\",\"method\":\"generalize\","
            + "\"cases\":{\"$this > 5\":\"'x'\"}},{\"path\":\"Basic.id\",\"method\":\"cryptoHash\"}]}");
    HttpResponse<String> fails = client.ended(BulkClient.job(client.ask("/fhir/$export?_type=Basic&_since="
        + now.minusMillis(1) + "&_anonymizationConfig=deletion-fails.json")));
    assertEquals(422, fails.statusCode(), fails.body());
  }

  private static void book(String name, String text) {
    try {
      Files.writeString(books.resolve(name), text);
    } catch (IOException failed) {
      throw new IllegalStateException(failed);
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "_anonymizationConfig=|is empty",
    "_anonymizationConfig=none.json|there is no configuration none.json",
    "_anonymizationConfig=..%2Fsecret.json|the name of a file",
    "_anonymizationConfig=.hidden|the name of a file",
    "_anonymizationConfig=a.json&_anonymizationConfig=b.json|may stand there once",
    "_anonymizationConfig=broken.json|broken.json has errors",
    "_anonymizationConfig=no-json.json|no-json.json has errors, which this server's log describes: line 1, column",
    "_anonymizationConfig=settings.yaml|ends with .json",
    "_anonymizationConfigEtag=x|needs _anonymizationConfig",
    "_anonymizationConfig=safe-harbor-r4.json&_anonymizationConfigEtag=0x8D92A7342657F4F|SHA-256",
    "_anonymizationConfigCollectionReference=registry/image:1&_anonymizationConfig=safe-harbor-r4.json|is not supported",
    "_anonymizationConfigCollectionReference=registry/image:1&_anonymizationConfigEtag=x|exclude each other",
    "_anonymisationConfig=safe-harbor-r4.json|it is _anonymizationConfig",
    "deidentify=true|it is _anonymizationConfig"})
  void whatIsWrongIsSaidAtTheKickOffHoweverLenientTheClientIs(String asked, String why) {
    book("broken.json", "{\"fhirVersion\":\"R4\"}");
    book("no-json.json", "hunter22: a");
    book("settings.yaml", "hunter22: a");

    HttpResponse<String> answer = client.ask("/fhir/$export?_type=Patient&" + asked, "handling=lenient");

    assertEquals(400, answer.statusCode(), answer.body());
    assertEquals("OperationOutcome", BulkClient.json(answer.body()).path("resourceType").asText());
    assertTrue(answer.body().contains(why), answer.body());
    assertFalse(answer.body().contains("hunter"), answer.body());
  }

  @Test
  void aConfigurationIsTheOneThatItsEtagSays() throws Exception {
    String text = "{\"fhirPathRules\":[{\"path\":\"Resource\",\"method\":\"redact\"}]}";
    book("mine.json", text);
    String tag = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes("UTF-8")));
    String asked = "/fhir/$export?_type=Patient&_container=research&_anonymizationConfig=mine.json&_anonymizationConfigEtag=";

    for (String one : List.of(tag, "%22" + tag + "%22", "W/%22" + tag.toUpperCase(Locale.ROOT) + "%22")) {
      JsonNode manifest = client.export(asked + one);
      assertNobody(all(manifest));
      assertTrue(all(manifest).contains("_container"), "what it says of _container: " + all(manifest));
    }
    book("mine.json", text + " ");
    assertEquals(400, client.ask(asked + tag).statusCode());
  }

  /** On another node, or when somebody has changed it between the kick-off and the next one's turn. */
  @ParameterizedTest
  @ValueSource(strings = {"text", "key", "gone"})
  void whatBeganWithOneConfigurationEndsWithNoOther(String changed) {
    String text = "{\"fhirPathRules\":[{\"path\":\"Resource.id\",\"method\":\"cryptoHash\"}]}";
    String name = "of-" + changed + ".json";
    book(name, text);
    RuleBooks begun = changed.equals("key")
        ? new RuleBooks(books, new io.caregrid.templates.deidentify.Deidentifier.Keys("a", "b", null),
            Clock.systemUTC())
        : new RuleBooks(books, ExportHouse.KEYS, Clock.systemUTC());
    RuleBooks.Chosen chosen = begun.chosen(name, null, house::secret);
    if (changed.equals("text")) book(name, text + " ");
    if (changed.equals("gone")) assertTrue(books.resolve(name).toFile().delete());
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient")), false, false)
        .by(chosen)
        .json();

    UUID id = ExportHouse.get(house.jobs.add(ExportSnapshot.asker("ann", "https://issuer.example"), "x", asked,
        List.of("Patient")));
    HttpResponse<String> ended = client.ended("/fhir/_operations/export/" + id);

    assertEquals(409, ended.statusCode(), ended.body());
    assertTrue(ended.body().contains(name) && ended.body().contains("fhir.deidentify"), ended.body());
  }

  @Test
  void keysAreNowhere() {
    String key = "k-3d1f0c9b8a7e6d5c4b3a29180706";
    book("keyed.json",
        "{\"fhirPathRules\":[{\"path\":\"Resource.id\",\"method\":\"cryptoHash\"},{\"path\":\"Resource\","
            + "\"method\":\"redact\"}],\"parameters\":{\"cryptoHashKey\":\"" + key + "\"}}");
    RuleBooks.Chosen first = new RuleBooks(books, ExportHouse.KEYS, Clock.systemUTC()).chosen("keyed.json", null,
        house::secret);
    RuleBooks.Chosen second = new RuleBooks(books, ExportHouse.KEYS, Clock.systemUTC()).chosen("keyed.json", null,
        house::secret);

    String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient&_anonymizationConfig=keyed.json"));
    JsonNode manifest = client.manifest(job);

    ExportJobs.Job row = ExportHouse.get(house.jobs.find(UUID.fromString(job.substring(job.lastIndexOf('/') + 1))));
    assertFalse((row + manifest.toString() + all(manifest) + first + ExportHouse.KEYS).contains(key));
    assertNotEquals(first.seal(), second.seal(), "of the same, in another export");
  }

  private static final String FAILS = """
      {"processingErrors":"%s","fhirPathRules":[{"path":"Patient.where(multipleBirth.exists()).name.family","method":"generalize",
      "cases":{"$this > 5":"'x'"}},{"path":"Patient.name","method":"redact"}]}""";

  @Test
  void aRuleThatFailsStopsTheExportAndNothingIsGivenOut() {
    house.put("{'resourceType':'Patient','id':'two-names','multipleBirthBoolean':true,'name':[{'family':'Curie'}]}");
    book("raises.json", FAILS.formatted("raise"));

    String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient&_anonymizationConfig=raises.json"));
    HttpResponse<String> ended = client.ended(job);

    assertEquals(422, ended.statusCode(), ended.body());
    assertTrue(ended.body().contains("rule 1"), ended.body());
    assertFalse(ended.body().contains("Curie") || ended.body().contains("two-names"), ended.body());
    assertEquals(404, client.send(client.request(job + "/Patient.1.ndjson")).statusCode());
  }

  @Test
  void whereItSkipsTheResourceIsLeftOutAndCounted() {
    house.put("{'resourceType':'Patient','id':'two-names','multipleBirthBoolean':true,'name':[{'family':'Curie'}]}");
    book("skips.json", FAILS.formatted("skip"));

    JsonNode manifest = client.export("/fhir/$export?_type=Patient&_anonymizationConfig=skips.json");

    List<String> names = client.names(manifest);
    assertTrue(names.contains("Patient/5cbc121b-pat") && !names.contains("Patient/two-names"), names.toString());
    assertEquals(1, manifest.path("extension").path(ExportRoutes.EXTENSION).path("leftOut").asInt());
    List<JsonNode> errors = client.resources(manifest, "error");
    assertEquals(1, errors.size());
    assertTrue(errors.get(0).toString().contains("1 left out") && errors.get(0).toString().contains("rule 1"),
        errors.toString());
    assertFalse(errors.toString().contains("Curie") || errors.toString().contains("two-names"), errors.toString());
  }

  @Test
  void whoMayExportDeidentifiedOnlyGetsNothingElse() {
    BulkClient researcher = house.client("researcher");

    assertEquals(403, researcher.ask("/fhir/$export?_type=Patient").statusCode());
    assertEquals(403, researcher
        .ask("/fhir/$export?_type=Patient&_typeFilter=Patient%3Ffamily%3DGutierrez115&" + HARBOR)
        .statusCode(), "it would tell who is who");
    assertEquals(403, researcher.post("/fhir/Patient/$export?_type=Patient&" + HARBOR,
        "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"patient\",\"valueReference\":{\"reference\":"
            + "\"Patient/5cbc121b-pat\"}}]}")
        .statusCode());
    JsonNode manifest = researcher.export("/fhir/Group/cohort/$export?" + HARBOR);
    assertTrue(researcher.names(manifest).stream().anyMatch(name -> name.startsWith("Patient/")));
    assertNobody(researcher.resources(manifest, "output").toString());
    JsonNode rules = manifest.path("extension").path(ExportRoutes.EXTENSION).path("changed");
    assertTrue(rules.size() > 3 && rules.findValues("path").isEmpty(), "what a path names is in no file: " + rules);
  }

  @Test
  void whoseRolesBecameLessGetsNoFilesOfAnEarlierExportAsItWas() {
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient")), false, false)
        .json();
    UUID id = ExportHouse.get(house.jobs.add(ExportSnapshot.asker("researcher", "https://issuer.example"), "x", asked,
        List.of("Patient")));
    BulkClient researcher = house.client("researcher");

    JsonNode manifest = researcher.manifest("/fhir/_operations/export/" + id);

    String file = manifest.path("output").path(0).path("url").asText();
    assertEquals(404, researcher.send(researcher.request(file)).statusCode());
    assertEquals(200, house.client("admin").send(house.client("admin").request(file)).statusCode(), "it is there");
  }

  @Test
  void whoseRolesBecameLessGetsNoFilesOfThoseHeChoseHimself() {
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient"),
            new ExportRequest.Param("_typeFilter", "Patient?gender=female,male,other,unknown")), false, false)
        .by(new RuleBooks(books, ExportHouse.KEYS, Clock.systemUTC()).chosen(RuleBooks.SAFE_HARBOR, null,
            house::secret))
        .json();
    UUID id = ExportHouse.get(house.jobs.add(ExportSnapshot.asker("researcher", "https://issuer.example"), "x", asked,
        List.of("Patient")));
    BulkClient researcher = house.client("researcher");

    JsonNode manifest = researcher.manifest("/fhir/_operations/export/" + id);

    String file = manifest.path("output").path(0).path("url").asText();
    assertEquals(404, researcher.send(researcher.request(file)).statusCode());
    assertEquals(200, house.client("admin").send(house.client("admin").request(file)).statusCode(), "it is there");
  }

  @Test
  void theTrailKnowsThatItWasDeidentifiedAndByWhat() {
    house.audited.clear();

    String job = BulkClient.job(client.ask("/fhir/Group/cohort/$export?_type=Observation&" + HARBOR));
    client.resources(client.manifest(job), "output");

    String id = "urn:caregrid:export:" + job.substring(job.lastIndexOf('/') + 1);
    String by = ", de-identified by " + RuleBooks.SAFE_HARBOR;
    assertTrue(house.audited.stream()
        .anyMatch(entry -> entry.what().contains(id) && entry.query().startsWith("$export /fhir/Group/cohort/$export")
            && entry.query().endsWith(by)));
    assertTrue(house.audited.stream()
        .anyMatch(entry -> entry.what().contains(id) && entry.query().equals("$export writes Observation" + by)
            && entry.patients().equals(List.of("Patient/5cbc121b-pat"))));
  }
}
