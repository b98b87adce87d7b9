package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Batch and transaction bundles over HTTP. */
class BundleDoorTest extends WithBundles {
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
}
