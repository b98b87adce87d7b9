package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.HttpVerticle;
import io.caregrid.api.live.NamedMappingRoutes;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.MappingVersions;
import io.caregrid.store.Schema;
import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.CheckedMapping;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on one database that do not hear each other, and the addresses of one of them. */
@ExtendWith(Engines.class)
class LiveMappingsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration LONGEST = LiveMappings.EVERY.multipliedBy(5);
  private static final String DEVICE = Shipped.text("/device/vitals.json");
  private static final String FHIR = Shipped.text("/observation/vitals.json");
  private final Vertx here = Vertx.vertx();
  private final Vertx there = Vertx.vertx();
  private final ConcurrentLinkedQueue<Audit.Entry> audited = new ConcurrentLinkedQueue<>();
  private DatabaseConfig config;
  private MappingVersions versions;
  private LiveMappings near;
  private LiveMappings far;
  private HttpVerticle http;

  @BeforeEach
  void open(LocalPostgres postgres) {
    config = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
    versions = new MappingVersions(AskAgain.whileBusy(() -> get(Database.open(here, config))));
    near = node(here, versions);
    far = node(there, new MappingVersions(AskAgain.whileBusy(() -> get(Database.open(there, config)))));
    http = new HttpVerticle(new HttpConfig("127.0.0.1", 0, List.of(), List.of(), TlsConfig.NONE), Doorman.OPEN,
        Audit.log(), List.of(new NamedMappingRoutes(here, versions, near, Set.of("ventilator"), entry -> {
          audited.add(entry);
          return Future.succeededFuture();
        })));
    get(here.deployVerticle(http));
  }

  @AfterEach
  void close() {
    get(here.close());
    get(there.close());
  }

  private static LiveMappings node(Vertx vertx, MappingVersions versions) {
    LiveMappings node = new LiveMappings(versions, MappingFiles.load(null), true);
    get(vertx.deployVerticle(node));
    return node;
  }

  @Test
  void aChangeIsInForceHereWhenItIsAnsweredAndSoonOnANodeThatHeardNothing() throws Exception {
    assertEquals(0, near.current().find("default").mark().version());

    HttpResponse<String> made = put("default", mapping(DEVICE.replace("heartrate", "pulse"), FHIR), null);

    assertEquals(201, made.statusCode(), made.body());
    assertEquals("W/\"1\"", made.headers().firstValue("ETag").orElse(null));
    assertTrue(made.body().contains("[pulse]"), "the warning that no FHIR template takes it: " + made.body());
    assertEquals(1, near.current().find("default").mark().version());
    assertTrue(near.current().find("default").device().types().contains("pulse"));
    TestNode.eventually(LONGEST, "the other node looks by itself",
        () -> far.current().find("default").mark().version() == 1 ? true : null);
    Audit.Entry entry = audited.element();
    assertEquals(Audit.Deed.MAPPING_CHANGED, entry.deed());
    assertEquals(List.of("urn:caregrid:mapping:default"), entry.what());
    assertEquals("PUT: version 1", entry.query());
  }

  @Test
  void aReadingGoesByItsOwnVersionWhetherThatIsNotYetOrNoMoreInForceHere() throws Exception {
    put("ward", mapping(DEVICE, FHIR), null);
    MappingMark first = near.current().find("ward").mark();
    put("ward", mapping(DEVICE, FHIR.replace("\"heartrate\"", "\"pulse\"")), null);
    MappingMark second = near.current().find("ward").mark();
    MappingMark other = new MappingMark("ward", 1, "0123456789abcdef");
    send("DELETE", "/iomt/mappings/ward", null, null);

    Map<MappingMark, FhirMapping> found = get(
        far.of(
            Set.of(MappingMark.FILES, first, second, new MappingMark("ward", 3), other, new MappingMark("gone", 1))));

    assertEquals(Set.of(MappingMark.FILES, first, second), found.keySet());
    assertTrue(found.get(first).types().contains("heartrate"));
    assertTrue(found.get(second).types().contains("pulse"));
    assertSame(found.get(first), get(far.of(Set.of(first))).get(first), "read once");
    assertNotEquals(first.hash(), second.hash());
  }

  @Test
  void theSameTextAgainIsNoNewVersion() throws Exception {
    assertEquals(412, put("ward", mapping(DEVICE, FHIR), "*").statusCode(), "there is none yet");
    assertEquals(201, put("ward", mapping(DEVICE, FHIR), null).statusCode());
    assertEquals(200, put("ward", mapping(DEVICE, FHIR), "*").statusCode());
  }

  @Test
  void whatIsWrongIsToldWholeAndNothingChanges() throws Exception {
    put("ward", mapping(DEVICE, FHIR), null);

    HttpResponse<String> refused = put("ward", mapping("""
        {"templateType": "CollectionContent", "template": [
          {"templateType": "JsonPathContent", "template": {"typeName": "hr", "typeMatchExpression": "$..[?(@hr"}}]}""",
        "{\"templateType\": \"CollectionFhir\"}"), null);

    assertEquals(422, refused.statusCode(), refused.body());
    JsonNode issues = JSON.readTree(refused.body()).path("issue");
    assertTrue(issues.size() >= 3, refused.body());
    assertTrue(refused.body().contains("deviceContent: line 2, column "), refused.body());
    assertTrue(refused.body().contains("\"fhirMapping\""), refused.body());
    assertEquals(1, near.current().find("ward").mark().version());
    assertEquals(1, json(get("/iomt/mappings/ward/versions")).size());
  }

  @Test
  void aMappingIsGivenBackAsItWasSentWithWhatIsOddAboutIt() throws Exception {
    String device = DEVICE + "\n\n";
    put("ward", mapping(device, FHIR), null);

    JsonNode read = json(get("/iomt/mappings/ward"));

    assertEquals(device, read.path("deviceContent").asText());
    assertEquals(FHIR, read.path("fhirMapping").asText());
    assertEquals("store", read.path("origin").asText());
    assertEquals(0, read.path("problems").size(), read.path("problems").toString());
    assertEquals("local", read.path("by").asText());
    JsonNode files = json(get("/iomt/mappings/default"));
    assertEquals("files", files.path("origin").asText());
    assertEquals(DEVICE, files.path("deviceContent").asText());
    assertEquals(2, json(get("/iomt/mappings")).size());
    assertEquals(404, get("/iomt/mappings/other").statusCode());
    assertEquals(400, get("/iomt/mappings/-x").statusCode());
  }

  @Test
  void objectsAreTakenAsWellAsTextsAndNumbersStayWhatTheyAre() throws Exception {
    ObjectNode body = JSON.createObjectNode();
    body.set("deviceContent", JSON.readTree(DEVICE));
    body.set("fhirMapping", JSON.readTree(FHIR));

    assertEquals(201, put("ward", body.toString(), null).statusCode());

    assertEquals(JSON.readTree(FHIR), JSON.readTree(json(get("/iomt/mappings/ward")).path("fhirMapping").asText()));
    assertEquals(400, put("ward", "{\"deviceContent\":{}}", null).statusCode());
    assertEquals(400, put("ward", "{\"deviceContent\":{},\"fhirMapping\":{},\"by\":\"me\"}", null).statusCode());
    assertEquals(400, put("ward", "[", null).statusCode());
  }

  @Test
  void aChangeMeantForAnotherVersionIsRefusedAndGoingBackIsANewVersion() throws Exception {
    put("ward", mapping(DEVICE, FHIR), null);
    assertEquals(200, put("ward", mapping(DEVICE + " ", FHIR), "W/\"1\"").statusCode());
    assertEquals(412, put("ward", mapping(DEVICE + "  ", FHIR), "W/\"1\"").statusCode());
    assertEquals(200, put("ward", mapping(DEVICE + " ", FHIR), null).statusCode(), "the same again is no change");

    HttpResponse<String> back = send("POST", "/iomt/mappings/ward/$rollback", "{\"version\":1,\"comment\":\"oops\"}",
        "W/\"2\"");

    assertEquals(200, back.statusCode(), back.body());
    assertEquals(3, near.current().find("ward").mark().version());
    assertEquals(DEVICE, json(get("/iomt/mappings/ward")).path("deviceContent").asText());
    JsonNode newest = json(get("/iomt/mappings/ward/versions")).get(0);
    assertEquals("1 oops", newest.path("restores").asText() + " " + newest.path("comment").asText());
    assertEquals(DEVICE + " ", json(get("/iomt/mappings/ward/versions/2")).path("deviceContent").asText());
    assertEquals(404, send("POST", "/iomt/mappings/ward/$rollback", "{\"version\":9}", null).statusCode());
    assertEquals(400, send("POST", "/iomt/mappings/ward/$rollback", "{\"version\":1.5}", null).statusCode());
  }

  @Test
  void whatIsRemovedIsGoneUnlessFilesStandBehindItOrSomebodyNeedsIt() throws Exception {
    put("ward", mapping(DEVICE, FHIR), null);
    put("default", mapping(DEVICE + " ", FHIR), null);
    put("ventilator", mapping(DEVICE, FHIR), null);

    assertEquals(204, send("DELETE", "/iomt/mappings/ward", null, null).statusCode());
    assertEquals(204, send("DELETE", "/iomt/mappings/default", null, "W/\"1\"").statusCode());
    HttpResponse<String> needed = send("DELETE", "/iomt/mappings/ventilator", null, null);

    assertNull(near.current().find("ward"));
    assertEquals(404, get("/iomt/mappings/ward").statusCode());
    assertEquals(2, json(get("/iomt/mappings/ward/versions")).size());
    assertEquals(0, near.current().find("default").mark().version());
    assertEquals(409, needed.statusCode(), needed.body());
    assertEquals(404, send("DELETE", "/iomt/mappings/default", null, null).statusCode(), "only its files are left");
    TestNode.eventually(LONGEST, "the other node", () -> far.current().find("ward") == null ? true : null);
  }

  @Test
  void aStoredMappingThatCannotBeReadReplacesNoneThatWorksAndIsNotThereOnANodeThatStarts() throws Exception {
    put("ward", mapping(DEVICE, FHIR), null);
    get(versions.put(Caller.system("newer"), "ward",
        Buffer.buffer("{\"templateType\":\"OfTheFuture\"}"),
        Buffer.buffer(FHIR), "", MappingVersions.ANY));

    get(near.refresh());

    assertEquals(1, near.current().find("ward").mark().version());
    assertFalse(near.isUpToDate());
    LiveMappings late = node(here, versions);
    assertNull(late.current().find("ward"));
    assertFalse(late.isUpToDate());
    put("ward", mapping(DEVICE, FHIR), null);
    assertEquals(3, near.current().find("ward").mark().version());
    assertTrue(near.isUpToDate());
  }

  @Test
  void foldersBelowAreMappingsOfTheirOwnAndAllThatIsWrongWithThemIsToldAtOnce(@TempDir Path folder) throws Exception {
    for (Path one : List.of(folder, folder.resolve("ward"), folder.resolve("bad")))
      Files.writeString(Files.createDirectories(one).resolve("devicecontent.json"), DEVICE);
    for (Path one : List.of(folder, folder.resolve("ward"))) Files.writeString(one.resolve("fhirmapping.json"), FHIR);
    Files.writeString(folder.resolve("bad").resolve("fhirmapping.json"), "{");

    StartException wrong = assertThrows(StartException.class, () -> MappingFiles.load(folder));
    assertTrue(wrong.getMessage().contains(folder.resolve("bad").resolve("fhirmapping.json").toString()),
        wrong.getMessage());
    Files.writeString(folder.resolve("bad").resolve("fhirmapping.json"), FHIR);

    assertEquals(List.of("bad", "default", "ward"),
        MappingFiles.load(folder).all().stream().map(MappingSet::name).toList());
    MappingSets same = new MappingSets(List.of(CheckedMapping.of(DEVICE, FHIR).under(new MappingMark("ward", 0))));
    assertEquals(same.find("ward").device().version(), MappingFiles.load(folder).find("ward").device().version());
  }

  // ----

  private static String mapping(String device, String fhir) {
    return JSON.createObjectNode().put("deviceContent", device).put("fhirMapping", fhir).toString();
  }

  private HttpResponse<String> put(String name, String body, String match) throws Exception {
    return send("PUT", "/iomt/mappings/" + name, body, match);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send("GET", path, null, null);
  }

  private HttpResponse<String> send(String verb, String path, String body, String match) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
        .timeout(Duration.ofSeconds(120))
        .method(verb,
            body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
    if (body != null) request.header("Content-Type", "application/json");
    if (match != null) request.header("If-Match", match);
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    assertEquals(200, answer.statusCode(), answer.body());
    return JSON.readTree(answer.body());
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw new AssertionError(failed.getCause());
    } catch (InterruptedException | java.util.concurrent.TimeoutException late) {
      throw new AssertionError(late);
    }
  }
}
