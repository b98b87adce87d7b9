package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Ward;
import io.caregrid.api.auth.Authority;
import io.caregrid.api.fhir.r4.Rules;
import io.caregrid.api.fhir.r4.Trees;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Create, read, update, delete, history and everything that can be wrong with them, over HTTP on a real PostgreSQL. */
@ExtendWith(Ward.Key.class)
class FhirDoorTest {
  private static final String PATIENT = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Berg\"}]}";
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  @Test
  void createAnswers201WithLocationEtagAndTheResource() {
    HttpResponse<Buffer> created = ward.send("POST", "/fhir/Patient", PATIENT);

    String id = created.bodyAsJsonObject().getString("id");
    assertEquals(201, created.statusCode());
    assertEquals(ward.base() + "/fhir/Patient/" + id + "/_history/1", created.getHeader("Location"));
    assertEquals("W/\"1\"", created.getHeader("ETag"));
    assertTrue(created.getHeader("Last-Modified").endsWith("GMT"));
    assertTrue(created.getHeader("Content-Type").startsWith("application/fhir+json"));
  }

  @Test
  void decimalsAndOrderComeBackAsTheyWent() {
    String sent = "{\"resourceType\":\"Observation\",\"valueQuantity\":{\"value\":1.10,\"unit\":\"kg\"},\"status\":\"final\",\"code\":{\"text\":\"w\"}}";

    String body = read(location(ward.send("POST", "/fhir/Observation", sent))).bodyAsString();

    assertTrue(body.endsWith(sent.substring("{\"resourceType\":\"Observation\",".length())), body);
  }

  @Test
  void preferDecidesWhatAWriteAnswers() {
    HttpResponse<Buffer> minimal = ward.send("POST", "/fhir/Patient", PATIENT, "Prefer", "return=minimal");
    HttpResponse<Buffer> outcome = ward.send("POST", "/fhir/Patient", PATIENT, "Prefer", "return=OperationOutcome");

    assertEquals(201, minimal.statusCode());
    assertNull(minimal.body());
    assertEquals("OperationOutcome", outcome.bodyAsJsonObject().getString("resourceType"));
  }

  @Test
  void updateMakesANewVersionAndCreatesUnderTheClientsId() {
    String id = "client-" + UUID.randomUUID();
    HttpResponse<Buffer> first = put(id, "A");
    HttpResponse<Buffer> second = put(id, "B");
    HttpResponse<Buffer> same = put(id, "B");

    assertEquals(201, first.statusCode());
    assertEquals(200, second.statusCode());
    assertEquals("W/\"2\"", second.getHeader("ETag"));
    assertEquals(200, same.statusCode());
    assertEquals("A", family(read("/fhir/Patient/" + id + "/_history/1")));
    assertEquals("B", family(read("/fhir/Patient/" + id + "/_history/2")));
  }

  @Test
  void anUnchangedFirstVersionIsNotCreatedTwice() {
    String id = "client-" + UUID.randomUUID();
    put(id, "A");

    assertEquals(200, put(id, "A").statusCode());
  }

  @Test
  void ifMatchGuardsUpdateAndDelete() {
    String id = "client-" + UUID.randomUUID();
    put(id, "A");

    assertEquals(412, put(id, "B", "If-Match", "W/\"7\"").statusCode());
    assertEquals(400, put(id, "B", "If-Match", "seven").statusCode());
    assertEquals(412, ward.send("DELETE", "/fhir/Patient/" + id, (String) null, "If-Match", "W/\"7\"").statusCode());
    assertEquals(200, put(id, "B", "If-Match", "W/\"1\"").statusCode());
  }

  @Test
  void ifMatchOfAnythingAsksThatThereIsSomething() {
    String id = "client-" + UUID.randomUUID();
    String there = "/fhir/Patient/" + id;
    Buffer patch = Buffer.buffer("[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]");
    String[] patching = {"Content-Type", "application/json-patch+json", "If-Match", "*"};

    assertEquals(412, put(id, "A", "If-Match", "*").statusCode());
    assertEquals(404, ward.send("PATCH", there, patch, patching).statusCode(), "as without it (RFC 9110 13.2.1)");
    assertEquals(412, ward.send("DELETE", there, (String) null, "If-Match", "*").statusCode());
    put(id, "A");
    assertEquals(200, put(id, "B", "If-Match", " * ").statusCode());
    assertEquals(200, ward.send("PATCH", there, patch, patching).statusCode());
    assertEquals(200, ward.send("DELETE", there, (String) null, "If-Match", "*").statusCode());
    assertEquals(412, put(id, "C", "If-Match", "*").statusCode());
  }

  @Test
  void theIdInTheBodyMustBeTheOneInTheAddress() {
    HttpResponse<Buffer> other = ward.send("PUT", "/fhir/Patient/one",
        PATIENT.replace("{\"res", "{\"id\":\"two\",\"res"));
    HttpResponse<Buffer> none = ward.send("PUT", "/fhir/Patient/one", PATIENT);

    assertEquals(400, other.statusCode());
    assertEquals("id", issue(other).getJsonArray("expression").getString(0));
    assertEquals(400, none.statusCode());
  }

  @Test
  void deleteAnswers200ThenReadSaysGone() {
    String address = location(ward.send("POST", "/fhir/Patient", PATIENT)).replaceFirst("/_history.*", "");

    HttpResponse<Buffer> deleted = ward.send("DELETE", address, (String) null);

    assertEquals(200, deleted.statusCode());
    assertEquals("OperationOutcome", deleted.bodyAsJsonObject().getString("resourceType"));
    assertEquals(410, read(address).statusCode());
    assertEquals("W/\"2\"", read(address).getHeader("ETag"), "the version that is the deletion");
    assertEquals(200, ward.send("DELETE", address, (String) null).statusCode());
  }

  @Test
  void historyListsVersionsNewestFirst() {
    String id = "client-" + UUID.randomUUID();
    put(id, "A");
    put(id, "B");
    ward.send("DELETE", "/fhir/Patient/" + id, (String) null);

    JsonObject bundle = read("/fhir/Patient/" + id + "/_history").bodyAsJsonObject();

    assertEquals("history", bundle.getString("type"));
    assertEquals(3, bundle.getInteger("total"));
    JsonObject newest = bundle.getJsonArray("entry").getJsonObject(0);
    assertEquals("DELETE", newest.getJsonObject("request").getString("method"));
    assertFalse(newest.containsKey("resource"));
    JsonObject oldest = bundle.getJsonArray("entry").getJsonObject(2);
    assertEquals("POST", oldest.getJsonObject("request").getString("method"));
    assertEquals("Patient", oldest.getJsonObject("request").getString("url"));
    assertEquals("201 Created", oldest.getJsonObject("response").getString("status"));
    assertEquals(ward.base() + "/fhir/Patient/" + id, oldest.getString("fullUrl"));
  }

  @Test
  void historyPagesByLink() {
    String id = "client-" + UUID.randomUUID();
    for (String name : new String[] {"A", "B", "C"}) put(id, name);

    JsonObject first = read("/fhir/Patient/" + id + "/_history?_count=2").bodyAsJsonObject();
    String next = first.getJsonArray("link").getJsonObject(1).getString("url").substring(ward.base().length());

    assertEquals(2, first.getJsonArray("entry").size());
    assertEquals(1, read(next).bodyAsJsonObject().getJsonArray("entry").size());
    assertEquals(400, read("/fhir/Patient/" + id + "/_history?_since=yesterday").statusCode());
    assertEquals(200, read("/fhir/Patient/" + id + "/_history?_since=2026-11-20").statusCode());
    assertEquals(0,
        read("/fhir/Patient/" + id + "/_history?_before=2001-01-01").bodyAsJsonObject().getInteger("total"));
  }

  @Test
  void aHistoryIsCutCountedAndAskedForATime() {
    String address = "/fhir/Patient/client-" + UUID.randomUUID();
    for (String name : new String[] {"A", "B"}) put(address.substring("/fhir/Patient/".length()), name);

    JsonObject part = read(address + "/_history?_elements=birthDate").bodyAsJsonObject();
    // two versions of one millisecond are a millisecond apart, so the second may be a little later than now
    JsonObject now = read(address + "/_history?_at=" + java.time.Instant.now().plusSeconds(1)).bodyAsJsonObject();

    for (int n = 0; n < 2; n++)
      assertFalse(part.getJsonArray("entry").getJsonObject(n).getJsonObject("resource").containsKey("name"));
    assertEquals(1, now.getInteger("total"));
    assertEquals("2", now.getJsonArray("entry")
        .getJsonObject(0)
        .getJsonObject("resource")
        .getJsonObject("meta")
        .getString("versionId"));
    for (String asked : List.of("_summary=count", "_count=0")) {
      JsonObject counted = read(address + "/_history?" + asked).bodyAsJsonObject();
      assertEquals(2, counted.getInteger("total"), asked);
      assertFalse(counted.containsKey("entry"), asked);
      assertTrue(read("/fhir/Patient/_history?" + asked).bodyAsJsonObject().getInteger("total") >= 2, asked);
    }
    assertEquals(400, read(address + "/_history?_at=soon").statusCode());
    assertEquals(400, read(address + "/_history?_before=2999-01-01").statusCode());
  }

  @Test
  void whatTheClientHasIsNotSentAgain() {
    String address = location(ward.send("POST", "/fhir/Patient", PATIENT)).replaceFirst("/_history.*", "");
    String modified = read(address).getHeader("Last-Modified");

    assertEquals(304, ward.send("GET", address, (String) null, "If-None-Match", "W/\"1\"").statusCode());
    assertEquals(200, ward.send("GET", address, (String) null, "If-None-Match", "W/\"2\"").statusCode());
    assertEquals(304, ward.send("GET", address, (String) null, "If-Modified-Since", modified).statusCode());
    assertEquals(200,
        ward.send("GET", address, (String) null, "If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT").statusCode());
  }

  @Test
  void headHasTheHeadersAndNoBody() {
    HttpResponse<Buffer> head = ward.send("HEAD", location(ward.send("POST", "/fhir/Patient", PATIENT)), (String) null);

    assertEquals(200, head.statusCode());
    assertEquals("W/\"1\"", head.getHeader("ETag"));
    assertNull(head.body());
  }

  @Test
  void malformedJsonIsToldWithItsPlaceAndWithoutItsContent() {
    HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient",
        "{\"resourceType\":\"Patient\",\n \"name\":[Secret]}");

    assertEquals(400, refused.statusCode());
    assertTrue(issue(refused).getString("diagnostics").contains("line 2, column"), refused.bodyAsString());
    assertFalse(refused.bodyAsString().contains("Secret"));
  }

  @Test
  void aKeyMayStandOnlyOnce() {
    HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient",
        "{\"resourceType\":\"Patient\",\"gender\":\"male\",\"gender\":\"female\"}");

    assertEquals(400, refused.statusCode());
    assertTrue(issue(refused).getString("diagnostics").contains("twice"));
  }

  @Test
  void everyFindingOfTheRulesIsToldAtOnce() {
    HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Observation",
        "{\"resourceType\":\"Observation\",\"statos\":\"final\"}");

    assertEquals(422, refused.statusCode());
    assertEquals(3, refused.bodyAsJsonObject().getJsonArray("issue").size(), refused.bodyAsString());
    assertEquals("Observation.statos", issue(refused).getJsonArray("expression").getString(0));
  }

  @Test
  void anotherTypeThanTheAddressesIsRefused() {
    assertEquals(400, ward.send("POST", "/fhir/Device", PATIENT).statusCode());
    assertEquals(400, ward.send("POST", "/fhir/Patient", "[]").statusCode());
    assertEquals(400, ward.send("POST", "/fhir/Patient", "").statusCode());
  }

  @Test
  void whatIsSentMustSayThatItIsFhirInUtf8() {
    HttpResponse<Buffer> none = ward.send("POST", "/fhir/Patient", Buffer.buffer(PATIENT));

    assertEquals(415, none.statusCode());
    assertEquals(201, sent("application/json; charset=utf-8"));
    assertEquals(201, sent("application/fhir+json; fhirVersion=4.0; charset=\"UTF-8\""));
    assertEquals(415, sent("application/fhir+json; charset=iso-8859-1"));
    assertEquals(415, sent("application/fhir+json; fhirVersion=5.0"));
    assertEquals(415, sent("text/plain"));
  }

  private int sent(String type) {
    return ward.send("POST", "/fhir/Patient", Buffer.buffer(PATIENT), "Content-Type", type).statusCode();
  }

  @Test
  void xmlGoesBothWaysAndKeepsDigits() {
    String xml = "<Observation xmlns=\"http://hl7.org/fhir\"><status value=\"final\"/><code><text value=\"w\"/></code>"
        + "<valueQuantity><value value=\"1.10\"/></valueQuantity></Observation>";
    HttpResponse<Buffer> created = ward.send("POST", "/fhir/Observation", Buffer.buffer(xml), "Content-Type",
        "application/fhir+xml");
    String address = location(created).replaceFirst("/_history.*", "");

    assertEquals(201, created.statusCode());
    assertEquals("application/fhir+xml; charset=utf-8", created.getHeader("Content-Type"), "nobody said otherwise");
    assertTrue(created.bodyAsString().endsWith(xml.substring(xml.indexOf("<status"))), created.bodyAsString());
    assertTrue(read(address).bodyAsString().contains("\"value\":1.10"));
    assertTrue(read(address + "?_format=xml").bodyAsString().contains("<value value=\"1.10\"/>"));
    assertTrue(read(address + "?_format=xml&_pretty=true").bodyAsString().contains("\n    <text value=\"w\"/>"));
    assertTrue(read("/fhir/Observation?_count=1&_format=xml").bodyAsString().contains("<Bundle xmlns="));
  }

  @Test
  void errorsAreInTheFormThatWasAskedFor() {
    HttpResponse<Buffer> missing = ward.send("GET", "/fhir/Patient/none", (String) null, "Accept",
        "application/fhir+xml");
    HttpResponse<Buffer> nowhere = ward.send("GET", "/fhir/a/b/c/d", (String) null, "Accept", "application/xml");
    HttpResponse<Buffer> broken = ward.send("POST", "/fhir/Patient", Buffer.buffer("<Patient"), "Content-Type",
        "application/fhir+xml");

    assertTrue(missing.bodyAsString().contains("<OperationOutcome xmlns=\"http://hl7.org/fhir\">"),
        missing.bodyAsString());
    assertEquals("application/xml; charset=utf-8", nowhere.getHeader("Content-Type"));
    assertEquals(400, broken.statusCode());
    assertTrue(broken.bodyAsString().contains("ends too early"), broken.bodyAsString());
  }

  @Test
  void theFormIsWhatTheClientAsksFor() {
    assertEquals(406, ward.send("GET", "/fhir/metadata", (String) null, "Accept", "text/turtle").statusCode());
    assertEquals(406, read("/fhir/metadata?_format=nosuch").statusCode());
    assertEquals(406, answered("application/fhir+json; fhirVersion=3.0", "").statusCode());
    assertEquals("application/fhir+json", type(answered("application/fhir+xml", "?_format=json")));
    assertEquals("application/fhir+xml", type(answered("application/fhir+json", "?_format=application/fhir%2Bxml")));
    assertEquals("application/fhir+xml", type(answered("application/fhir+json;q=0.5, application/fhir+xml", "")));
    assertEquals("application/fhir+json", type(answered("application/fhir+xml;q=0.5, application/fhir+json", "")));
    assertEquals("application/fhir+json", type(answered("text/html, application/xml;q=0.9, */*;q=0.8", "")));
    assertEquals("application/json", type(answered("application/json", "")));
  }

  private HttpResponse<Buffer> answered(String accept, String query) {
    return ward.send("GET", "/fhir/Patient" + query, (String) null, "Accept", accept);
  }

  private static String type(HttpResponse<Buffer> response) {
    return response.getHeader("Content-Type").replaceFirst(";.*", "");
  }

  @Test
  void aBinaryIsWrittenAndReadAsWhatItHolds() {
    Buffer picture = Buffer.buffer(new byte[] {(byte) 0x89, 'P', 'N', 'G', 0, 1, 2});
    HttpResponse<Buffer> created = ward.send("POST", "/fhir/Binary", picture, "Content-Type", "image/png", "Accept",
        "application/fhir+json");
    String address = location(created).replaceFirst("/_history.*", "");
    HttpResponse<Buffer> content = ward.send("GET", address, (String) null, "Accept", "image/png");

    assertEquals(201, created.statusCode());
    assertEquals("image/png", read(address).bodyAsJsonObject().getString("contentType"));
    assertEquals(picture, content.body());
    assertEquals("image/png", content.getHeader("Content-Type"));
    assertEquals("attachment", content.getHeader("Content-Disposition"));
    assertEquals(406, ward.send("GET", "/fhir/Patient/x", (String) null, "Accept", "image/png").statusCode());
  }

  @Test
  void gzipGoesBothWays() throws IOException {
    HttpResponse<Buffer> zipped = ward.send("POST", "/fhir/Patient", gzip(PATIENT), "Content-Type",
        "application/fhir+json", "Content-Encoding", "gzip");
    Buffer whole = gzip(PATIENT);
    HttpResponse<Buffer> cut = ward.send("POST", "/fhir/Patient", whole.slice(0, whole.length() - 9), "Content-Type",
        "application/fhir+json", "Content-Encoding", "gzip");
    HttpResponse<Buffer> answer = ward.send("GET", "/fhir/metadata", (String) null, "Accept-Encoding", "gzip");

    assertEquals(201, zipped.statusCode());
    assertEquals(400, cut.statusCode());
    assertEquals("gzip", answer.getHeader("Content-Encoding"));
    byte[] unzipped = new GZIPInputStream(new ByteArrayInputStream(answer.body().getBytes())).readAllBytes();
    HttpResponse<Buffer> plain = ward.send("GET", "/fhir/metadata", (String) null, "Accept-Encoding", "gzip;q=0");
    assertNull(plain.getHeader("Content-Encoding"));
    assertEquals(Buffer.buffer(unzipped), plain.body());
    assertEquals(200, ward.send("HEAD", "/fhir/metadata", (String) null, "Accept-Encoding", "gzip").statusCode());
  }

  @Test
  void aBodyOverTheLimitIsRefusedZippedOrNot() throws IOException {
    String large = " ".repeat(Bodies.MAX_BYTES + 1);

    assertEquals(413, ward.send("POST", "/fhir/Patient", large).statusCode());
    assertEquals(413, ward
        .send("POST", "/fhir/Patient", gzip(large), "Content-Type", "application/fhir+json", "Content-Encoding", "gzip")
        .statusCode());
  }

  @Test
  void deepNestingDoesNoHarm() {
    String deep = "{\"resourceType\":\"Patient\",\"extension\":" + "[{\"url\":\"u\",\"extension\":".repeat(5000) + "[]"
        + "}]".repeat(5000) + "}";

    HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient", deep);

    assertEquals(400, refused.statusCode());
    assertTrue(issue(refused).getString("diagnostics").contains("deep"));
  }

  @Test
  void anUnknownTypeIsTold() {
    HttpResponse<Buffer> unknown = read("/fhir/Pateint/1");

    assertEquals(404, unknown.statusCode());
    assertTrue(issue(unknown).getString("diagnostics").endsWith("did you mean Patient?"), unknown.bodyAsString());
  }

  @Test
  void wrongVerbsAndUnknownOperationsAreRefused() {
    assertEquals(405, ward.send("DELETE", "/fhir/metadata", (String) null).statusCode());
    assertEquals(405, ward.send("POST", "/fhir/Patient/x", PATIENT).statusCode());
    assertEquals(405, ward.send("OPTIONS", "/fhir/Patient", (String) null).statusCode());
    assertEquals("DELETE, GET, HEAD, PATCH, POST, PUT",
        ward.send("OPTIONS", "/fhir/Patient", (String) null).getHeader("Allow"));
    assertEquals(405, read("/fhir/Patient/$validate").statusCode());
    assertEquals(405, ward.send("DELETE", "/fhir/Patient/x/$everything", (String) null).statusCode());
    assertEquals("GET, HEAD, POST",
        ward.send("DELETE", "/fhir/Patient/x/$everything", (String) null).getHeader("Allow"));
    assertEquals(404, ward.send("DELETE", "/fhir/Patient/x/$nothing", (String) null).statusCode());
    assertEquals("GET, HEAD", ward.send("PUT", "/fhir/$versions", PATIENT).getHeader("Allow"));
    assertEquals(404, ward.send("POST", "/fhir/$validate", PATIENT).statusCode());
    assertEquals(400, ward.send("PUT", "/fhir/Patient", PATIENT).statusCode());
    assertEquals(400, ward.send("POST", "/fhir/Patient", PATIENT, "If-None-Exist", "&").statusCode());
  }

  @Test
  void addressesForProgramsAnswerHeadAsWell() {
    for (String address : List.of("/openapi.json", "/health/live", "/health/ready", "/", "/fhir/metadata"))
      assertEquals(200, ward.send("HEAD", address, (String) null).statusCode(), address);
  }

  @Test
  void aBodyThatIsNotUtf8IsRefusedWithItsPlace() {
    Buffer overlong = Buffer.buffer("{\"resourceType\":\"Patient\",\n\"language\":\"")
        .appendBytes(new byte[] {(byte) 0xC0, (byte) 0xAF})
        .appendString("\"}");
    HttpResponse<Buffer> answer = ward.send("POST", "/fhir/Patient", overlong, "Content-Type", "application/fhir+json");

    assertEquals(400, answer.statusCode());
    assertTrue(issue(answer).getString("diagnostics").contains("line 2, column 13"), answer.bodyAsString());
    Buffer wide = Buffer.buffer(PATIENT.getBytes(StandardCharsets.UTF_16LE));
    assertEquals(400,
        ward.send("POST", "/fhir/Patient", wide, "Content-Type", "application/fhir+json").statusCode());
  }

  @Test
  void metadataTellsWhatMayBeBroughtAlongAndWhoGivesTokens() throws Exception {
    JsonObject open = read("/fhir/metadata").bodyAsJsonObject().getJsonArray("rest").getJsonObject(0);
    JsonObject patient = open.getJsonArray("resource")
        .stream()
        .map(JsonObject.class::cast)
        .filter(resource -> resource.getString("type").equals("Patient"))
        .findFirst()
        .orElseThrow();
    assertTrue(patient.getJsonArray("searchRevInclude").contains("Observation:subject"));
    assertFalse(patient.getJsonArray("searchRevInclude").contains("Observation:device"));
    assertNull(open.getJsonObject("security"));

    ObjectNode said = Trees.own("""
        {"authorization_endpoint":"https://id.example/authorize","token_endpoint":"https://id.example/token"}"""
        .getBytes(StandardCharsets.UTF_8));
    Buffer asking = new Capability(ward.store, "1", "2026-11-20T10:00:00Z",
        () -> new Authority(true, "https://id.example", said)).told("https://fhir.example/fhir", List.of()).text();
    JsonObject security = asking.toJsonObject().getJsonArray("rest").getJsonObject(0).getJsonObject("security");
    assertEquals("OAuth", security.getJsonArray("service")
        .getJsonObject(0)
        .getJsonArray("coding")
        .getJsonObject(0)
        .getString("code"));
    assertTrue(security.getJsonArray("extension").encode().contains("https://id.example/token"), security.encode());
  }

  @Test
  void idsOfAWrongFormAreRefused() {
    assertEquals(400, read("/fhir/Patient/a_b").statusCode());
    assertEquals(400, read("/fhir/Patient/" + "a".repeat(65)).statusCode());
    assertEquals(404, read("/fhir/Patient/none/_history/1").statusCode());
    assertEquals(404, read("/fhir/Patient/none/_history/x").statusCode());
  }

  @Test
  void metadataIsTrueToTheRoutes() {
    JsonObject statement = read("/fhir/metadata").bodyAsJsonObject();

    assertEquals("4.0.1", statement.getString("fhirVersion"));
    assertEquals(List.of("meta", "versions"), statement.getJsonArray("rest")
        .getJsonObject(0)
        .getJsonArray("operation")
        .stream()
        .map(operation -> ((JsonObject) operation).getString("name"))
        .toList());
    List<String> types = new ArrayList<>(List.of("AuditEvent"));
    ResourceTypes.ALL.stream().filter(type -> !type.equals("AuditEvent")).forEach(types::add);
    assertEquals(types, statement.getJsonArray("rest")
        .getJsonObject(0)
        .getJsonArray("resource")
        .stream()
        .map(resource -> ((JsonObject) resource).getString("type"))
        .toList());
  }

  @Test
  void whatThisDoorAnswersKeepsTheRulesItself() throws Exception {
    String id = "client-" + UUID.randomUUID();
    put(id, "A");
    put(id, "B");
    for (String address : List.of("metadata", "Patient/" + id, "Patient/" + id + "/_history",
        "Patient?_count=2&nosuch=x",
        "Patient?_count=2&_total=accurate", "Patient/nobody", "Patient/" + id + "/$meta",
        "Patient/" + id + "/$everything")) {
      byte[] answer = read("/fhir/" + address).body().getBytes();

      assertEquals(List.of(), Rules.check((ObjectNode) Trees.read(answer)), address);
    }
  }

  @Test
  void aHundredMegabytesAreRefusedWhileTheyCome() {
    Buffer large = Buffer.buffer(new byte[100 << 20]);

    assertEquals(413, ward.send("POST", "/fhir/Patient", large, "Content-Type", "application/fhir+xml").statusCode());
    assertEquals(200, read("/fhir/metadata").statusCode());
  }

  @Test
  void aHundredThousandWrongKeysAreToldShortly() {
    StringBuilder many = new StringBuilder("{\"resourceType\":\"Patient\"");
    for (int i = 0; i < 100_000; i++) many.append(",\"k").append(i).append("\":[1]");

    HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient", many.append("}").toString());

    assertEquals(422, refused.statusCode());
    assertEquals(Rules.MOST_ISSUES + 1, refused.bodyAsJsonObject().getJsonArray("issue").size());
  }

  @Test
  void prettyIsIndentedAndAPartIsTagged() {
    String address = location(ward.send("POST", "/fhir/Patient", PATIENT)).replaceFirst("/_history.*", "");

    for (String yes : List.of("true", "True", "TRUE"))
      assertTrue(read(address + "?_pretty=" + yes).bodyAsString().contains("\n  \"name\""));
    assertEquals(200, read(address + "?_pretty=False").statusCode());
    assertEquals(400, read("/fhir/Patient/_history?_at=lt2026").statusCode());
    assertEquals(400, read(address + "?_summary=short").statusCode());
    assertEquals(400, read(address + "?_pretty=perhaps").statusCode());
    assertEquals(400, read("/fhir/Patient/%zz").statusCode());
    JsonObject part = read(address + "?_elements=gender").bodyAsJsonObject();
    assertFalse(part.containsKey("name"));
    JsonObject summary = read(address + "?_summary=True").bodyAsJsonObject();
    assertTrue(summary.containsKey("name"));
    assertFalse(read(address + "?_summary=text").bodyAsJsonObject().containsKey("name"));
    assertTrue(read(address + "?_summary=data").bodyAsJsonObject().containsKey("name"));
    assertEquals("SUBSETTED", part.getJsonObject("meta").getJsonArray("tag").getJsonObject(0).getString("code"));
  }

  private HttpResponse<Buffer> put(String id, String family, String... headers) {
    return ward.send("PUT", "/fhir/Patient/" + id,
        "{\"resourceType\":\"Patient\",\"id\":\"" + id + "\",\"name\":[{\"family\":\"" + family + "\"}]}", headers);
  }

  private HttpResponse<Buffer> read(String address) {
    return ward.send("GET", address, (String) null);
  }

  private String location(HttpResponse<Buffer> created) {
    return created.getHeader("Location").substring(ward.base().length());
  }

  private static String family(HttpResponse<Buffer> patient) {
    return patient.bodyAsJsonObject().getJsonArray("name").getJsonObject(0).getString("family");
  }

  private static JsonObject issue(HttpResponse<Buffer> response) {
    return response.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0);
  }

  private static Buffer gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      zip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return Buffer.buffer(bytes.toByteArray());
  }
}
