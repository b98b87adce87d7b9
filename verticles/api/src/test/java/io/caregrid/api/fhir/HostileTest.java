package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.io.ByteArrayInputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What nobody who means well would send: each gets an answer that says what is wrong, soon, and whoever comes next is served. */
@ExtendWith(Ward.Key.class)
class HostileTest {
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  @Test
  void mimeTypesOfNothingAreRefused() {
    assertEquals(415, ward.send("POST", "/fhir/Patient", Buffer.buffer("{}"), "Content-Type", ";").statusCode());
    assertEquals(406, ward.send("GET", "/fhir/Patient", (String) null, "Accept", ";").statusCode());
    assertEquals(406, ward.send("GET", "/fhir/Patient?_format=%3B", (String) null).statusCode());
  }

  @Test
  void xmlThatBreaksInsideOfTextIsToldAsSuch() {
    for (String broken : new String[] {"<Patient xmlns='http://hl7.org/fhir'><![CDATA[",
      "<Patient xmlns='http://hl7.org/fhir'><text><div xmlns='http://www.w3.org/1999/xhtml'>a &am\u0015; b"}) {
      HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient", Buffer.buffer(broken), "Content-Type",
          "application/fhir+xml", "Accept", "application/fhir+json");

      assertEquals(400, refused.statusCode(), refused.bodyAsString());
    }
  }

  @Test
  void containedThatIsNoArrayIsToldAsSuch() {
    HttpResponse<Buffer> refused = send("POST", "Patient", "{'resourceType':'Patient','contained':{'a':1}}");

    assertEquals(422, refused.statusCode());
    assertEquals("Patient.contained must be an array", diagnostics(refused));
  }

  @Test
  void whatIsAsDeepAsItMayBeCanBeReadInEveryForm() {
    String tag = UUID.randomUUID().toString();
    String deep = questionnaire(98).replaceFirst("'status'",
        "'meta':{'tag':[{'system':'urn:deep','code':'" + tag + "'}]},'status'");
    HttpResponse<Buffer> made = send("POST", "Questionnaire", deep);
    assertEquals(201, made.statusCode(), made.bodyAsString());
    String id = made.bodyAsJsonObject().getString("id");

    for (String shape : new String[] {"_format=xml", "_pretty=true", "_summary=data", "_elements=status"}) {
      assertEquals(200, status("Questionnaire/" + id + "?" + shape), shape);
      assertEquals(200, status("Questionnaire?_tag=urn:deep|" + tag + "&" + shape), shape);
      assertEquals(200, status("Questionnaire/" + id + "/_history?" + shape), shape);
    }
    HttpResponse<Buffer> batch = ward.send("POST", "/fhir",
        ("{'resourceType':'Bundle','type':'batch','entry':[{'request':{'method':'GET','url':'Questionnaire?_tag=urn:deep|"
            + tag + "'}}]}").replace('\'', '"'),
        "Accept", "application/fhir+xml");
    assertEquals(200, batch.statusCode(), batch.bodyAsString());
  }

  @Test
  void aPatchCannotMakeAnythingDeeperThanItMayBe() {
    String id = send("POST", "Questionnaire", questionnaire(60)).bodyAsJsonObject().getString("id");
    String patch = "[{'op':'copy','from':'/item','path':'" + "/item/0".repeat(60) + "/item'}]";

    HttpResponse<Buffer> refused = ward.send("PATCH", "/fhir/Questionnaire/" + id,
        Buffer.buffer(patch.replace('\'', '"')), "Content-Type", "application/json-patch+json");

    assertEquals(422, refused.statusCode(), refused.bodyAsString());
    assertTrue(diagnostics(refused).contains("deep"), refused.bodyAsString());
    assertEquals(200, status("Questionnaire/" + id + "?_format=xml"));
  }

  @Test
  void longKeysAreNotRepeatedAtLength() {
    String key = "k\ud800".repeat(10_000);

    HttpResponse<Buffer> refused = send("POST", "Patient",
        "{'resourceType':'Patient','" + key + "':{'a':1,'a':2}}");

    assertEquals(400, refused.statusCode());
    assertTrue(refused.body().length() < 1_000, "it is " + refused.body().length() + " bytes long");
  }

  @Test
  void fiftyThousandTagsAreAddedWhileACallerWaits() {
    String id = send("POST", "Patient", "{'resourceType':'Patient'}").bodyAsJsonObject().getString("id");
    JsonArray tags = new JsonArray();
    for (int i = 0; i < 50_000; i++) tags.add(new JsonObject().put("system", "urn:many").put("code", "c" + i));
    String many = new JsonObject().put("resourceType", "Parameters")
        .put("parameter", new JsonArray().add(new JsonObject().put("name", "meta")
            .put("valueMeta", new JsonObject().put("tag", tags))))
        .encode();

    assertEquals(200, ward.send("POST", "/fhir/Patient/" + id + "/$meta-add", many).statusCode());
  }

  @Test
  void aFormOfMegabytesIsRefused() {
    HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient/_search",
        Buffer.buffer("a=1&".repeat(1 << 20)), "Content-Type", "application/x-www-form-urlencoded");

    assertEquals(413, refused.statusCode());
    assertEquals(200, ward.send("POST", "/fhir/Patient/_search", Buffer.buffer("_count=1&_id=a,b"), "Content-Type",
        "application/x-www-form-urlencoded").statusCode());
  }

  /** Slow senders, each with a little less than a resource may have: their bodies are never all in memory. */
  @Test
  @Tag("full")
  void senderAfterSenderIsRefusedBeforeTheHeapIsFull() {
    long most = BundleRoom.HEAP.most();
    int enough = (int) (2 + most / (Bodies.MAX_BYTES - (64 << 10)));
    HttpClient client = ward.vertx.createHttpClient(new PoolOptions().setHttp1MaxSize(enough));
    List<HttpClientRequest> open = new ArrayList<>();
    List<Future<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < enough; i++) {
      HttpClientRequest request = Ward
          .get(client.request(HttpMethod.POST, ward.port(), "127.0.0.1", "/fhir/Patient"));
      request.putHeader("Content-Type", "application/fhir+json").setChunked(true);
      answers.add(request.response().map(HttpClientResponse::statusCode));
      open.add(request);
      Ward.get(request.write(Buffer.buffer(new byte[Bodies.MAX_BYTES - 1])));
    }

    Ward.get(Future.any(answers));
    assertEquals(List.of(503), answers.stream().filter(Future::succeeded).map(Future::result).distinct().toList());
    assertEquals(201, send("POST", "Patient", "{'resourceType':'Patient'}").statusCode(), "small ones are let through");
    open.forEach(HttpClientRequest::reset);
    int beside = 503;
    for (int tries = 0; tries < 2_000 && beside == 503; tries++) {
      beside = send("POST", "Patient", "{'resourceType':'Patient','x':'" + "x".repeat(1 << 20) + "'}").statusCode();
    }

    assertEquals(422, beside, "what they took has been given back");
    Ward.get(client.close());
  }

  /** Of ten megabytes. Zipping them at once would be a tenth of a second in which nobody else is served. */
  @Test
  void aLargeAnswerComesWholeZippedOrNot() throws Exception {
    String made = "{'resourceType':'Binary','contentType':'text/plain','data':'" + "QUJD".repeat(2_500_000) + "'}";
    String id = send("POST", "Binary", made).bodyAsJsonObject().getString("id");

    HttpResponse<Buffer> plain = ward.send("GET", "/fhir/Binary/" + id, (String) null, "Accept",
        "application/fhir+json");
    HttpResponse<Buffer> zipped = ward.send("GET", "/fhir/Binary/" + id, (String) null, "Accept",
        "application/fhir+json", "Accept-Encoding", "gzip");
    HttpResponse<Buffer> head = ward.send("HEAD", "/fhir/Binary/" + id, (String) null, "Accept",
        "application/fhir+json");

    assertEquals(String.valueOf(plain.body().length()), plain.getHeader("Content-Length"));
    assertTrue(plain.bodyAsString().endsWith("QUJD\"}"), "it is whole");
    assertEquals("gzip", zipped.getHeader("Content-Encoding"));
    assertTrue(zipped.body().length() < plain.body().length() / 10);
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped.body().getBytes()))) {
      assertEquals(plain.body(), Buffer.buffer(in.readAllBytes()));
    }
    assertEquals(200, head.statusCode());
    assertEquals(plain.getHeader("ETag"), head.getHeader("ETag"));
  }

  @Test
  void theTrailIsNotFoundByWayOfOtherTypes() {
    String id = send("POST", "Patient", "{'resourceType':'Patient'}").bodyAsJsonObject().getString("id");
    for (String address : new String[] {"Patient/" + id + "/AuditEvent", "Patient/" + id + "/*?_type=AuditEvent",
      "_search?_type=AuditEvent", "?_type=AuditEvent", "Patient?_id=" + id + "&_revinclude=AuditEvent:entity",
      "Patient?_id=" + id + "&_revinclude=AuditEvent:*", "Patient?_has:AuditEvent:entity:action=R",
      "Patient/" + id + "/$everything?_type=AuditEvent"}) {
      HttpResponse<Buffer> answer = ward.send("GET", "/fhir/" + address, (String) null);
      assertFalse(answer.bodyAsString().contains("\"resourceType\":\"AuditEvent\""), address);
      assertTrue(answer.statusCode() < 500, address);
    }
  }

  private static String weight(String value) {
    return "{'resourceType':'Observation','status':'final','code':{'text':'weight'},'valueQuantity':{'value':" + value
        + "}}";
  }

  @Test
  void aNumberOfAThousandDigitsIsKeptAndFoundAndALongerOneIsRefused() {
    String digits = "12" + "3".repeat(998);
    HttpResponse<Buffer> made = send("POST", "Observation", weight(digits));
    assertEquals(201, made.statusCode(), made.bodyAsString());
    String id = made.bodyAsJsonObject().getString("id");

    assertTrue(ward.send("GET", "/fhir/Observation/" + id, (String) null).bodyAsString().contains(digits));
    for (String value : new String[] {digits.substring(0, 40) + "e960", "gt1e998", "sa1e999", "lt2e999"}) {
      HttpResponse<Buffer> found = ward.send("GET", "/fhir/Observation?_id=" + id + "&value-quantity=" + value,
          (String) null);
      assertEquals(200, found.statusCode(), found.bodyAsString());
      assertTrue(found.bodyAsString().contains(id), value);
    }
    assertEquals(400, send("POST", "Observation", weight(digits + "4")).statusCode());
    assertEquals(400, send("POST", "Observation", weight("1e1001")).statusCode());
    assertEquals(400, send("POST", "Observation", weight("1e-999999999")).statusCode());
    for (String value : new String[] {digits, "1e1001", "1e-999999999", "9".repeat(4_001)})
      assertTrue(List.of(400, 422).contains(status("Observation?value-quantity=" + value)), value);
  }

  @Test
  void datesFromTheFirstYearToTheLastAreKeptAndFound() {
    String family = "f" + UUID.randomUUID();
    for (String date : new String[] {"0001", "0001-01-01", "1582-10-10", "9999", "9999-12-31"})
      assertEquals(201, send("POST", "Patient",
          "{'resourceType':'Patient','name':[{'family':'" + family + "'}],'birthDate':'" + date + "'}").statusCode());

    assertEquals(List.of("9999-12-31"), born(family, "9999-12-31"));
    assertEquals(List.of("9999-12-31", "9999"), born(family, "9999"));
    assertEquals(List.of("9999-12-31", "9999"), born(family, "gt2200"));
    assertEquals(List.of("0001-01-01"), born(family, "0001-01-01"));
    assertEquals(List.of("0001-01-01", "0001"), born(family, "lt1500"));
    assertEquals(List.of("1582-10-10"), born(family, "1582-10-10"));
    assertEquals(List.of("9999-12-31", "9999", "1582-10-10", "0001-01-01", "0001"), born(family, "ne2026"));
    for (String none : new String[] {"0000", "0000-01-01", "10000-01-01", "-0001", "2026-02-30", "2026-13", "99999"}) {
      assertEquals(422, send("POST", "Patient", "{'resourceType':'Patient','birthDate':'" + none + "'}").statusCode(),
          none);
      assertEquals(400, status("Patient?birthdate=" + none), none);
    }
    for (String edge : new String[] {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
      "0001-01-01T00:00:00+14:00"}) {
      assertEquals(201,
          send("POST", "Observation", "{'resourceType':'Observation','status':'final','code':{'text':'x'},"
              + "'effectiveDateTime':'" + edge + "'}").statusCode(),
          edge);
      assertEquals(200, status("Observation?date=" + edge.replace("+", "%2B")), edge);
      assertEquals(200, status("Observation?_lastUpdated=lt" + edge.replace("+", "%2B")), edge);
      assertEquals(200, status("Observation/_history?_since=" + edge.replace("+", "%2B")), edge);
    }
  }

  /** Newest first. */
  private List<String> born(String family, String when) {
    JsonArray found = ward.send("GET", "/fhir/Patient?family=" + family + "&birthdate=" + when, (String) null)
        .bodyAsJsonObject()
        .getJsonArray("entry", new JsonArray());
    List<String> dates = new ArrayList<>();
    for (int i = 0; i < found.size(); i++)
      dates.add(found.getJsonObject(i).getJsonObject("resource").getString("birthDate"));
    return dates;
  }

  @Test
  void anIdWithAnyOtherCharacterIsRefusedWhateverIsDoneWithIt() {
    StringBuilder odd = new StringBuilder("\u0100\u2028\ufeff\uffff\ud83d\ude00");
    for (char c = 0; c < 256; c++) odd.append(c);
    for (int i = 0; i < odd.length(); i += Character.charCount(odd.codePointAt(i))) {
      String letter = Character.toString(odd.codePointAt(i));
      boolean legal = letter.matches("[A-Za-z0-9\\-.]");
      String id = "odd" + letter + "id";
      String address = "/fhir/Basic/" + URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
      String what = "U+" + Integer.toHexString(letter.codePointAt(0));
      String body = new JsonObject().put("resourceType", "Basic")
          .put("id", id)
          .put("code", new JsonObject().put("text", "x"))
          .encode();

      int put = ward.send("PUT", address, body).statusCode();
      int read = ward.send("GET", address, (String) null).statusCode();

      assertTrue(legal ? put == 201 || put == 200 : put >= 400 && put < 500, what + ": " + put);
      assertTrue(legal ? read == 200 : read >= 400 && read < 500, what + ": " + read);
    }
  }

  @Test
  void entitiesOfXmlAreNotEvenLookedAt() {
    for (String inside : new String[] {"<!ENTITY x SYSTEM 'file:///etc/hostname'>",
      "<!ENTITY x SYSTEM 'http://127.0.0.1:" + ward.port() + "/health/live'>",
      "<!ENTITY a 'aaaaaaaaaa'><!ENTITY x '&a;&a;&a;&a;&a;&a;&a;&a;'>",
      "<!ENTITY % p SYSTEM 'file:///etc/hostname'> %p;"}) {
      HttpResponse<Buffer> refused = ward.send("POST", "/fhir/Patient",
          Buffer.buffer("<?xml version='1.0'?><!DOCTYPE Patient [" + inside
              + "]><Patient xmlns='http://hl7.org/fhir'><name><family value='&x;'/></name></Patient>"),
          "Content-Type", "application/fhir+xml", "Accept", "application/fhir+json");

      assertEquals(400, refused.statusCode(), refused.bodyAsString());
      assertTrue(diagnostics(refused).contains("document type"), refused.bodyAsString());
    }
  }

  @Test
  void bundlesAndSearchesThatGoRoundInCirclesEnd() {
    String tag = UUID.randomUUID().toString();
    String place = "{'fullUrl':'urn:uuid:%1$s','request':{'method':'POST','url':'Location'},'resource':{'resourceType':'Location',"
        + "'meta':{'tag':[{'system':'urn:round','code':'" + tag + "'}]},'partOf':{'reference':'urn:uuid:%2$s'}}}";
    String one = UUID.randomUUID().toString();
    String two = UUID.randomUUID().toString();
    HttpResponse<Buffer> made = send("POST", "", "{'resourceType':'Bundle','type':'transaction','entry':["
        + place.formatted(one, two) + "," + place.formatted(two, one) + ","
        + place.formatted(UUID.randomUUID(), one) + "]}");
    assertEquals(200, made.statusCode(), made.bodyAsString());

    for (String round : new String[] {"&_include:iterate=Location:partof", "&_revinclude:iterate=Location:partof",
      "&_include:iterate=*&_revinclude:iterate=Location:*", "&partof.partof.partof.partof._tag=urn:round%7C" + tag,
      "&_has:Location:partof:_has:Location:partof:_tag=urn:round%7C" + tag}) {
      HttpResponse<Buffer> found = ward.send("GET", "/fhir/Location?_tag=urn:round%7C" + tag + round, (String) null);
      assertEquals(200, found.statusCode(), found.bodyAsString());
      int entries = found.bodyAsJsonObject().getJsonArray("entry").size();
      assertTrue(entries == 2 || entries == 3, round + ": " + entries);
    }
    String inside = "{'resourceType':'Bundle','type':'collection','entry':[{'resource':".repeat(80)
        + "{'resourceType':'Patient'}" + "}]}".repeat(80);
    int nested = send("POST", "Bundle", inside).statusCode();
    assertTrue(nested >= 400 && nested < 500, "a bundle in a bundle in a bundle: " + nested);
    HttpResponse<Buffer> itself = send("POST", "", "{'resourceType':'Bundle','type':'batch','entry':[{'request':"
        + "{'method':'POST','url':''},'resource':{'resourceType':'Bundle','type':'batch'}}]}");
    assertTrue(itself.statusCode() < 500 && !itself.bodyAsString().contains("\"status\":\"5"), itself.bodyAsString());
  }

  @Test
  void expressionsMadeToRunForEverEndThePatchAndNotTheNode() {
    String id = send("POST", "Patient", "{'resourceType':'Patient','name':[{'family':'" + "a".repeat(60) + "'}]}")
        .bodyAsJsonObject()
        .getString("id");
    for (String path : new String[] {"Patient.name.where(family.matches('(a+)+b'))",
      "Patient.name.where(family.replaceMatches('(a|aa)+$', 'x') = '')",
      "Patient.descendants()" + ".select(%resource.descendants())".repeat(30), "Patient.repeat(repeat(children()))",
      "Patient.name.where(" + "(".repeat(5_000) + "true" + ")".repeat(5_000) + ")"}) {
      String patch = new JsonObject().put("resourceType", "Parameters")
          .put("parameter", new JsonArray().add(new JsonObject().put("name", "operation")
              .put("part", new JsonArray().add(new JsonObject().put("name", "type").put("valueCode", "delete"))
                  .add(new JsonObject().put("name", "path").put("valueString", path)))))
          .encode();

      Instant begun = Instant.now();
      int refused = ward.send("PATCH", "/fhir/Patient/" + id, patch).statusCode();
      Duration taken = Duration.between(begun, Instant.now());

      assertTrue(taken.toSeconds() < 60, path.substring(0, 30) + "… took " + taken);
      assertTrue(refused == 200 || refused >= 400 && refused < 500, path.substring(0, 30) + "…: " + refused);
      assertEquals(200, status("Patient/" + id));
    }
  }

  @Test
  @Tag("full")
  void aBundleOfTenThousandEntriesIsDoneWhole() {
    String tag = UUID.randomUUID().toString();
    StringBuilder entries = new StringBuilder();
    for (int i = 0; i < 10_000; i++)
      entries.append(i == 0 ? "" : ",")
          .append(
              "{'request':{'method':'POST','url':'Basic'},'resource':{'resourceType':'Basic','meta':{'tag':[{'system':'urn:ten','code':'")
          .append(tag)
          .append("'}]},'code':{'text':'n")
          .append(i)
          .append("'}}}");
    for (String type : new String[] {"transaction", "batch"}) {
      HttpResponse<Buffer> done = ward.sendLong("POST", "/fhir",
          ("{'resourceType':'Bundle','type':'" + type + "','entry':[" + entries + "]}").replace('\'', '"'));

      assertEquals(200, done.statusCode());
      assertEquals(10_000, done.bodyAsString().split("\"status\":\"201").length - 1, type);
    }
    assertEquals(20_000, ward.send("GET", "/fhir/Basic?_summary=count&_tag=urn:ten%7C" + tag, (String) null)
        .bodyAsJsonObject()
        .getInteger("total"));
  }

  private static String questionnaire(int levels) {
    StringBuilder items = new StringBuilder();
    for (int i = 1; i < levels; i++) items.append("'item':[{'linkId':'").append(i).append("','type':'group',");
    items.append("'item':[{'linkId':'0','type':'string'").append("}]".repeat(levels));
    return "{'resourceType':'Questionnaire','status':'draft'," + items + "}";
  }

  private int status(String address) {
    return ward.send("GET", "/fhir/" + address.replace("|", "%7C"), (String) null).statusCode();
  }

  private HttpResponse<Buffer> send(String verb, String address, String json) {
    return ward.send(verb, "/fhir/" + address, json.replace('\'', '"'));
  }

  private static String diagnostics(HttpResponse<Buffer> response) {
    return response.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0).getString("diagnostics");
  }
}
