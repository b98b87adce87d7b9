package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.ExportSnapshot;
import io.caregrid.store.Schema;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.SqlConnection;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole flow of FHIR Bulk Data 2.0 over HTTP, by a client that was written from its text. */
@ExtendWith(Engines.class)
class ExportIT {
  private static final Duration HELD = Duration.ofSeconds(2);
  @TempDir
  static Path folder;
  private static final AtomicBoolean full = new AtomicBoolean();
  /** A file that is being put waits for it. */
  private static volatile CountDownLatch gate = new CountDownLatch(0);
  private static DatabaseConfig database;
  private static ObjectStore files;
  private static ExportHouse house;
  private static BulkClient client;

  @BeforeAll
  static void open(LocalPostgres postgres) throws IOException {
    database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    files = filling(Place.open(ExportConfig.DEFAULT, LakeConfig.DEFAULT, folder));
    house = house();
    client = house.client("ann");
    house.put("{'resourceType':'Patient','id':'a','birthDate':'1970-01-01','gender':'male','active':true}");
    house.put("{'resourceType':'Patient','id':'b','active':false}");
    house.put("{'resourceType':'Patient','id':'c'}");
    house.put("{'resourceType':'Practitioner','id':'d'}");
    house.put("{'resourceType':'Device','id':'monitor'}");
    for (String patient : List.of("a", "b"))
      house.put("{'resourceType':'Observation','id':'o" + patient
          + "','status':'final','code':{'text':'x'},'valueQuantity':{'value':1.50},'subject':{'reference':'Patient/"
          + patient + "'}}");
    house.put("{'resourceType':'Observation','id':'of-device','status':'final','code':{'text':'x'},"
        + "'subject':{'reference':'Device/monitor'}}");
    house.put("{'resourceType':'Appointment','id':'both','status':'booked','participant':["
        + "{'actor':{'reference':'Patient/a'},'status':'accepted'},{'actor':{'reference':'Patient/b'},'status':'accepted'}]}");
    house.put("{'resourceType':'Appointment','id':'nobodys','status':'booked','participant':["
        + "{'actor':{'reference':'Practitioner/d'},'status':'accepted'}]}");
    house.put("{'resourceType':'Group','id':'empty','type':'person','actual':true}");
    house.put("{'resourceType':'Group','id':'some','type':'person','actual':true,'member':["
        + "{'entity':{'reference':'Group/inner'}},{'entity':{'reference':'Patient/b'},'inactive':true}]}");
    house.put("{'resourceType':'Group','id':'inner','type':'person','actual':true,'member':["
        + "{'entity':{'reference':'Patient/a'}},{'entity':{'reference':'Group/some'}}]}");
  }

  private static ExportHouse house() {
    return new ExportHouse(database, files, folder.resolve("scratch"),
        new ExportConfig("", false, Duration.ofMinutes(1), Duration.ofHours(1), 1, 2), HELD);
  }

  /** The real folder, which has no room left while {@link #full}: as a file system says it. */
  private static ObjectStore filling(ObjectStore real) {
    return (ObjectStore) Proxy.newProxyInstance(ExportIT.class.getClassLoader(), new Class<?>[] {ObjectStore.class},
        (proxy, method, arguments) -> {
          if (method.getName().equals("put")) gate.await(120, TimeUnit.SECONDS);
          if (full.get() && method.getName().equals("put")) throw new IOException("No space left on device");
          try {
            return method.invoke(real, arguments);
          } catch (InvocationTargetException failed) {
            throw failed.getCause();
          }
        });
  }

  @AfterAll
  static void close() {
    if (house != null) house.close();
  }

  @Test
  void theWholeStoreIsExportedOnceAndAsItIs() {
    JsonNode manifest = client.export("/fhir/$export");

    List<String> names = client.names(manifest);
    assertTrue(names.containsAll(List.of("Appointment/both", "Appointment/nobodys", "Device/monitor", "Group/empty",
        "Observation/oa", "Observation/of-device", "Patient/a", "Practitioner/d")), names.toString());
    assertEquals(names.stream().distinct().toList(), names);
    assertTrue(client.resources(manifest, "output").stream().anyMatch(one -> one.toString().contains("\"meta\":{")));
    assertTrue(manifest.path("request").asText().endsWith("/fhir/$export"));
    assertEquals(0, manifest.path("error").size());
  }

  @Test
  void decimalsKeepTheirDigits() {
    for (String query : List.of("_type=Observation", "_type=Observation&_elements=value")) {
      JsonNode manifest = client.export("/fhir/$export?" + query);

      String file = client.send(client.request(manifest.path("output").path(0).path("url").asText())).body();

      assertTrue(file.contains("\"value\":1.50"), file);
    }
  }

  @Test
  void ofAllPatientsComesWhatIsInAPatientsCompartment() {
    List<String> names = client.names(client.export("/fhir/Patient/$export?_type=Patient,Observation,Appointment"));

    assertEquals(List.of("Appointment/both", "Observation/oa", "Observation/ob", "Patient/a", "Patient/b", "Patient/c"),
        names.stream().filter(name -> !name.contains("/x")).toList());
  }

  @Test
  void aGroupsMembersAreThoseOfItsGroupsTooAndNobodyWhoIsInactive() {
    List<String> names = client.names(client.export("/fhir/Group/some/$export?_type=Patient,Observation,Appointment"));

    assertEquals(List.of("Appointment/both", "Observation/oa", "Patient/a"), names);
  }

  @Test
  void anEmptyGroupExportsNothing() {
    assertEquals(0, client.export("/fhir/Group/empty/$export").path("output").size());
  }

  @Test
  void aGroupThatIsNotThereIsNotFound() {
    assertEquals(404, client.ask("/fhir/Group/none/$export").statusCode());
  }

  @Test
  void patientsAreNamedByPostOnly() {
    String one = "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"_type\",\"valueString\":\"Observation\"},"
        + "{\"name\":\"patient\",\"valueReference\":{\"reference\":\"Patient/b\"}}]}";

    assertEquals(List.of("Observation/ob"),
        client.names(client.manifest(BulkClient.job(client.post("/fhir/Patient/$export", one)))));
    assertEquals(400, client.ask("/fhir/Patient/$export?patient=Patient/b").statusCode());
    assertEquals(400, client.ended(BulkClient.job(client.post("/fhir/Group/some/$export", one))).statusCode(),
        "b is inactive there");
  }

  @Test
  void aFilterSelectsAndWhatTwoFindComesOnce() {
    List<String> names = client.names(client.export("/fhir/$export?_type=Patient,Device&_typeFilter="
        + "Patient%3Factive%3Dtrue,Patient%3Fgender%3Dmale,Patient%3F_id%3Dc"));

    assertEquals(List.of("Device/monitor", "Patient/a", "Patient/c"), names);
  }

  @Test
  void elementsGiveThoseAndWhatMustBeThere() {
    JsonNode one = client
        .resources(client.export("/fhir/$export?_type=Observation&_elements=Observation.value&_typeFilter="
            + "Observation%3F_id%3Doa"), "output")
        .get(0);

    assertEquals("final", one.path("status").asText());
    assertTrue(one.has("code") && one.has("valueQuantity") && !one.has("subject"), one.toString());
    assertEquals("SUBSETTED", one.path("meta").path("tag").path(0).path("code").asText());
  }

  @Test
  void sinceGivesWhatChangedAndWhatIsGone() {
    house.put("{'resourceType':'Basic','id':'old','code':{'text':'x'}}");
    house.put("{'resourceType':'Basic','id':'xgone','code':{'text':'x'}}");
    Instant since = house.put("{'resourceType':'Basic','id':'before','code':{'text':'x'}}").updated();
    while (!Instant.now().isAfter(since.plusMillis(2))) Thread.onSpinWait();
    house.put("{'resourceType':'Basic','id':'new','code':{'text':'x'}}");
    house.delete("Basic", "xgone");

    JsonNode manifest = client.export("/fhir/$export?_type=Basic&_since=" + since);

    assertEquals(List.of("Basic/new"), client.names(manifest));
    JsonNode bundle = client.resources(manifest, "deleted").get(0);
    assertEquals("transaction", bundle.path("type").asText());
    assertEquals("{\"method\":\"DELETE\",\"url\":\"Basic/xgone\"}",
        bundle.path("entry").path(0).path("request").toString());
  }

  @Test
  void nothingThatChangedUntilTheTransactionTimeIsMissingFromTheNextExport() throws IOException {
    house.put("{'resourceType':'Device','id':'xlate'}");
    Future<Stored> late;
    JsonNode first;
    SqlConnection holder = connection();
    try {
      ExportHouse.get(holder.query("begin").execute());
      ExportHouse.get(holder.query("select id from r_device where id = 'xlate' for update").execute());
      // has its time, and waits for the row
      late = house.store.update(Caller.LOCAL, "Device", "xlate",
          ExportHouse.json("{'resourceType':'Device','id':'xlate','lotNumber':'1'}"), OptionalInt.empty());
      eventually(() -> ExportHouse.get(holder.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").execute())
          .size() > 0);
      first = client.export("/fhir/$export?_type=Device");
    } finally {
      ExportHouse.get(holder.close());
    }
    Instant updated = ExportHouse.get(late).updated();
    Instant until = Instant.parse(first.path("transactionTime").asText());

    assertFalse(client.resources(first, "output").toString().contains("lotNumber"), "it was not there yet");
    assertTrue(until.isBefore(updated), until + " " + updated);
    JsonNode next = client.export("/fhir/$export?_type=Device&_since=" + until);
    assertTrue(client.resources(next, "output").toString().contains("lotNumber"));
    house.delete("Device", "xlate");
  }

  @Test
  void sinceOfAGroupIsTheSameInstant() {
    house.put("{'resourceType':'Patient','id':'xg'}");
    house.put("{'resourceType':'Group','id':'xgroup','type':'person','actual':true,'member':["
        + "{'entity':{'reference':'Patient/xg'}}]}");
    Instant updated = house.put("{'resourceType':'Observation','id':'xog','status':'final','code':{'text':'x'},"
        + "'subject':{'reference':'Patient/xg'}}").updated();
    Instant second = updated.minusNanos(1).truncatedTo(ChronoUnit.SECONDS);

    String asked = "/fhir/Group/xgroup/$export?_type=Observation&_since=";

    assertEquals(List.of("Observation/xog"), client.names(client.export(asked + second)));
    assertEquals(List.of(), client.names(client.export(asked + updated)));
  }

  @Test
  void whatIsErasedIsGivenOutByNoExportThatReadItBefore() throws IOException {
    house.put("{'resourceType':'Patient','id':'xerased'}");
    String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient"));
    JsonNode manifest = client.manifest(job);
    String file = manifest.path("output").path(0).path("url").asText();
    String other = BulkClient.job(client.ask("/fhir/$export?_type=Device"));
    client.manifest(other);
    assertTrue(client.names(manifest).contains("Patient/xerased"));
    house.put("{'resourceType':'Basic','id':'xerased','code':{'text':'x'}}");

    house.erase("Basic", "xerased");
    assertEquals(200, client.ended(job).statusCode(), "it has no Basic");
    house.erase("Patient", "xerased");

    assertEquals(404, client.send(client.request(file)).statusCode());
    assertEquals(404, client.ended(job).statusCode());
    assertEquals(404, client.ended(other).statusCode(), "any type may name a Patient");
    eventually(() -> ExportHouse.get(house.jobs.find(id(job))) == null);
    assertEquals(List.of(), files.list(id(job) + "/", "", 10));
  }

  @Test
  void anExportBeginsAnewWhenSomethingItHasReadIsErased() throws IOException {
    house.put("{'resourceType':'Patient','id':'xforgotten'}");
    gate = new CountDownLatch(1);
    try {
      String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient"));
      eventually(() -> ExportHouse.get(house.jobs.find(id(job))).progress().contains("written"));

      house.erase("Patient", "xforgotten");
      gate.countDown();

      List<String> names = client.names(client.manifest(job));
      assertTrue(names.contains("Patient/a"), names.toString());
      assertFalse(names.contains("Patient/xforgotten"), names.toString());
      ExportJobs.Job ended = ExportHouse.get(house.jobs.find(id(job)));
      assertEquals("", ended.asked());
      for (ObjectStore.Entry one : files.list(id(job) + "/", "", 10))
        assertTrue(one.name().startsWith(ExportVerticle.folder(ended) + "/"), one.name());
    } finally {
      gate.countDown();
    }
  }

  @Test
  void linksLeadThroughTheProxyThatItWasAskedThrough() {
    String asked = BulkClient.job(client.send(client.request("/fhir/$export?_type=Device")
        .header("Prefer", "respond-async")
        .header("X-Proxied", "fhir.example:8443")));
    String path = asked.replace("https://fhir.example:8443", "");
    client.manifest(path);

    JsonNode manifest = BulkClient.json(client.send(client.request(path).header("X-Proxied", "fhir.example:8443"))
        .body());

    assertTrue(path.startsWith("/fhir/_operations/export/"), asked);
    assertEquals("https://fhir.example:8443/fhir/$export?_type=Device", manifest.path("request").asText());
    String url = manifest.path("output").path(0).path("url").asText();
    assertTrue(url.startsWith("https://fhir.example:8443" + path + "/"), url);
    assertTrue(manifest.path("requiresAccessToken").asBoolean(), "without an Authorization header, too");
  }

  @Test
  void whatIsStillBeingIndexedAnewIsToldInErrors() {
    sql(
        "insert into reindexing (type, done, most) values ('Device', 0, 1) on conflict (type) do update set done = 0, most = 1");
    try {
      JsonNode manifest = client
          .export("/fhir/$export?_type=Device&_typeFilter=Device%3F_id%3Dmonitor,Device%3F_id%3Dx");

      List<JsonNode> errors = client.resources(manifest, "error");
      assertEquals(1, errors.size(), "once for its type");
      assertTrue(errors.get(0).toString().contains("indexed anew"), errors.toString());
    } finally {
      sql("delete from reindexing where type = 'Device'");
    }
  }

  @Test
  void anExportThatTakesTooLongIsToldSo() throws IOException {
    ExportRequest asked = ExportRequest.of(ExportRequest.SYSTEM, null,
        List.of(new ExportRequest.Param("_type", "Patient")), false, false);
    ExportJobs.Job job = new ExportJobs.Job(UUID.randomUUID(), "ann", null, "x", asked.json(), "open", Instant.now(), 1,
        "", null, null, null, null);
    ExportSnapshot snapshot = ExportHouse.get(ExportSnapshot.open(house.database));
    try (ExportFiles made = new ExportFiles(files, ExportVerticle.folder(job), folder.resolve("long"), 1_000)) {
      ExportRun run = new ExportRun(job, snapshot, made, entry -> Future.succeededFuture(),
          new RuleBooks(null, ExportHouse.KEYS, Clock.systemUTC()), () -> new byte[0], () -> false, Duration.ZERO);

      Failure.TooCostly told = assertThrows(Failure.TooCostly.class, run::blocking);

      assertTrue(told.getMessage().contains("export.longest"), told.getMessage());
    } finally {
      ExportHouse.get(snapshot.close());
    }
  }

  @ParameterizedTest
  @CsvSource({"_since=yesterday,_since", "_outputFormat=csv,_outputFormat", "_type=Unicorn,_type",
    "includeAssociatedData=LatestProvenanceResources,includeAssociatedData", "_typeFilter=Patient%3F_sort%3Dname,_sort",
    "_typeFilter=Patient%3Funicorn%3D1,search parameter", "_container=x,_container"})
  void whatCannotBeDoneIsRefusedByName(String query, String named) {
    HttpResponse<String> answer = client.ask("/fhir/$export?" + query);

    assertEquals(400, answer.statusCode());
    JsonNode outcome = BulkClient.json(answer.body());
    assertEquals("OperationOutcome", outcome.path("resourceType").asText());
    assertTrue(outcome.toString().contains(named), outcome.toString());
  }

  @Test
  void aLenientClientGetsTheRestAndIsTold() {
    HttpResponse<String> answer = client.ask("/fhir/$export?_type=Device,Unicorn&includeAssociatedData=x",
        "handling=lenient");

    JsonNode manifest = client.manifest(BulkClient.job(answer));

    assertTrue(client.names(manifest).contains("Device/monitor"));
    assertEquals(2, client.resources(manifest, "error").size());
    assertEquals(400, client.ask("/fhir/$export?_since=yesterday", "handling=lenient").statusCode());
  }

  @Test
  void withoutRespondAsyncNothingBegins() {
    assertEquals(400, client.send(client.request("/fhir/$export")).statusCode());
  }

  /** What a client sends that asks for nothing in particular begins an export; what only asks for other forms does not. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"''|''|202", "*/*|''|202", "text/html|''|406", "text/html|&_format=json|202"})
  void anAcceptThatLeavesNoRoomForTheAnswerIsRefused(String accept, String format, int status) {
    HttpRequest.Builder asked = client.request("/fhir/$export?_type=Device" + format).header("Prefer", "respond-async");
    if (!accept.isEmpty()) asked.header("Accept", accept);

    HttpResponse<String> answer = client.send(asked);

    assertEquals(status, answer.statusCode(), answer.body());
    if (status == 406) assertEquals("OperationOutcome", BulkClient.json(answer.body()).path("resourceType").asText());
    else client.ended(BulkClient.job(answer));
  }

  @Test
  void whoIsLenientIsAnsweredInJsonWhateverHeAccepts() {
    HttpResponse<String> answer = client.send(client.request("/fhir/$export?_type=Device")
        .header("Prefer", "respond-async, handling=lenient")
        .header("Accept", "text/html"));

    client.ended(BulkClient.job(answer));
  }

  @Test
  void whoHasTenUnderWayBeginsNoOtherAndNobodyElseIsRefused() {
    BulkClient busy = house.client("busy");
    sql("insert into export_job (id, subject, issuer, request, asked, state, held_until) select gen_random_uuid(), 'busy', "
        + "'https://issuer.example', 'cancelled before', '', 'cancelled', now() + interval '1 hour' from generate_series(1, 100)");
    gate = new CountDownLatch(1);
    try {
      List<String> jobs = new ArrayList<>();
      for (int n = 0; n < 10; n++) jobs.add(BulkClient.job(busy.ask("/fhir/$export?_type=Device")));

      HttpResponse<String> one = busy.ask("/fhir/$export?_type=Device");
      HttpResponse<String> another = client.ask("/fhir/$export?_type=Device");

      assertEquals(429, one.statusCode(), one.body());
      assertTrue(one.body().contains("throttled"), one.body());
      jobs.add(BulkClient.job(another));
      for (String job : jobs) house.client("admin").send(client.request(job).DELETE());
      assertEquals(202, busy.ask("/fhir/$export?_type=Device").statusCode(), "they are cancelled");
    } finally {
      gate.countDown();
      sql("delete from export_job where request = 'cancelled before'");
    }
  }

  @Test
  void filesComeZippedAndInParts() throws IOException {
    String url = client.export("/fhir/$export?_type=Patient").path("output").path(0).path("url").asText();
    String whole = client.send(client.request(url)).body();

    HttpResponse<byte[]> zipped = client.send(client.request(url).header("Accept-Encoding", "gzip"),
        BodyHandlers.ofByteArray());
    HttpResponse<String> part = client
        .send(client.request(url).header("Range", "bytes=5-9").header("Accept-Encoding", "gzip"));
    HttpResponse<String> end = client.send(client.request(url).header("Range", "bytes=-3"));

    assertEquals("gzip", zipped.headers().firstValue("Content-Encoding").orElseThrow());
    assertEquals(whole, new String(new GZIPInputStream(new ByteArrayInputStream(zipped.body())).readAllBytes(),
        StandardCharsets.UTF_8));
    assertEquals(206, part.statusCode());
    assertEquals("bytes 5-9/" + whole.length(), part.headers().firstValue("Content-Range").orElseThrow());
    assertEquals(whole.substring(5, 10), part.body());
    assertEquals(whole.substring(whole.length() - 3), end.body());
    assertEquals(416, client.send(client.request(url).header("Range", "bytes=99999999-")).statusCode());
  }

  @Test
  void othersSeeNothingOfItAndAnOperatorDoes() {
    String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient"));
    String file = client.manifest(job).path("output").path(0).path("url").asText();

    BulkClient other = house.client("bob");
    assertEquals(404, other.ended(job).statusCode());
    assertEquals(404, other.send(other.request(file)).statusCode());
    assertEquals(404, other.send(other.request(job).DELETE()).statusCode());
    assertEquals(3, house.audited.stream()
        .filter(entry -> entry.what().contains("urn:caregrid:export:" + id(job)) && entry.status() == 404
            && entry.caller().subject().equals("bob"))
        .count(), "the trail has who looked");
    BulkClient admin = house.client("admin");
    assertEquals(200, admin.send(admin.request(file)).statusCode());
  }

  @Test
  void theTrailKnowsWhoTookWhoseData() {
    house.audited.clear();

    String job = BulkClient.job(client.ask("/fhir/Group/some/$export?_type=Observation"));
    client.resources(client.manifest(job), "output");

    String id = "urn:caregrid:export:" + job.substring(job.lastIndexOf('/') + 1);
    List<Audit.Entry> mine = house.audited.stream()
        .filter(entry -> entry.what().contains(id) && entry.caller().subject().equals("ann"))
        .toList();
    assertTrue(mine.stream().anyMatch(entry -> entry.query().startsWith("$export /fhir/Group/some/$export")));
    assertTrue(mine.stream().anyMatch(entry -> entry.patients().equals(List.of("Patient/a"))));
    assertTrue(mine.stream().anyMatch(entry -> entry.query().equals("$export file Observation.1.ndjson")));
  }

  @Test
  void whatIsCancelledIsGoneWithItsFiles() throws IOException {
    String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient"));
    client.manifest(job);
    Path there = folder.resolve("export").resolve(id(job).toString());
    assertEquals(1, files.list(id(job) + "/", "", 10).size());

    assertEquals(202, client.send(client.request(job).DELETE()).statusCode());

    assertEquals(404, client.ended(job).statusCode());
    eventually(() -> {
      try (Stream<Path> left = Files.walk(there)) {
        return left.noneMatch(Files::isRegularFile);
      }
    });
  }

  @Test
  void whatIsCancelledInTheMiddleLeavesNothing() throws IOException {
    gate = new CountDownLatch(1);
    try {
      String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient,Device"));
      UUID id = UUID.fromString(job.substring(job.lastIndexOf('/') + 1));
      eventually(() -> ExportHouse.get(house.jobs.find(id)).attempt() == 1);

      assertEquals(202, client.send(client.request(job).DELETE()).statusCode());
      assertEquals(404, client.ended(job).statusCode());
      gate.countDown();

      eventually(() -> ExportHouse.get(house.jobs.find(id)) == null);
      assertEquals(List.of(), files.list(id + "/", "", 10));
    } finally {
      gate.countDown();
    }
  }

  @Test
  void aDiskThatIsFullIsToldAndLeavesNothing() throws IOException {
    full.set(true);
    try {
      String job = BulkClient.job(client.ask("/fhir/$export?_type=Patient"));
      HttpResponse<String> status = client.ended(job);

      assertEquals(500, status.statusCode());
      assertTrue(status.body().contains("export.place"), status.body());
      assertFalse(status.body().contains("space left"), status.body());
      assertEquals(List.of(), files.list(id(job) + "/", "", 10));
      eventually(() -> {
        try (Stream<Path> left = Files.list(folder.resolve("scratch"))) {
          return left.findAny().isEmpty();
        }
      });
    } finally {
      full.set(false);
    }
  }

  @Test
  void whatSomebodyLeftInTheMiddleAnotherNodeEnds() throws IOException {
    Path left = Files.createDirectories(folder.resolve("scratch2")).resolve(UUID.randomUUID() + ".ndjson");
    Files.writeString(left, "{}\n");
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient")), false, false)
        .json();
    try (ExportHouse idle = new ExportHouse(database, files, folder.resolve("scratch2"),
        new ExportConfig("", false, Duration.ofMinutes(1), Duration.ofHours(1), 1, 2), HELD)) {
      // a node that takes it and is never heard of again
      UUID id = abandoned(idle, asked);

      JsonNode manifest = idle.client("ann")
          .manifest(idle.client("ann").request("/fhir/_operations/export/" + id).build().uri().toString());

      assertTrue(idle.client("ann").names(manifest).contains("Patient/a"));
      assertFalse(Files.exists(left), "resources that a killed node was writing");
    }
  }

  @Test
  void filesWhoseExportIsNotThereGoAfterAnHour() throws IOException {
    String old = UUID.randomUUID() + "/1/Patient.1.ndjson";
    String fresh = UUID.randomUUID() + "/1/Patient.1.ndjson";
    String others = "others/Patient.1.ndjson";
    for (String name : List.of(old, fresh, others)) files.put(name, new byte[] {'{', '}'});
    for (String name : List.of(old, others))
      Files.setLastModifiedTime(folder.resolve("export").resolve(name),
          FileTime.from(Instant.now().minus(Duration.ofHours(2))));

    try (ExportHouse idle = new ExportHouse(database, files, folder.resolve("scratch3"),
        new ExportConfig("", false, Duration.ofMinutes(1), Duration.ofHours(1), 1, 2), HELD)) {
      eventually(() -> files.head(old) == null);
    }
    assertTrue(files.head(fresh) != null && files.head(others) != null);
  }

  /** Tried until it is not one of the living that takes it. */
  private static UUID abandoned(ExportHouse idle, String asked) {
    for (int tries = 0; tries < 1_000; tries++) {
      UUID id = ExportHouse.get(idle.jobs.add(ExportSnapshot.asker("ann", "https://issuer.example"), "x", asked,
          List.of("Patient")));
      ExportJobs.Job taken = ExportHouse.get(idle.jobs.take(UUID.randomUUID(), Duration.ofMillis(700)));
      if (taken != null && taken.id().equals(id)) return id;
    }
    throw new AssertionError("the living took all of a thousand");
  }

  private static SqlConnection connection() {
    return ExportHouse.get(PgConnection.connect(house.vertx, new PgConnectOptions().setHost(database.host())
        .setPort(database.port())
        .setDatabase(database.database())
        .setUser(database.user())
        .setPassword(database.password())));
  }

  private static void sql(String statement) {
    SqlConnection connection = connection();
    ExportHouse.get(connection.query(statement).execute().eventually(() -> connection.close()));
  }

  private static UUID id(String job) {
    return UUID.fromString(job.substring(job.lastIndexOf('/') + 1));
  }

  private interface Question {
    boolean holds() throws IOException;
  }

  private static void eventually(Question question) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!question.holds()) {
      if (System.nanoTime() > deadline) throw new AssertionError("not within 120 s");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }
}
