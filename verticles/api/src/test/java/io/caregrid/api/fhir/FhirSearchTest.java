package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.caregrid.store.FhirStore;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Search over HTTP on a real PostgreSQL: bundles, links, pages, and what happens to parameters that nobody knows. */
@ExtendWith(Ward.Key.class)
class FhirSearchTest {
  private final String mine = UUID.randomUUID().toString();
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
    for (int n = 0; n < 3; n++) {
      ward.send("POST", "/fhir/Patient",
          "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:t\",\"value\":\"" + mine
              + "\"}],\"birthDate\":\"195" + n + "-01-01\"}");
    }
  }

  private HttpResponse<Buffer> get(String address, String... headers) {
    return ward.send("GET", address, (String) null, headers);
  }

  private JsonObject found(String more) {
    return get("/fhir/Patient?identifier=urn:t%7C" + mine + more).bodyAsJsonObject();
  }

  @Test
  void aSearchsetHasSelfAndModesAndFullUrls() {
    JsonObject bundle = found("&_total=accurate");

    assertEquals("searchset", bundle.getString("type"));
    assertEquals(3, bundle.getInteger("total"));
    assertEquals(ward.base() + "/fhir/Patient?_total=accurate&identifier=urn:t%7C" + mine, link(bundle, "self"));
    for (Object one : bundle.getJsonArray("entry")) {
      JsonObject entry = (JsonObject) one;
      assertEquals("match", entry.getJsonObject("search").getString("mode"));
      assertEquals(ward.base() + "/fhir/Patient/" + entry.getJsonObject("resource").getString("id"),
          entry.getString("fullUrl"));
    }
  }

  @Test
  void pagesFollowEachOtherWithoutLossOrRepeat() {
    List<String> ids = new ArrayList<>();
    String address = "/fhir/Patient?identifier=urn:t%7C" + mine + "&_count=1";
    for (int page = 0; address != null && page < 5; page++) {
      JsonObject bundle = get(address).bodyAsJsonObject();
      bundle.getJsonArray("entry", new JsonArray())
          .forEach(entry -> ids.add(((JsonObject) entry).getJsonObject("resource").getString("id")));
      String next = link(bundle, "next");
      address = next == null ? null : next.substring(ward.base().length());
    }

    assertEquals(3, ids.size());
    assertEquals(3, ids.stream().distinct().count());
  }

  /** Samples of 70 + 2 × 1 to 70 + 2 × 6 a minute. */
  @Test
  void samplesAreFoundByTheRangeTheyReach() {
    String made = ward
        .send("POST", "/fhir/Observation", ("{'resourceType':'Observation','status':'final','code':{'text':'"
            + mine
            + "'},'valueSampledData':{'origin':{'value':70,'unit':'/min','system':'http://unitsofmeasure.org','code':'/min'},"
            + "'period':1000,'factor':2,'dimensions':1,'data':'1 2 E 6 L'}}").replace('\'', '"'))
        .bodyAsJsonObject()
        .getString("id");

    for (String reached : List.of("gt81", "lt73", "ge82|http://unitsofmeasure.org|/min",
        "gt1.3|http://unitsofmeasure.org|/s"))
      assertEquals(1, samples(made, reached), reached);
    for (String never : List.of("gt82", "lt72", "lt71|http://unitsofmeasure.org|/min", "gt81||kg"))
      assertEquals(0, samples(made, never), never);
  }

  private int samples(String id, String value) {
    return get("/fhir/Observation?_id=" + id + "&value-quantity=" + value.replace("|", "%7C").replace("/", "%2F"))
        .bodyAsJsonObject()
        .getJsonArray("entry", new JsonArray())
        .size();
  }

  @Test
  void aChainThatIsTooLongIsRefusedWithWhatIsPossible() {
    HttpResponse<Buffer> answered = get("/fhir/Organization?" + "partof.".repeat(32) + "name=x");
    HttpResponse<Buffer> refused = get("/fhir/Organization?" + "partof.".repeat(33) + "name=x");
    HttpResponse<Buffer> mixed = get("/fhir/Organization?" + "_has:Organization:partof:partof.".repeat(17) + "name=x");

    assertNotEquals(400, answered.statusCode(), answered.bodyAsString()); // a slow machine may find it too costly
    for (HttpResponse<Buffer> one : List.of(refused, mixed)) {
      assertEquals(400, one.statusCode());
      JsonObject issue = one.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0);
      assertTrue(issue.encode().contains("at most 32 links"), issue.encode());
    }
  }

  @Test
  void countingGivesTheTotalOnly() {
    for (String asked : List.of("&_summary=count", "&_count=0")) {
      JsonObject bundle = found(asked);
      assertEquals(3, bundle.getInteger("total"), asked);
      assertFalse(bundle.containsKey("entry"), asked);
    }
  }

  @Test
  void anUnknownParameterIsIgnoredAloudOrRefusedWhenStrict() {
    JsonObject lenient = found("&favourite-colour=blue");
    HttpResponse<Buffer> strict = get("/fhir/Patient?favourite-colour=blue", "Prefer", "handling=strict");

    JsonArray entries = lenient.getJsonArray("entry");
    JsonObject told = entries.getJsonObject(entries.size() - 1);
    assertEquals("outcome", told.getJsonObject("search").getString("mode"));
    assertTrue(told.encode().contains("favourite-colour"));
    assertFalse(link(lenient, "self").contains("colour"));
    assertEquals(400, strict.statusCode());
    assertTrue(strict.bodyAsString().contains("birthdate"));
  }

  @Test
  void postSearchReadsTheFormAndTheQuery() {
    HttpResponse<Buffer> posted = ward.send("POST", "/fhir/Patient/_search?_count=2",
        Buffer.buffer("identifier=urn%3At%7C" + mine), "Content-Type", "application/x-www-form-urlencoded");

    assertEquals(2, posted.bodyAsJsonObject().getJsonArray("entry").size());
    assertEquals(415, ward.send("POST", "/fhir/Patient/_search", "{}").statusCode());
  }

  @Test
  void valuesThatCannotBeReadNameTheParameter() {
    for (String bad : List.of("_count=many", "_total=some", "birthdate=soon", "_summary=short", "_page=nonsense",
        "_id=%zz")) {
      HttpResponse<Buffer> refused = get("/fhir/Patient?" + bad);
      assertEquals(400, refused.statusCode(), bad);
      assertEquals("OperationOutcome", refused.bodyAsJsonObject().getString("resourceType"));
    }
  }

  private String observed() {
    String patient = found("").getJsonArray("entry").getJsonObject(0).getJsonObject("resource").getString("id");
    ward.send("POST", "/fhir/Observation",
        "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"},\"identifier\":[{\"value\":\""
            + mine
            + "\"}],\"subject\":{\"reference\":\"Patient/" + patient + "\"}}");
    return patient;
  }

  @Test
  void aSearchOverSeveralTypesHasTheBaseForItsAddress() {
    observed();

    JsonObject all = get("/fhir?_type=Patient,Observation&identifier=" + mine + "&_total=accurate&_count=2")
        .bodyAsJsonObject();
    JsonObject posted = ward.send("POST", "/fhir/_search", Buffer.buffer("_type=Observation&identifier=" + mine),
        "Content-Type", "application/x-www-form-urlencoded").bodyAsJsonObject();

    assertEquals(4, all.getInteger("total"));
    assertEquals(ward.base() + "/fhir?_total=accurate&_count=2&_type=Patient,Observation&identifier=" + mine,
        link(all, "self"));
    JsonObject unknown = get("/fhir?_type=Nonsense").bodyAsJsonObject();
    assertEquals(0, unknown.getInteger("total"));
    assertTrue(unknown.encode().contains("no type of resource"), "what is no type has nothing, and that is said");
    JsonArray partly = get("/fhir?_type=Nonsense,Observation&identifier=" + mine).bodyAsJsonObject()
        .getJsonArray("entry");
    assertEquals(2, partly.size(), "the Observation, and that the other is no type");
    JsonObject rest = get(link(all, "next").substring(ward.base().length())).bodyAsJsonObject();
    assertEquals(2, rest.getJsonArray("entry").size());
    assertEquals(1, posted.getJsonArray("entry").size());
    assertEquals(400, get("/fhir?_type=Patient&favourite-colour=blue", "Prefer", "handling=strict").statusCode());
  }

  @Test
  void aCompartmentIsSearchedUnderTheAddressOfWhoseItIs() {
    String patient = observed();
    String address = "/fhir/Patient/" + patient + "/";

    JsonObject observations = get(address + "Observation?status=final").bodyAsJsonObject();

    assertEquals(1, observations.getJsonArray("entry").size());
    assertEquals(ward.base() + address + "Observation?status=final", link(observations, "self"));
    assertEquals(2, get(address + "*").bodyAsJsonObject().getJsonArray("entry").size());
    assertEquals(1, get(address + "*?_type=Observation").bodyAsJsonObject().getJsonArray("entry").size());
    assertEquals(1, get(address + "*?_type:not=Patient").bodyAsJsonObject().getJsonArray("entry").size());
    for (String none : List.of(address + "Nonsense", address + "Endpoint", "/fhir/Endpoint/x/Observation"))
      assertEquals(404, get(none).statusCode(), none);
  }

  @Test
  void whatIsIncludedSaysSoAndIsNotCounted() {
    observed();

    JsonObject bundle = get("/fhir/Observation?identifier=" + mine + "&_include=Observation:subject&_total=accurate")
        .bodyAsJsonObject();

    assertEquals(1, bundle.getInteger("total"));
    JsonArray entries = bundle.getJsonArray("entry");
    assertEquals("match", entries.getJsonObject(0).getJsonObject("search").getString("mode"));
    assertEquals("include", entries.getJsonObject(1).getJsonObject("search").getString("mode"));
    assertEquals("Patient", entries.getJsonObject(1).getJsonObject("resource").getString("resourceType"));
  }

  @Test
  void elementsAreOfWhatIsFoundAndNotOfWhatItBringsAlong() {
    observed();
    String address = "/fhir/Observation?identifier=" + mine + "&_include=Observation:subject&_elements=";

    JsonArray entries = get(address + "subject").bodyAsJsonObject().getJsonArray("entry");
    JsonArray typed = get(address + "subject,Patient.active").bodyAsJsonObject().getJsonArray("entry");

    assertFalse(entries.getJsonObject(0).getJsonObject("resource").containsKey("identifier"));
    assertTrue(entries.getJsonObject(1).getJsonObject("resource").containsKey("birthDate"));
    assertFalse(typed.getJsonObject(1).getJsonObject("resource").containsKey("birthDate"));
  }

  @Test
  void whatR4HasRefusedIsNotIgnored() {
    assertEquals(400, get("/fhir/Patient?_query=mine").statusCode());
    assertEquals(400, get("/fhir/Patient?_summary=text&_revinclude=Observation:subject").statusCode());
    assertEquals(200, get("/fhir/Patient?_contained=false&_count=1", "Prefer", "handling=strict").statusCode());
    assertEquals(400, get("/fhir/Patient?_contained=true", "Prefer", "handling=strict").statusCode());
  }

  @Test
  void whatCostsTooMuchIsAnAnswerOfItsOwn() {
    HttpResponse<Buffer> costly = get("/fhir/Patient?birthdate=" + "2020,".repeat(300));

    assertEquals(422, costly.statusCode());
    assertEquals("too-costly", costly.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0).getString("code"));
  }

  @Test
  void moreParametersOrALargerFormThanAnybodyNeedsAreRefused() {
    assertEquals(422, get("/fhir/Patient?" + "_tag=x&".repeat(200)).statusCode());
    assertEquals(422, get("/fhir?" + "_count=1&".repeat(200)).statusCode());
    for (String address : List.of("/fhir/Patient/_search", "/fhir/_search")) {
      assertEquals(413, ward.send("POST", address, Buffer.buffer("_id=" + "x,".repeat(600_000)), "Content-Type",
          "application/x-www-form-urlencoded").statusCode());
    }
  }

  /** A page of a thousand of the largest would be sixteen gigabytes. */
  @Test
  void aPageHasSoManyBytesAndTheNextOneGoesOn() throws Exception {
    String data = "QUJD".repeat(9 << 18);
    List<String> ids = new ArrayList<>();
    for (int n = 0; n < 3; n++)
      ids.add(
          ward.send("POST", "/fhir/Binary", "{\"resourceType\":\"Binary\",\"contentType\":\"text/plain\",\"data\":\""
              + data + "\"}", "Prefer", "return=representation").bodyAsJsonObject().getString("id"));

    JsonObject first = get("/fhir/Binary?_id=" + String.join(",", ids)).bodyAsJsonObject();
    JsonObject second = get(link(first, "next").substring(ward.base().length())).bodyAsJsonObject();

    assertEquals(2, first.getJsonArray("entry").size());
    assertEquals(1, second.getJsonArray("entry").size());
    HttpResponse<Buffer> zipped = get("/fhir/Binary?_id=" + String.join(",", ids), "Accept-Encoding", "gzip");
    try (GZIPInputStream plain = new GZIPInputStream(new ByteArrayInputStream(zipped.body().getBytes()))) {
      JsonArray same = Buffer.buffer(plain.readAllBytes()).toJsonObject().getJsonArray("entry");
      assertTrue(first.getJsonArray("entry").equals(same), "what is zipped is another answer");
    }
    for (String id : ids) ward.send("DELETE", "/fhir/Binary/" + id, (String) null);
  }

  @Test
  void metadataNamesEverySearchParameterOfTheStore() {
    JsonArray resources = get("/fhir/metadata").bodyAsJsonObject()
        .getJsonArray("rest")
        .getJsonObject(0)
        .getJsonArray("resource");
    for (Object one : resources) {
      JsonObject resource = (JsonObject) one;
      String type = resource.getString("type");
      Map<String, String> params = type.equals("AuditEvent") ? AuditSearch.PARAMS : FhirStore.searchParams(type);
      assertEquals(params.size(), resource.getJsonArray("searchParam").size());
    }
  }

  private static String link(JsonObject bundle, String relation) {
    for (Object one : bundle.getJsonArray("link")) {
      if (((JsonObject) one).getString("relation").equals(relation)) return ((JsonObject) one).getString("url");
    }
    return null;
  }

  @Test
  void whatCannotBeReadAnyMoreIsNamedBesideWhatIsFound() {
    String lost = found("").getJsonArray("entry").getJsonObject(0).getJsonObject("resource").getString("id");
    ward.sql("update r_patient set body = '\\x09' where id = '" + lost + "'");

    JsonArray entries = found("").getJsonArray("entry");
    JsonObject history = get("/fhir/Patient/" + lost + "/_history").bodyAsJsonObject();
    HttpResponse<Buffer> read = get("/fhir/Patient/" + lost);

    assertEquals(3, entries.size());
    JsonObject told = entries.getJsonObject(2);
    assertEquals("outcome", told.getJsonObject("search").getString("mode"));
    assertTrue(told.getJsonObject("resource").encode().contains("version 1 of Patient/" + lost), told.encode());
    assertTrue(history.getJsonArray("entry").getJsonObject(0).getJsonObject("response").containsKey("outcome"),
        history.encode());
    assertEquals(500, read.statusCode());
    assertEquals("exception", read.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0).getString("code"));
  }
}
