package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.Ward;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code $validate}, {@code $meta} and {@code $everything} over HTTP on a real PostgreSQL. Profiles are ProfilesIT's. */
@ExtendWith(Ward.Key.class)
class FhirOperationsTest {
  private static final int TOO_COSTLY = 422;
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  @Test
  void validateSaysWhatAWriteWouldSayAndKeepsNothing() {
    JsonObject good = post("Patient/$validate", "{'resourceType':'Patient','gender':'male'}");
    JsonObject bad = post("Patient/$validate", "{'resourceType':'Patient','gender':'robot','nmae':1}");

    assertEquals(List.of("information"), severities(good));
    assertEquals(List.of("error", "error"), severities(bad));
    assertEquals("Patient.gender", bad.getJsonArray("issue").getJsonObject(0).getJsonArray("expression").getString(0));
    assertEquals(List.of("error"), severities(post("Patient/$validate", "{'resourceType':'Device'}")));
  }

  @Test
  void validateTakesParametersAndWhatIsStored() {
    JsonObject bad = post("Observation/$validate",
        "{'resourceType':'Parameters','parameter':[{'name':'mode','valueCode':'create'},{'name':'resource','resource':{'resourceType':'Observation'}}]}");
    String id = made("Patient", "{'resourceType':'Patient'}");

    assertEquals(List.of("error", "error"), severities(bad));
    assertEquals(List.of("information"), severities(get("Patient/" + id + "/$validate")));
    assertEquals(404, status("GET", "Patient/nobody/$validate", null));
    assertEquals(400, status("POST", "Patient/$validate", "{'resourceType':"));
    assertEquals(400, status("POST", "Patient/$validate?mode=guess", "{'resourceType':'Patient'}"));
    assertEquals(400, status("POST", "Patient/$validate", "{'resourceType':'Parameters'}"));
    String profiled = "{'resourceType':'Parameters','parameter':[{'name':'profile','@':1},{'name':'resource','resource':{'resourceType':'Patient'}}]}";
    assertEquals(400, status("POST", "Patient/$validate", profiled.replace("'@':1", "'valueBoolean':true")));
    assertEquals(400,
        status("POST", "Patient/$validate", profiled.replace("'profile','@':1", "'mode','valueString':'guess'")));
  }

  @Test
  void metaIsToldAddedToAndTakenFrom() {
    String patient = "Patient/"
        + made("Patient", "{'resourceType':'Patient','meta':{'tag':[{'system':'urn:t','code':'a'}]}}");
    String more = "{'resourceType':'Parameters','parameter':[{'name':'meta','valueMeta':{'profile':['urn:p'],'tag':[{'system':'urn:t','code':'a'},{'system':'urn:t','code':'b'}]}}]}";

    assertEquals(Set.of("a", "b"), tags(post(patient + "/$meta-add", more)));
    assertEquals(Set.of("a", "b"), tags(get(patient + "/$meta")));
    assertEquals(Set.of(), tags(post(patient + "/$meta-delete", more)));
    assertFalse(get(patient).getJsonObject("meta").containsKey("profile"));
    assertEquals(400, status("POST", patient + "/$meta-add", "{'resourceType':'Parameters'}"));
  }

  @Test
  void metaOfATypeAndOfTheSystemTellsTheLabelsInUse() {
    made("EnrollmentRequest",
        "{'resourceType':'EnrollmentRequest','meta':{'profile':['urn:whole:p'],'tag':[{'system':'urn:whole','code':'basic'}]}}");
    made("Flag",
        "{'resourceType':'Flag','status':'active','code':{'text':'x'},'subject':{'reference':'Patient/nobody'},'meta':{'tag':[{'system':'urn:whole','code':'flag'}]}}");

    assertEquals(Set.of("basic"), tags(labels("GET", "EnrollmentRequest/$meta").bodyAsJsonObject()));
    assertEquals(List.of("urn:whole:p"), labels("GET", "EnrollmentRequest/$meta").bodyAsJsonObject()
        .getJsonArray("parameter")
        .getJsonObject(0)
        .getJsonObject("valueMeta")
        .getJsonArray("profile")
        .getList());
    assertTrue(tags(labels("GET", "$meta").bodyAsJsonObject()).containsAll(Set.of("basic", "flag")));
    assertEquals(labels("GET", "EnrollmentRequest/$meta").bodyAsJsonObject(),
        post("EnrollmentRequest/$meta", "{'resourceType':'Parameters'}"));
    assertTrue(tags(labels("POST", "$meta").bodyAsJsonObject()).contains("flag"));
    assertEquals("{\"resourceType\":\"Parameters\"}",
        labels("GET", "EnrollmentResponse/$meta").bodyAsJsonObject().encode());
    assertTrue(labels("GET", "$meta?_format=xml").bodyAsString().contains("<Parameters"));
    assertEquals(200, labels("HEAD", "EnrollmentRequest/$meta").statusCode());
    assertEquals(404, status("GET", "Nothing/$meta", null));
    assertTrue(status("GET", "AuditEvent/$meta", null) >= 400);
    assertEquals(400, status("POST", "$meta", "{'resourceType':'Patient'}"));
    assertEquals(405, status("DELETE", "$meta", null));
  }

  @Test
  void tagsThatComeAtTheSameTimeAreAllThere() {
    String patient = "Patient/" + made("Patient", "{'resourceType':'Patient'}");

    IntStream.range(0, 8)
        .parallel()
        .forEach(i -> post(patient + "/$meta-add",
            "{'resourceType':'Parameters','parameter':[{'name':'meta','valueMeta':{'tag':[{'system':'urn:t','code':'c"
                + i + "'}]}}]}"));

    assertEquals(8, tags(get(patient + "/$meta")).size());
  }

  @Test
  void everythingIsThePatientsAndNobodyElses() {
    String organization = made("Organization", "{'resourceType':'Organization','name':'o'}");
    String patient = made("Patient",
        "{'resourceType':'Patient','managingOrganization':{'reference':'Organization/" + organization + "'}}");
    String other = made("Patient", "{'resourceType':'Patient'}");
    String encounter = made("Encounter",
        "{'resourceType':'Encounter','status':'finished','class':{'code':'AMB'},'subject':{'reference':'Patient/"
            + patient + "'},'period':{'start':'2020-01-01'}}");
    String early = made("Observation", observation(patient, "2010-05", encounter));
    String late = made("Observation", observation(patient, "2020-01-01T10:00:00Z", encounter));
    made("Observation", observation(other, "2010", null));

    String all = "Patient/" + patient + "/$everything";
    assertEquals(Set.of(organization, patient, encounter, early, late), ids(all));
    assertEquals(Set.of(organization, patient, encounter, early, late), ids(all + "?_count=1"));
    assertEquals(Set.of(organization, patient, early), ids(all + "?start=2010-01-01&end=2010-12-31"));
    assertEquals(Set.of(organization, patient, early), ids(all + "?start=2010&end=2010-05"),
        "a year's first day, a month's last");
    assertEquals(Set.of(early, late), ids(all + "?_type=Observation"));
    JsonObject told = get(all + "?_type=Observation&_typeFilter=x");
    assertEquals("outcome", told.getJsonArray("entry").getJsonObject(2).getJsonObject("search").getString("mode"));
    assertFalse(told.getJsonArray("link").getJsonObject(0).getString("url").contains("_typeFilter"));
    assertEquals(Set.of(), ids(all + "?_since=2999-01-01T00:00:00Z"));
    assertEquals(Set.of(patient, encounter, early, late), ids("Encounter/" + encounter + "/$everything"));
    assertEquals(Set.of(patient), ids("Encounter/" + encounter + "/$everything?_type=Patient"));
    assertEquals(404, status("GET", "Patient/nobody/$everything", null));
    assertEquals(404, status("GET", "Medication/x/$everything", null));
    assertEquals(400, status("GET", all + "?start=yesterday", null));
    assertEquals(400, status("GET", all + "?end=2010-02-30", null));
  }

  @Test
  void whoAsksForEverythingOfAPatientThatAnotherReplacedIsSentThere() {
    String left = made("Patient", "{'resourceType':'Patient'}");
    String gone = made("Patient",
        "{'resourceType':'Patient','link':[{'other':{'reference':'Patient/" + left + "'},'type':'replaced-by'}]}");
    String refers = made("Patient",
        "{'resourceType':'Patient','link':[{'other':{'reference':'Patient/" + left + "'},'type':'replaces'}]}");

    HttpResponse<Buffer> moved = ward.send("GET", "/fhir/Patient/" + gone + "/$everything", (String) null);

    assertEquals(301, moved.statusCode());
    assertEquals(ward.base() + "/fhir/Patient/" + left + "/$everything", moved.getHeader("Location"));
    assertEquals(moved.getHeader("Location"), moved.getHeader("Content-Location"));
    assertEquals("OperationOutcome", moved.bodyAsJsonObject().getString("resourceType"));
    assertEquals(Set.of(refers, left, gone), ids("Patient/" + refers + "/$everything"),
        "what it replaces belongs to it");
  }

  @Test
  void whoIsSentToAnotherPatientTakesTheWholeQuestionAlong() {
    String left = made("Patient", "{'resourceType':'Patient'}");
    String gone = made("Patient",
        "{'resourceType':'Patient','link':[{'other':{'reference':'Patient/" + left + "'},'type':'replaced-by'}]}");
    String there = ward.base() + "/fhir/Patient/" + left + "/$everything?";
    String query = "_type=Observation&_since=2026-11-01T00:00:00%2B01:00&_count=10";
    String parameters = "{'resourceType':'Parameters','parameter':[{'name':'_since','valueInstant':'2026-11-01T00:00:00Z'}]}";

    HttpResponse<Buffer> got = ward.send("GET", "/fhir/Patient/" + gone + "/$everything?" + query, (String) null);
    HttpResponse<Buffer> posted = ward.send("POST", "/fhir/Patient/" + gone + "/$everything?_count=10",
        parameters.replace('\'', '"'));

    assertEquals(there + query, got.getHeader("Location"));
    assertEquals(there + "_count=10&_since=2026-11-01T00:00:00Z", posted.getHeader("Location"));
    assertEquals(400, status("POST", "Patient/" + gone + "/$everything",
        parameters.replace("_since','valueInstant", "_type','valueString").replace("2026", "a".repeat(5_000))));
  }

  @Test
  void nobodyIsSentInACircleOrToAPatientThatIsNotThere() {
    String one = made("Patient", "{'resourceType':'Patient'}");
    String other = made("Patient", replacedBy(one));
    String back = replacedBy(other).replace("{'resourceType'", "{'id':'" + one + "','resourceType'");
    assertEquals(200, ward.send("PUT", "/fhir/Patient/" + one, back.replace('\'', '"')).statusCode());
    String lost = made("Patient", replacedBy("nobody-" + one));

    assertEquals(Set.of(one, other), ids("Patient/" + one + "/$everything"), "who links to it is in its compartment");
    assertEquals(Set.of(one, other), ids("Patient/" + other + "/$everything"));
    assertEquals(Set.of(lost), ids("Patient/" + lost + "/$everything"));
  }

  private static String replacedBy(String other) {
    return "{'resourceType':'Patient','link':[{'other':{'reference':'Patient/" + other + "'},'type':'replaced-by'}]}";
  }

  @Test
  void everythingOfAllPatientsIsWhatIsInACompartmentOfOneAndComesInPages() {
    String since = "_since=" + Instant.now().minusSeconds(1).toString().replace(":", "%3A");
    String organization = made("Organization", "{'resourceType':'Organization','name':'o'}");
    String one = made("Patient",
        "{'resourceType':'Patient','managingOrganization':{'reference':'Organization/" + organization + "'}}");
    String other = made("Patient", "{'resourceType':'Patient'}");
    String device = made("Device", "{'resourceType':'Device'}");
    String mine = made("Observation", observation(one, "2010-05", null));
    String performed = made("Observation", observation(one, "2010-05", null).replace("'subject':{'reference':'Patient/"
        + one, "'performer':[{'reference':'Patient/" + other + "'}],'subject':{'reference':'Device/" + device));
    String nobodys = made("Observation", observation(one, "2010-05", null).replace("Patient/" + one,
        "Device/" + device));
    String alone = made("Practitioner", "{'resourceType':'Practitioner'}");

    Set<String> all = ids("Patient/$everything?" + since);
    assertTrue(all.containsAll(Set.of(organization, one, other, mine, performed)), all.toString());
    assertFalse(all.contains(nobodys) || all.contains(alone));
    assertTrue(
        ids("Patient/$everything?_count=2&" + since).containsAll(Set.of(organization, one, other, mine, performed)));
    assertTrue(ids("Patient/$everything?_type=Patient&" + since).containsAll(Set.of(one, other)));
    assertFalse(ids("Patient/$everything?_type=Patient&" + since).contains(mine));
    assertEquals(404, status("GET", "Encounter/$everything", null));
    assertEquals(400, status("GET", "Patient/*/$everything", null), "a star is no id");
  }

  @Test
  void everythingGoesOnWithPatientsThatHoldMoreAboutTheSamePerson() {
    String other = made("Patient", "{'resourceType':'Patient'}");
    String more = made("Observation", observation(other, "2010", null));
    String patient = made("Patient",
        "{'resourceType':'Patient','link':[{'other':{'reference':'Patient/" + other + "'},'type':'seealso'}]}");

    assertEquals(Set.of(patient, other, more), ids("Patient/" + patient + "/$everything"));
    assertEquals(Set.of(patient, other, more), ids("Patient/" + patient + "/$everything?_count=1"));
  }

  @Test
  void theAddressesBesideFhirAreToldAsOpenApi() {
    JsonObject told = ward.send("GET", "/openapi.json", (String) null).bodyAsJsonObject();

    assertEquals("3.0.3", told.getString("openapi"));
    assertTrue(told.getJsonObject("paths").containsKey("/iomt/devices/{id}/latest"));
    assertTrue(told.getJsonObject("paths").fieldNames().stream().noneMatch(path -> path.startsWith("/fhir")));
    assertTrue(told.getJsonObject("paths")
        .getJsonObject("/metrics")
        .getJsonObject("get")
        .getJsonObject("responses")
        .containsKey("403"));
  }

  private static String observation(String patient, String at, String encounter) {
    return "{'resourceType':'Observation','status':'final','code':{'text':'x'},'subject':{'reference':'Patient/"
        + patient
        + "'},'effectiveDateTime':'" + at + "'"
        + (encounter == null ? "" : ",'encounter':{'reference':'Encounter/" + encounter + "'}") + "}";
  }

  /** Of all pages, each one once among the matches. */
  private Set<String> ids(String address) {
    List<String> matches = new ArrayList<>();
    Set<String> all = new HashSet<>();
    for (String next = "/fhir/" + address; next != null;) {
      JsonObject page = ward.send("GET", next, (String) null).bodyAsJsonObject();
      assertEquals("Bundle", page.getString("resourceType"), page.encode());
      for (Object item : page.getJsonArray("entry", new JsonArray())) {
        JsonObject entry = (JsonObject) item;
        String id = entry.getJsonObject("resource").getString("id");
        all.add(id);
        if (entry.getJsonObject("search").getString("mode").equals("match")) matches.add(id);
      }
      next = page.getJsonArray("link")
          .stream()
          .map(JsonObject.class::cast)
          .filter(link -> link.getString("relation").equals("next"))
          .map(link -> link.getString("url").substring(ward.base().length()))
          .findFirst()
          .orElse(null);
    }
    assertEquals(new HashSet<>(matches).size(), matches.size(), "a match on two pages");
    return all;
  }

  private String made(String type, String json) {
    return post(type, json).getString("id");
  }

  private JsonObject post(String address, String json) {
    return ward.send("POST", "/fhir/" + address, json.replace('\'', '"')).bodyAsJsonObject();
  }

  private JsonObject get(String address) {
    return ward.send("GET", "/fhir/" + address, (String) null).bodyAsJsonObject();
  }

  private int status(String verb, String address, String json) {
    HttpResponse<Buffer> response = ward.send(verb, "/fhir/" + address, json == null ? null : json.replace('\'', '"'));
    assertEquals("OperationOutcome", response.bodyAsJsonObject().getString("resourceType"));
    return response.statusCode();
  }

  private static List<String> severities(JsonObject outcome) {
    return outcome.getJsonArray("issue").stream().map(issue -> ((JsonObject) issue).getString("severity")).toList();
  }

  /** They are looked through for some seconds by the clock: what was too costly for a machine that stood still is asked for again. */
  private HttpResponse<Buffer> labels(String verb, String address) {
    HttpResponse<Buffer> answer = ward.send(verb, "/fhir/" + address, (String) null);
    for (int tries = 1; tries < 5 && answer.statusCode() == TOO_COSTLY; tries++)
      answer = ward.send(verb, "/fhir/" + address, (String) null);
    return answer;
  }

  private static Set<String> tags(JsonObject parameters) {
    assertTrue(parameters.containsKey("parameter"), parameters.encode());
    Set<String> codes = new HashSet<>();
    JsonObject meta = parameters.getJsonArray("parameter").getJsonObject(0).getJsonObject("valueMeta");
    for (Object tag : meta.getJsonArray("tag", new JsonArray())) codes.add(((JsonObject) tag).getString("code"));
    return codes;
  }
}
