package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Ward;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.client.HttpResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** From an access over HTTP to the AuditEvent an Auditor finds. */
@ExtendWith(Ward.Key.class)
class AuditRoutesTest {
  private final String patient = UUID.randomUUID().toString();
  private final Instant begun = Instant.now();
  private Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
    ward.send("PUT", "/fhir/Patient/" + patient,
        "{\"resourceType\":\"Patient\",\"id\":\"" + patient + "\",\"birthDate\":\"1950-01-01\"}");
  }

  private HttpResponse<Buffer> get(String address, String... headers) {
    return ward.send("GET", address, (String) null, headers);
  }

  private static JsonNode json(HttpResponse<Buffer> answer) {
    try {
      return FhirJson.MAPPER.readTree(answer.body().getBytes());
    } catch (IOException broken) {
      throw new AssertionError(answer.bodyAsString(), broken);
    }
  }

  private List<JsonNode> events(String search) {
    HttpResponse<Buffer> answer = get("/fhir/AuditEvent?" + search);
    assertEquals(200, answer.statusCode(), answer.bodyAsString());
    List<JsonNode> events = new ArrayList<>();
    json(answer).path("entry").forEach(entry -> events.add(entry.path("resource")));
    return events;
  }

  /** Events reach the database a moment after the answer. */
  private List<JsonNode> await(int number, String search) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    List<JsonNode> found = events(search);
    while (found.size() < number) {
      assertTrue(System.nanoTime() < deadline, "not within 2 min: " + number + " of " + search + ", but " + found);
      LockSupport.parkNanos(20_000_000);
      found = events(search);
    }
    assertEquals(number, found.size(), search);
    return found;
  }

  private String of(String more) {
    return "patient=" + patient + "&subtype=read,update,search-type" + more;
  }

  @Test
  void aReadBecomesAnAuditEventThatSaysWhoWhatOfWhomWhenAndHowItEnded() {
    get("/fhir/Patient/" + patient, "X-Request-Id", "trace-" + patient);

    JsonNode event = await(1, "patient=Patient/" + patient + "&subtype=read").get(0);

    assertEquals("rest", event.at("/type/code").asText());
    assertEquals("R", event.path("action").asText());
    assertEquals("0", event.path("outcome").asText());
    Instant recorded = Instant.parse(event.path("recorded").asText());
    assertTrue(!recorded.isBefore(begun.minusMillis(1)) && !recorded.isAfter(Instant.now()), recorded.toString());
    assertEquals("local", event.at("/agent/0/who/identifier/value").asText());
    assertEquals("127.0.0.1", event.at("/agent/0/network/address").asText());
    assertEquals("ward", event.at("/source/site").asText());
    assertEquals("Patient/" + patient, event.at("/entity/0/what/reference").asText());
    assertEquals("trace-" + patient, event.at("/entity/1/what/identifier/value").asText());
    assertEquals(event, json(get("/fhir/AuditEvent/" + event.path("id").asText())));
  }

  @Test
  void everyEventIsValidFhir() {
    ward.send("DELETE", "/fhir/Patient?identifier=nobodys", (String) null);
    get("/iomt/dead-letters");
    get("/fhir/Patient/" + patient);
    get("/fhir/Patient/" + UUID.randomUUID());
    get("/fhir/Patient?_id=" + patient);
    ResourceRules rules = Ward.get(ResourceRules.load(ward.vertx));
    await(3, of(""));

    List<JsonNode> all = events("_count=1000");

    assertTrue(all.size() >= 6);
    assertTrue(all.stream().anyMatch(event -> event.at("/entity/0/what/type").asText().equals("Patient")), "of a type");
    for (JsonNode event : all) assertEquals(List.of(), rules.check((ObjectNode) event), event::toString);
  }

  @Test
  void aSearchIsRecordedWithItsQueryAndWithWhomItFound() {
    get("/fhir/Patient?birthdate=1950-01-01&_id=" + patient + "&_count=1");

    JsonNode event = await(1, "patient=" + patient + "&action=E").get(0);

    String query = new String(Base64.getDecoder().decode(event.at("/entity/1/query").asText()), StandardCharsets.UTF_8);
    assertEquals("Patient?birthdate=1950-01-01&_id=" + patient, query);
    assertEquals("24", event.at("/entity/1/role/code").asText());
  }

  @Test
  void whoLookedAtAPatientsPicturesIsFoundByThePatientByNowAndEverIdentifier() {
    String mrn = "MRN-" + patient;
    String was = "WAS-" + patient;
    for (String id : List.of(was, mrn))
      ward.send("PUT", "/fhir/Patient/" + patient, "{\"resourceType\":\"Patient\",\"id\":\"" + patient
          + "\",\"identifier\":[{\"system\":\"urn:oid:1.2.3\",\"value\":\"" + id + "\"}]}");
    for (String id : List.of(mrn.toLowerCase(), was))
      Ward.get(ward.audit.record(Audit.Entry.of(Caller.system("test"), Audit.Deed.IMAGES_RETRIEVED, "urn:oid:1.2." + id)
          .aboutIds(List.of(id))));

    List<JsonNode> events = await(2, "patient=" + patient + "&subtype=images-retrieved");

    assertEquals("urn:oid:1.2." + was, events.get(0).at("/entity/0/what/identifier/value").asText());
    assertEquals(was, events.get(0).at("/entity/1/what/identifier/value").asText());
    assertEquals("Patient", events.get(0).at("/entity/1/what/type").asText());
    assertEquals(1, events("patient:identifier=urn:oid:1.2.3|" + mrn + "&subtype=images-retrieved").size());
    ResourceRules rules = Ward.get(ResourceRules.load(ward.vertx));
    assertEquals(List.of(), rules.check((ObjectNode) events.get(0)));
  }

  @Test
  void aCountOfRefusalsSaysHowMany() {
    Ward.get(ward.audit.record(Audit.Entry.of(Caller.unknown().from("203.0.113.9"), Audit.Deed.REQUEST, null)
        .ended(401)
        .times(4970)));

    JsonNode event = await(1, "address=203.0.113.9").get(0);

    assertEquals("HTTP status 401, 4970 times within a minute", event.path("outcomeDesc").asText());
    assertEquals("4970", event.at("/entity/0/detail/0/valueString").asText());
    ResourceRules rules = Ward.get(ResourceRules.load(ward.vertx));
    assertEquals(List.of(), rules.check((ObjectNode) event));
  }

  @Test
  void whatIsNotThereIsRecordedAsFailed() {
    String nobody = UUID.randomUUID().toString();
    get("/fhir/Observation/" + nobody);

    JsonNode event = await(1, "entity=Observation/" + nobody).get(0);

    assertEquals("4", event.path("outcome").asText());
    assertEquals("HTTP status 404", event.path("outcomeDesc").asText());
    assertEquals(0, events("entity=Observation/" + nobody + "&outcome=0").size());
    assertEquals(1, events("entity=Observation/" + nobody + "&outcome=4,8").size());
  }

  @Test
  void filtersNarrowAndPagesFollowEachOtherWithoutGapOrRepeat() {
    for (int n = 0; n < 6; n++) get("/fhir/Patient/" + patient);
    await(7, of(""));

    assertEquals(6, events(of("&action=R")).size());
    assertEquals(7, events(of("&date=ge" + begun.minusSeconds(1) + "&date=le" + Instant.now().plusSeconds(1))).size());
    assertEquals(0, events(of("&date=lt" + begun.minusSeconds(5))).size());
    assertEquals(7, events(of("&date=" + begun.toString().substring(0, 4))).size());
    assertEquals(7, events(of("&altid=local&address=127.0.0.1&site=ward&type=rest")).size());
    assertEquals(0, events(of("&altid=somebody")).size());
    List<String> ids = new ArrayList<>();
    JsonNode page = json(get("/fhir/AuditEvent?" + of("&_count=3&_total=Accurate")));
    assertEquals(7, page.path("total").asInt());
    while (true) {
      page.path("entry").forEach(entry -> ids.add(entry.at("/resource/id").asText()));
      String next = null;
      for (JsonNode link : page.path("link"))
        if (link.path("relation").asText().equals("next")) next = link.path("url").asText();
      if (next == null) break;
      page = json(get(next.substring(ward.base().length())));
    }
    assertEquals(7, ids.size());
    List<String> newestFirst = ids.stream().distinct().sorted(java.util.Comparator.reverseOrder()).toList();
    assertEquals(newestFirst, ids);
    assertEquals(7, json(get("/fhir/AuditEvent?" + of("&_summary=Count"))).path("total").asInt());
  }

  @Test
  void lookingAtTheTrailIsItselfRecorded() {
    await(1, of(""));

    JsonNode event = await1("patient=" + patient + "&subtype=audit-read");

    assertEquals("110101", event.at("/type/code").asText());
  }

  private JsonNode await1(String search) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (events(search).isEmpty()) {
      assertTrue(System.nanoTime() < deadline, "not within 2 min: " + search);
      LockSupport.parkNanos(20_000_000);
    }
    return events(search).get(0);
  }

  @Test
  void nobodyWritesAnEventAndNoUnknownFilterIsIgnored() {
    String id = await(1, of("")).get(0).path("id").asText();
    for (String verb : List.of("PUT", "DELETE"))
      assertEquals(405, ward.send(verb, "/fhir/AuditEvent/" + id, "{\"resourceType\":\"AuditEvent\"}").statusCode(),
          verb);
    assertEquals(405, ward.send("POST", "/fhir/AuditEvent", "{\"resourceType\":\"AuditEvent\"}").statusCode());
    for (String wrong : List.of("patientt=1", "patient=", "date=yesterday", "outcome=7", "_sort=date", "outcome=0,8",
        "_page=x", "patient=a&patient=b", "patient=a&patient:identifier=b"))
      assertEquals(400, get("/fhir/AuditEvent?" + wrong).statusCode(), wrong);
    assertEquals(404, get("/fhir/AuditEvent/" + UUID.randomUUID()).statusCode());
    assertEquals(404, get("/fhir/AuditEvent/none").statusCode());
  }
}
