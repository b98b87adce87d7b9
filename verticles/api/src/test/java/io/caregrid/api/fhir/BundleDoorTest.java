package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Rejected;
import io.caregrid.api.Ward;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.store.FhirStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Batch and transaction bundles, conditions, patches and histories over HTTP. */
@ExtendWith(Ward.Key.class)
class BundleDoorTest {
  private final String mark = UUID.randomUUID().toString();
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  private String patient() {
    return "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:door\",\"value\":\"" + mark + "\"}]}";
  }

  private static String entry(String method, String url, String resource) {
    return "{\"request\":{\"method\":\"" + method + "\",\"url\":\"" + url + "\"}"
        + (resource == null ? "" : ",\"resource\":" + resource) + "}";
  }

  private HttpResponse<Buffer> bundle(String type, String... entries) {
    return ward.send("POST", "/fhir", "{\"resourceType\":\"Bundle\",\"type\":\"" + type + "\",\"entry\":["
        + String.join(",", entries) + "]}");
  }

  private static JsonObject response(HttpResponse<Buffer> bundle, int entry) {
    return bundle.bodyAsJsonObject().getJsonArray("entry").getJsonObject(entry).getJsonObject("response");
  }

  private static String issue(HttpResponse<Buffer> outcome) {
    return outcome.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0).getJsonArray("expression").getString(0);
  }

  private int found() {
    return ward.send("GET", "/fhir/Patient?identifier=urn:door%7C" + mark, (String) null)
        .bodyAsJsonObject()
        .getJsonArray("entry", new JsonArray())
        .size();
  }

  @Test
  void aBatchDoesEachEntryByItselfAndAnswersInTheirOrder() {
    HttpResponse<Buffer> done = bundle("batch", entry("GET", "Patient/none-" + mark, null),
        entry("POST", "Patient", patient()),
        entry("POST", "Patient", "{\"resourceType\":\"Patient\",\"birthDate\":\"x\"}"),
        entry("PUT", "Patient/p-" + mark, patient()), entry("GET", "Patient?identifier=urn:door|" + mark, null),
        entry("POST", "Nonsense", "{\"resourceType\":\"Nonsense\"}"), entry("PATCH", "Patient/p-" + mark, patient()));

    assertEquals(200, done.statusCode());
    assertEquals("batch-response", done.bodyAsJsonObject().getString("type"));
    assertEquals("404 Not Found", response(done, 0).getString("status"));
    assertEquals("OperationOutcome", response(done, 0).getJsonObject("outcome").getString("resourceType"));
    assertEquals("201 Created", response(done, 1).getString("status"));
    assertTrue(response(done, 1).getString("location").matches("Patient/[a-z0-9-]+/_history/1"));
    assertEquals("W/\"1\"", response(done, 1).getString("etag"));
    assertTrue(response(done, 2).getString("status").startsWith("422"));
    assertEquals("Bundle.entry[2].resource.birthDate", response(done, 2).getJsonObject("outcome")
        .getJsonArray("issue")
        .getJsonObject(0)
        .getJsonArray("expression")
        .getString(0));
    assertTrue(response(done, 3).getString("status").startsWith("400"), "the id is missing in the body");
    assertEquals(1, done.bodyAsJsonObject()
        .getJsonArray("entry")
        .getJsonObject(4)
        .getJsonObject("resource")
        .getJsonArray("entry")
        .size());
    assertTrue(response(done, 5).getString("status").startsWith("404"));
    assertTrue(response(done, 6).getString("status").startsWith("400"));
    assertEquals(1, found());
  }

  @Test
  void aTransactionIsDoneWholeAndNamesWhoseFaultItIsWhenItIsNot() {
    String observation = "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"t\"},\"subject\":{\"reference\":\"urn:uuid:"
        + mark + "\"}}";
    String created = "{\"fullUrl\":\"urn:uuid:" + mark + "\"," + entry("POST", "Patient", patient()).substring(1);

    HttpResponse<Buffer> done = bundle("transaction", entry("POST", "Observation", observation), created);
    HttpResponse<Buffer> broken = bundle("transaction", created,
        entry("POST", "Patient", "{\"resourceType\":\"Patient\",\"name\":[{\"given\":\"x\"}]}"));
    HttpResponse<Buffer> missing = bundle("transaction", created, entry("GET", "Patient/none-" + mark, null));

    assertEquals("transaction-response", done.bodyAsJsonObject().getString("type"));
    assertEquals("201 Created", response(done, 0).getString("status"));
    assertFalse(done.bodyAsJsonObject().getJsonArray("entry").getJsonObject(0).containsKey("resource"));
    JsonObject kept = ward.send("GET", "/fhir/" + response(done, 0).getString("location"), (String) null)
        .bodyAsJsonObject();
    assertTrue(response(done, 1).getString("location")
        .startsWith(kept.getJsonObject("subject").getString("reference")));
    assertEquals(422, broken.statusCode());
    assertEquals("Bundle.entry[1].resource.name[0].given", issue(broken));
    assertEquals(404, missing.statusCode());
    assertEquals("Bundle.entry[1]", issue(missing));
    assertEquals(1, found());
  }

  @Test
  void anEntryThatIsCalledAsIfItWereHereAlreadyIsReferredToByItsNewId() {
    String called = ward.base() + "/fhir/Patient/there-" + mark;
    HttpResponse<Buffer> done = bundle("transaction",
        "{\"fullUrl\":\"" + called + "\"," + entry("POST", "Patient", patient()).substring(1),
        entry("POST", "Observation",
            "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"t\"},\"subject\":{\"reference\":\""
                + called
                + "\"}}"));

    assertEquals(200, done.statusCode(), done.bodyAsString());
    JsonObject kept = ward.send("GET", "/fhir/" + response(done, 1).getString("location"), (String) null)
        .bodyAsJsonObject();
    assertTrue(
        response(done, 0).getString("location").startsWith(kept.getJsonObject("subject").getString("reference")));
  }

  /** In a transaction it means an entry, and none was sent; by itself it may be what others call somebody. */
  @Test
  void aReferenceToAnEntryThatIsNotThereIsRefused() {
    String nobody = "{\"reference\":\"urn:uuid:0c7a4e5e-5a6e-4d5e-9a3e-ca7e671d0009\"}";
    String person = "{\"resourceType\":\"Person\",\"link\":[{\"target\":{\"display\":\"x\"}},{\"target\":" + nobody
        + "}]}";

    HttpResponse<Buffer> refused = bundle("transaction", entry("POST", "Patient", patient()),
        entry("POST", "Person", person));

    assertEquals(400, refused.statusCode(), refused.bodyAsString());
    assertEquals("Bundle.entry[1].resource.link[1].target", issue(refused));
    assertEquals(0, found(), "nothing of it is stored");
    assertEquals(400,
        bundle("transaction",
            "{\"fullUrl\":\"urn:uuid:0c7a4e5e-5a6e-4d5e-9a3e-ca7e671d0009\","
                + entry("DELETE", "Patient/nobody-" + mark, null).substring(1),
            entry("POST", "Person", person)).statusCode(),
        "what is deleted is no entry to refer to");
    assertEquals(200, bundle("transaction",
        entry("POST", "Person", person.replaceAll("urn:uuid:[^\"]+", "urn:oid:1.2.3"))).statusCode());
    assertEquals(201, ward.send("POST", "/fhir/Person", person).statusCode());
    String document = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"fullUrl\":\"urn:uuid:0c7a4e5e-5a6e-4d5e-9a3e-ca7e671d0008\",\"resource\":"
        + person + "}]}";
    assertEquals(200, bundle("transaction", entry("POST", "Bundle", document)).statusCode());
  }

  @Test
  void whatIsNoBundleOfOursIsRefused() {
    assertEquals(400, bundle("collection").statusCode());
    assertEquals(400, ward.send("POST", "/fhir", "{\"resourceType\":\"Bundle\"}").statusCode());
    assertEquals(400, ward.send("POST", "/fhir", "{\"resourceType\":\"Patient\"}").statusCode());
    assertEquals(400, ward.send("POST", "/fhir", "[]").statusCode());
    assertEquals(422, bundle("transaction", entry("FROB", "Patient", patient())).statusCode());
    assertEquals(400, bundle("transaction", entry("GET", "http://elsewhere.org/fhir/Patient/1", null)).statusCode());
    assertEquals(405, bundle("transaction", entry("POST", "Patient/1/_history", patient())).statusCode());
    String same = "{\"fullUrl\":\"urn:uuid:x\"," + entry("POST", "Patient", patient()).substring(1);
    assertEquals(422, bundle("transaction", same, same).statusCode());
    assertEquals(200, bundle("batch").statusCode());
    assertEquals(0, found());
  }

  private static JsonObject resource(HttpResponse<Buffer> bundle, int entry) {
    return bundle.bodyAsJsonObject().getJsonArray("entry").getJsonObject(entry).getJsonObject("resource");
  }

  private static List<String> statuses(HttpResponse<Buffer> bundle) {
    return bundle.bodyAsJsonObject()
        .getJsonArray("entry")
        .stream()
        .map(entry -> ((JsonObject) entry).getJsonObject("response").getString("status").substring(0, 3))
        .toList();
  }

  @Test
  void operationsThatOnlyAskAreEntriesOfABatchToo() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String form = Base64.getEncoder()
        .encodeToString(("identifier=urn:door%7C" + mark).getBytes(StandardCharsets.UTF_8));
    HttpResponse<Buffer> done = bundle("batch", entry("GET", "Patient/" + id + "/$everything", null),
        entry("POST", "Patient/$validate", "{\"resourceType\":\"Patient\",\"gender\":\"robot\"}"),
        entry("GET", "metadata?_elements=fhirVersion", null),
        entry("POST", "Patient/_search?identifier=urn:door|" + mark, null),
        entry("POST", "Patient/_search", "{\"resourceType\":\"Binary\",\"contentType\":"
            + "\"application/x-www-form-urlencoded\",\"data\":\"" + form + "\"}"),
        entry("GET", "Patient/" + id + "/$meta", null), entry("GET", "EnrollmentResponse/$meta", null),
        entry("GET", "Patient/" + id + "/$validate", null), entry("GET", "Patient/$nonsense", null),
        entry("POST", "metadata", null), entry("POST", "Patient/" + id + "/_search", null),
        entry("GET", "Patient/none-" + mark + "/$everything", null),
        entry("GET", "Patient/" + id + "/_history", null),
        entry("GET", "Patient?_has:Observation:subject:code=x&identifier=urn:door|" + mark, null),
        entry("GET", "Patient/" + id + "/_history/1/$meta", null), entry("GET", "Patient/" + id + "/y/$meta", null),
        entry("POST", "Patient/" + id + "/_history/_search", null), entry("POST", "_history/_search", null));

    assertEquals(List.of("200", "200", "200", "200", "200", "200", "200", "200", "404", "405", "405", "404", "200",
        "200", "404", "404", "405", "405"), statuses(done), done.bodyAsString());
    assertEquals(id,
        resource(done, 0).getJsonArray("entry").getJsonObject(0).getJsonObject("resource").getString("id"));
    assertEquals("Patient.gender", resource(done, 1).getJsonArray("issue")
        .getJsonObject(0)
        .getJsonArray("expression")
        .getString(0));
    assertEquals("4.0.1", resource(done, 2).getString("fhirVersion"));
    assertEquals(1, resource(done, 3).getJsonArray("entry").size());
    assertEquals(1, resource(done, 4).getJsonArray("entry").size());
    assertEquals("1", resource(done, 5).getJsonArray("parameter")
        .getJsonObject(0)
        .getJsonObject("valueMeta")
        .getString("versionId"));
    assertEquals("information", resource(done, 7).getJsonArray("issue").getJsonObject(0).getString("severity"));
    assertEquals(1, found(), "nothing that was asked about was kept");
  }

  @Test
  void aTransactionSeesWhatItWroteByOperationsAsWellAndWaitsForNoneThatTakesLong() {
    String id = "p-" + mark;
    String whole = patient().replace("\"Patient\",", "\"Patient\",\"id\":\"" + id + "\",");
    HttpResponse<Buffer> done = bundle("transaction", entry("GET", "Patient/" + id + "/$everything", null),
        entry("POST", "Patient/_search?identifier=urn:door|" + mark, null), entry("PUT", "Patient/" + id, whole));
    HttpResponse<Buffer> refused = bundle("transaction", entry("POST", "Patient/$validate", patient()),
        entry("POST", "Patient", patient()));

    assertEquals(List.of("200", "200", "201"), statuses(done), done.bodyAsString());
    assertEquals(1, resource(done, 0).getJsonArray("entry").size());
    assertEquals(1, resource(done, 1).getJsonArray("entry").size());
    assertEquals(405, refused.statusCode());
    assertEquals("Bundle.entry[0]", issue(refused));
    assertEquals(1, found());
  }

  @Test
  void whatMayTakeLongIsAskedOneAfterTheOtherHoweverMuchThereIs() {
    String[] entries = IntStream.range(0, 3_000)
        .mapToObj(i -> entry("POST", "Patient/$validate", null))
        .toArray(String[]::new);

    assertEquals(Set.of("405"), Set.copyOf(statuses(bundle("batch", entries))), "an entry without a resource");
  }

  @Test
  void ofABatchThatNobodyWaitsForOnlyWhatChangesSomethingIsDone() {
    Ask asked = new Ask(Caller.LOCAL, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, null));
    ObjectNode batch = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":["
        + String.join(",", entry("GET", "Patient", null), entry("GET", "Patient/$meta", null),
            entry("POST", "Patient", patient()))
        + "]}").getBytes(StandardCharsets.UTF_8), Format.JSON);
    Bundled bundle = Bundled.read(asked, batch, Ward.get(ResourceRules.load(ward.vertx)));

    List<Reply> replies = Ward.get(run(ward.store, 1 << 20).of(asked, bundle, () -> true));

    assertEquals(List.of(503, 503, 201), replies.stream().map(Reply::status).toList());
  }

  @Test
  void aBatchOfAThousandIsDone() {
    String[] entries = IntStream.range(0, 1_000)
        .mapToObj(i -> entry("POST", "Patient", patient()))
        .toArray(String[]::new);

    JsonArray answers = bundle("batch", entries).bodyAsJsonObject().getJsonArray("entry");

    assertEquals(1_000, answers.stream()
        .map(each -> ((JsonObject) each).getJsonObject("response"))
        .filter(each -> each.getString("status").equals("201 Created"))
        .map(each -> each.getString("location"))
        .collect(Collectors.toSet())
        .size());
  }

  @Test
  void sixtyFourConditionalCreatesOverHttpAtOnceMakeOne() {
    List<Integer> statuses = IntStream.range(0, 64)
        .parallel()
        .mapToObj(i -> ward.send("POST", "/fhir/Patient", patient(),
            "If-None-Exist", "identifier=urn:door|" + mark).statusCode())
        .toList();

    assertEquals(1, statuses.stream().filter(status -> status == 201).count());
    assertEquals(63, statuses.stream().filter(status -> status == 200).count());
    assertEquals(1, found());
  }

  @Test
  void conditionsGoIntoTheAddressForPutPatchAndDelete() {
    String where = "/fhir/Patient?identifier=urn:door%7C" + mark;
    String patch = "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]";

    HttpResponse<Buffer> made = ward.send("PUT", where, patient());
    HttpResponse<Buffer> patched = ward.send("PATCH", where, Buffer.buffer(patch), "Content-Type",
        "application/json-patch+json");
    HttpResponse<Buffer> gone = ward.send("DELETE", where, (String) null);

    assertEquals(201, made.statusCode());
    assertTrue(made.getHeader("Location").endsWith("/_history/1"));
    assertEquals(200, patched.statusCode());
    assertTrue(patched.bodyAsJsonObject().getBoolean("active"));
    assertEquals(200, gone.statusCode());
    assertEquals("1", gone.getHeader("Items-Deleted"));
    assertEquals(0, found());
    assertEquals(400, ward.send("DELETE", "/fhir/Patient", (String) null).statusCode());
    assertEquals(400, ward.send("PUT", "/fhir/Patient", patient()).statusCode());
  }

  @Test
  void aPatchThatBreaksTheResourceIsToldWithEverythingThatIsWrong() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String patch = "[{\"op\":\"add\",\"path\":\"/gender\",\"value\":\"none\"},{\"op\":\"add\",\"path\":\"/birthDate\",\"value\":\"x\"}]";

    HttpResponse<Buffer> broken = ward.send("PATCH", "/fhir/Patient/" + id, Buffer.buffer(patch), "Content-Type",
        "application/json-patch+json");
    HttpResponse<Buffer> moved = ward.send("PATCH", "/fhir/Patient/" + id,
        Buffer.buffer("[{\"op\":\"replace\",\"path\":\"/id\",\"value\":\"other\"}]"), "Content-Type",
        "application/json-patch+json");

    assertEquals(422, broken.statusCode());
    assertEquals(2, broken.bodyAsJsonObject().getJsonArray("issue").size());
    assertEquals(422, moved.statusCode());
    assertTrue(
        ward.send("PATCH", "/fhir/Patient/" + id, Buffer.buffer("{}"), "Content-Type", "application/merge-patch+json")
            .bodyAsString()
            .contains("application/json-patch+json"));
    assertEquals(415, ward.send("PATCH", "/fhir/Patient/" + id, Buffer.buffer("x"), "Content-Type", "text/plain")
        .statusCode());
  }

  @Test
  void aHardDeleteLeavesNothing() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");

    assertEquals(200, ward.send("DELETE", "/fhir/Patient/" + id + "?_hardDelete=true", (String) null).statusCode());

    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id, (String) null).statusCode());
    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id + "/_history", (String) null).statusCode());
    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id + "/_history/1", (String) null).statusCode());
  }

  @Test
  void whatIsLeftOfAPurgedHistoryIsTheCurrentVersionAsItWas() {
    String id = "p-" + mark;
    String address = "/fhir/Patient/" + id;
    for (String active : List.of("true", "false", "true"))
      ward.send("PUT", address, patient().replace("\"Patient\",", "\"Patient\",\"id\":\"" + id + "\",\"active\":"
          + active + ","));
    HttpResponse<Buffer> before = ward.send("GET", address, (String) null);
    HttpResponse<Buffer> outdated = ward.send("DELETE", address + "/$purge-history", (String) null, "If-Match",
        "W/\"2\"");
    assertEquals(3, versions(address));

    HttpResponse<Buffer> purged = ward.send("DELETE", address + "/$purge-history", (String) null);

    assertEquals(412, outdated.statusCode());
    assertEquals(204, purged.statusCode());
    assertNull(purged.body());
    assertEquals("W/\"3\"", purged.getHeader("ETag"));
    HttpResponse<Buffer> after = ward.send("GET", address, (String) null);
    assertEquals(before.body(), after.body());
    assertEquals(before.getHeader("ETag"), after.getHeader("ETag"));
    assertEquals(1, versions(address));
    assertEquals(404, ward.send("GET", address + "/_history/2", (String) null).statusCode());
    assertEquals(200, ward.send("GET", address + "/_history/3", (String) null).statusCode());
    assertEquals(405, ward.send("POST", address + "/$purge-history", "{}").statusCode());
    assertEquals(404,
        ward.send("DELETE", "/fhir/Patient/none-" + mark + "/$purge-history", (String) null).statusCode());
    ward.send("DELETE", address, (String) null);
    assertEquals(410, ward.send("DELETE", address + "/$purge-history", (String) null).statusCode());
    assertTrue(ward.send("GET", "/fhir/metadata", (String) null).bodyAsString().contains("\"purge-history\""));
  }

  private int versions(String address) {
    return ward.send("GET", address + "/_history", (String) null).bodyAsJsonObject().getInteger("total");
  }

  @Test
  void aBatchPurgesHistoriesAndATransactionDoesNot() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String address = "/fhir/Patient/" + id;
    assertEquals(200, ward.send("POST", address + "/$meta-add", tagged("a")).statusCode());
    String purge = entry("DELETE", "Patient/" + id + "/$purge-history", null);

    assertEquals(405, bundle("transaction", purge).statusCode());
    assertEquals(2, versions(address));
    assertEquals(List.of("204"), statuses(bundle("batch", purge)));
    assertEquals(1, versions(address));
  }

  private static String tagged(String code) {
    return "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"meta\",\"valueMeta\":{\"tag\":[{\"system\":\"urn:door\","
        + "\"code\":\"" + code + "\"}]}}]}";
  }

  private List<String> tags(JsonObject parameters) {
    assertEquals("Parameters", parameters.getString("resourceType"));
    return parameters.getJsonArray("parameter")
        .getJsonObject(0)
        .getJsonObject("valueMeta")
        .getJsonArray("tag", new JsonArray())
        .stream()
        .map(tag -> ((JsonObject) tag).getString("code"))
        .toList();
  }

  @Test
  void labelsAreAddedAndTakenByEntriesOfABatch() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String where = "Patient/" + id + "/$meta-";

    HttpResponse<Buffer> added = bundle("batch", entry("POST", where + "add", tagged("a")),
        entry("POST", "Patient/none-" + mark + "/$meta-add", tagged("a")), entry("POST", where + "add", patient()),
        entry("POST", where + "add", null), entry("POST", where + "add", "{\"resourceType\":\"Parameters\"}"),
        entry("POST", where + "add", tagged("a").replace("\"tag\"", "\"tags\"")), entry("GET", where + "add", null),
        entry("PUT", where + "add", tagged("a")), entry("POST", "Patient/$meta-add", tagged("a")),
        entry("GET", "Patient/" + id + "/$meta", null));

    assertEquals(List.of("200", "404", "400", "400", "400", "422", "405", "400", "404", "200"), statuses(added),
        added.bodyAsString());
    assertEquals(List.of("a"), tags(resource(added, 0)));
    assertEquals(List.of("a"), tags(resource(added, 9)));
    assertEquals(List.of(), tags(resource(bundle("batch", entry("POST", where + "delete", tagged("a"))), 0)));
    assertEquals(3, versions("/fhir/Patient/" + id));
  }

  @Test
  void labelsAreAddedAndTakenWithAllElseOfATransactionOrNotAtAll() {
    String one = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String other = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    ward.send("POST", "/fhir/Patient/" + other + "/$meta-add", tagged("old"));
    String add = entry("POST", "Patient/" + one + "/$meta-add", tagged("new"));
    String take = entry("POST", "Patient/" + other + "/$meta-delete", tagged("old"));

    assertEquals(404,
        bundle("transaction", add, take, entry("POST", "Patient/none-" + mark + "/$meta-add", tagged("x")))
            .statusCode());
    assertEquals(400, bundle("transaction", add, add).statusCode(), "both change the same Patient");
    assertEquals(422, bundle("transaction", add, entry("POST", "Patient/" + other + "/$meta-add",
        tagged("x").replace("\"tag\"", "\"tags\""))).statusCode());
    assertEquals(1, versions("/fhir/Patient/" + one));
    HttpResponse<Buffer> done = bundle("transaction", add, take, entry("POST", "Patient", patient()),
        entry("GET", "Patient/" + one + "/$meta", null));

    assertEquals(List.of("200", "200", "201", "200"), statuses(done), done.bodyAsString());
    assertEquals(List.of("new"), tags(resource(done, 0)));
    assertEquals(List.of(), tags(resource(done, 1)));
    assertEquals(List.of("new"), tags(resource(done, 3)));
  }

  @Test
  void aHardDeleteIsOneAsDotNetWritesItToo() {
    ward.send("POST", "/fhir/Patient", patient());
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");

    String where = "/fhir/Patient?identifier=urn:door%7C" + mark + "&_count=100&hardDelete=True";
    assertEquals("2", ward.send("DELETE", where, (String) null).getHeader("Items-Deleted"));

    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id, (String) null).statusCode());
  }

  @Test
  void historiesOfATypeAndOfAllComeInPages() {
    for (int i = 0; i < 3; i++) ward.send("POST", "/fhir/Patient", patient());

    JsonObject type = ward.send("GET", "/fhir/Patient/_history?_count=2", (String) null).bodyAsJsonObject();
    JsonObject all = ward.send("GET", "/fhir/_history?_count=2", (String) null).bodyAsJsonObject();

    assertEquals("history", type.getString("type"));
    assertEquals(2, type.getJsonArray("entry").size());
    assertEquals("next", type.getJsonArray("link").getJsonObject(1).getString("relation"));
    assertEquals(2, all.getJsonArray("entry").size());
    String next = type.getJsonArray("link").getJsonObject(1).getString("url").substring(ward.base().length());
    assertEquals(200, ward.send("GET", next, (String) null).statusCode());
    assertEquals(400, ward.send("GET", "/fhir/Patient/_history?_sort=name", (String) null).statusCode());
  }

  @Test
  void preferDecidesWhatABundleAnswers() {
    HttpResponse<Buffer> whole = ward.send("POST", "/fhir",
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[" + entry("POST", "Patient", patient())
            + "]}",
        "Prefer", "return=representation");
    HttpResponse<Buffer> told = ward.send("POST", "/fhir",
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[" + entry("POST", "Patient", patient()) + "]}",
        "Prefer", "return=OperationOutcome");

    assertEquals("Patient", whole.bodyAsJsonObject()
        .getJsonArray("entry")
        .getJsonObject(0)
        .getJsonObject("resource")
        .getString("resourceType"));
    assertEquals("OperationOutcome", response(told, 0).getJsonObject("outcome").getString("resourceType"));
    assertNull(told.bodyAsJsonObject().getJsonArray("entry").getJsonObject(0).getJsonObject("resource"));
  }

  @Test
  void whatAllEntriesAnswerTogetherIsBounded() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    int size = ward.send("GET", "/fhir/Patient/" + id, (String) null).body().length();
    ResourceRules rules = Ward.get(ResourceRules.load(ward.vertx));
    Ask asked = new Ask(Caller.LOCAL, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, "return=representation"));
    BundleRun run = run(ward.store, 2 * size + 10);
    String read = entry("GET", "Patient/" + id, null);

    for (String type : List.of("batch", "transaction")) {
      ObjectNode three = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"" + type
          + "\",\"entry\":[" + String.join(",", read, read, read, entry("POST", "Patient", patient())) + "]}")
          .getBytes(StandardCharsets.UTF_8), Format.JSON);
      Bundled bundle = Bundled.read(asked, three, rules);

      if (type.equals("batch")) {
        List<Integer> statuses = Ward.get(run.of(asked, bundle)).stream().map(Reply::status).sorted().toList();
        assertEquals(List.of(200, 201, 413, 413), statuses, "what was written took its part");
      } else {
        Throwable refused = assertThrows(CompletionException.class, () -> Ward.get(run.of(asked, bundle))).getCause();
        assertEquals(413, ((Rejected) refused).status);
      }
    }
    assertEquals(2, found(), "the batch's, and not the transaction's");
  }

  private BundleRun run(FhirStore store, long most) {
    Future<ResourceRules> rules = ResourceRules.load(ward.vertx);
    Interactions interactions = new Interactions(store);
    EntryOperations operations = new EntryOperations(store, interactions, new EverythingOperation(store, rules),
        new MetaOperations(store, interactions, rules), new ValidateOperation(store, rules, new SimpleMeterRegistry()),
        ask -> Future.failedFuture(new Failure.NotFound("no statement here")));
    return new BundleRun(store, interactions, operations, most);
  }

  /** Of a batch of this one entry, where the first thing asked of the store ends so. */
  private String first(Audit trail, String entry) {
    Ask asked = new Ask(Caller.LOCAL, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, null));
    FhirStore store = new FhirStore(ward.database, trail);
    ObjectNode batch = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":["
        + entry + "]}").getBytes(StandardCharsets.UTF_8), Format.JSON);
    Bundled bundle = Bundled.read(asked, batch, Ward.get(ResourceRules.load(ward.vertx)));
    Promise<List<Reply>> done = Promise.promise(); // on a context, as a request is
    ward.vertx.runOnContext(
        here -> run(store, 1 << 20).of(asked, bundle).onComplete(done));
    return String.valueOf(Ward.get(done.future()).get(0).status());
  }

  /** Fails to keep one entry, when what it tells of has been done. @param which from 1 */
  private static Audit failingOnce(int which) {
    AtomicInteger left = new AtomicInteger(which);
    return entry -> left.decrementAndGet() == 0
        ? Future.failedFuture(new Failure.Busy("the disk is full"))
        : Future.succeededFuture();
  }

  /** Sends its first one away. */
  private static Audit crowdedOnce() {
    AtomicBoolean sent = new AtomicBoolean();
    return new Audit() {
      @Override
      public Future<Void> record(Entry entry) {
        return Future.succeededFuture();
      }

      @Override
      public <T> Future<T> around(Entry entry, Supplier<Future<T>> work, Found<T> found) {
        return sent.compareAndSet(false, true)
            ? Future.failedFuture(new Failure.Crowded("come again"))
            : Audit.super.around(entry, work, found);
      }
    };
  }

  @Test
  void aBatchDoesNothingTwice() {
    for (int i = 0; i < 5; i++) ward.send("POST", "/fhir/Patient", patient());
    String where = "Patient?identifier=urn:door|" + mark + "&_count=2";
    String id = "p-" + mark;
    ward.send("PUT", "/fhir/Device/" + id, "{\"resourceType\":\"Device\",\"id\":\"" + id + "\"}");
    String guarded = "{\"request\":{\"method\":\"PUT\",\"url\":\"Device/" + id + "\",\"ifMatch\":\"W/\\\"1\\\"\"},"
        + "\"resource\":{\"resourceType\":\"Device\",\"id\":\"" + id + "\",\"lotNumber\":\"2\"}}";

    assertEquals("503", first(failingOnce(2), entry("DELETE", where, null)),
        "the look is kept, the first deletion not");
    assertEquals(3, found(), "of five, by one delete of two");
    assertEquals("503", first(failingOnce(1), guarded), "and not 412 for its own success");
    assertEquals("503", first(crowdedOnce(), entry("DELETE", where, null)));
  }

  @Test
  void whatABatchHasNotBegunBecauseOfTheCrowdIsBegunLater() {
    assertEquals("201", first(crowdedOnce(), entry("POST", "Patient", patient())));
    assertEquals(1, found());
  }

  private static Caller caller(String role) {
    return new Caller(role, null, null, Set.of(role), Roles.BUILT_IN.grants(Set.of(role)), null, null, null);
  }

  private List<Integer> statuses(Caller caller, String type, String... entries) {
    Ask asked = new Ask(caller, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, null));
    ObjectNode bundle = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"" + type
        + "\",\"entry\":[" + String.join(",", entries) + "]}").getBytes(StandardCharsets.UTF_8), Format.JSON);
    BundleRun run = run(ward.store, 1 << 20);
    try {
      return Ward.get(run.of(asked, Bundled.read(asked, bundle, Ward.get(ResourceRules.load(ward.vertx)))))
          .stream()
          .map(Reply::status)
          .toList();
    } catch (CompletionException refused) {
      return List.of(((Rejected) refused.getCause()).status);
    }
  }

  @Test
  void nobodyMayMoreThroughABundleThanByHimself() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String read = entry("GET", "Patient/" + id, null);
    String[] writes = {entry("POST", "Patient", patient()),
      entry("PUT", "Patient/" + id, patient().replace("\"Patient\",", "\"Patient\",\"id\":\"" + id + "\",")),
      entry("PATCH", "Patient/" + id,
          "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"type\","
              + "\"valueCode\":\"delete\"},{\"name\":\"path\",\"valueString\":\"Patient.identifier\"}]}]}"),
      entry("DELETE", "Patient/" + id, null), entry("DELETE", "Patient?identifier=urn:door|" + mark, null),
      entry("POST", "Patient/" + id + "/$meta-add", tagged("x"))};
    String[] erasures = {entry("DELETE", "Patient/" + id + "?_hardDelete=true", null),
      entry("DELETE", "Patient?identifier=urn:door|" + mark + "&hardDelete=true", null)};

    for (String write : writes) {
      assertEquals(List.of(403, 200), statuses(caller("FHIR Data Reader"), "batch", write, read));
      assertEquals(List.of(403), statuses(caller("FHIR Data Reader"), "transaction", read, write));
    }
    for (String erasure : erasures) {
      assertEquals(List.of(403, 200), statuses(caller("FHIR Data Writer"), "batch", erasure, read));
      assertEquals(List.of(403), statuses(caller("FHIR Data Writer"), "transaction", read, erasure));
    }
    for (String role : List.of("FHIR Data Reader", "FHIR Data Writer"))
      assertEquals(List.of(403, 200),
          statuses(caller(role), "batch", entry("DELETE", "Patient/" + id + "/$purge-history", null), read));
    assertEquals(List.of(404),
        statuses(caller("FHIR Data Reader"), "batch", entry("GET", "AuditEvent?_count=1", null)));
    assertEquals(1, found());
    assertEquals("W/\"1\"", ward.send("GET", "/fhir/Patient/" + id, (String) null).getHeader("ETag"));
  }

  @Test
  void aPageOfASearchHoldsNoMoreThanFitsIntoMemory() {
    for (int i = 0; i < 3; i++) {
      String document = "{\"resourceType\":\"DocumentReference\",\"status\":\"current\",\"identifier\":[{\"value\":\""
          + mark
          + "\"}],\"content\":[{\"attachment\":{\"contentType\":\"text/plain\",\"data\":\"" + "QUFB".repeat(3_000_000)
          + "\"}}]}";
      assertEquals(201,
          ward.send("POST", "/fhir/DocumentReference", document, "Prefer", "return=minimal").statusCode());
    }

    JsonObject first = ward.send("GET", "/fhir/DocumentReference?_count=1000&identifier=" + mark, (String) null)
        .bodyAsJsonObject();
    String next = first.getJsonArray("link").getJsonObject(1).getString("url").substring(ward.base().length());

    assertEquals(2, first.getJsonArray("entry").size());
    assertEquals(1, ward.send("GET", next, (String) null).bodyAsJsonObject().getJsonArray("entry").size());
  }

  /** Two of them have their turn and wait for the lock, the others stand in line for longer than anybody stands. */
  @Test
  @Tag("full")
  void entriesThatCrowdEachOtherAreTriedAgain() throws Exception {
    JsonArray entries = new JsonArray();
    for (int i = 0; i < 100; i++)
      entries.add(new JsonObject()
          .put("resource", new JsonObject().put("resourceType", "Location")
              .put("identifier", new JsonArray().add(new JsonObject().put("system", "urn:crowd").put("value", "" + i))))
          .put("request", new JsonObject().put("method", "POST")
              .put("url", "Location")
              .put("ifNoneExist", "identifier=urn:crowd|" + i)));
    String batch = new JsonObject().put("resourceType", "Bundle").put("type", "batch").put("entry", entries).encode();
    List<CompletableFuture<HttpResponse<Buffer>>> answers = new ArrayList<>();
    ward.whileLocked("r_location", "share", () -> {
      answers.add(CompletableFuture.supplyAsync(() -> ward.sendLong("POST", "/fhir", batch)));
      assertThrows(TimeoutException.class, () -> answers.get(0).get(6, TimeUnit.SECONDS));
    });

    JsonArray done = answers.get(0).get(180, TimeUnit.SECONDS).bodyAsJsonObject().getJsonArray("entry");
    assertEquals(List.of(), done.stream()
        .map(one -> ((JsonObject) one).getJsonObject("response"))
        .filter(response -> !response.getString("status").equals("201 Created"))
        .toList());
  }
}
