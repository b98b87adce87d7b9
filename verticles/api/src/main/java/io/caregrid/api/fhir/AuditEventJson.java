package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.AuditEvents.Recorded;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Set;

/** A recorded access as a FHIR R4 AuditEvent, after IHE's Basic Audit Log Patterns: who, from where, what was done, to what, of whom, how it ended. */
final class AuditEventJson {
  private static final String DCM = "http://dicom.nema.org/resources/ontology/DCM";
  private static final String ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
  private static final String ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role";
  private static final String SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type";
  private static final String TRANSACTION = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
  private static final String SOURCE = "110153";
  private static final String DESTINATION = "110152";

  private AuditEventJson() {}

  static ObjectNode of(Recorded recorded) {
    JsonNode fact = recorded.fact();
    AuditKind kind = AuditKind.of(fact.path("deed").asText());
    ObjectNode event = FhirJson.MAPPER.createObjectNode();
    event.put("resourceType", "AuditEvent").put("id", recorded.id().toString());
    event.putObject("meta").put("versionId", "1").put("lastUpdated", recorded.at().toString());
    coding(event.putObject("type"), kind.system().url, kind.type());
    coding(event.putArray("subtype").addObject(), kind.subtypeSystem(), kind.subtype());
    event.put("action", kind.action()).put("recorded", recorded.at().toString());
    outcome(event, fact.path("status").asInt(), fact.path("times").asLong(1));
    agents(event.putArray("agent"), fact, kind);
    source(event.putObject("source"), fact);
    entities(event.putArray("entity"), fact);
    if (event.path("entity").isEmpty()) event.remove("entity"); // FHIR R4 json.html: an array is never empty
    return event;
  }

  private static ObjectNode coding(ObjectNode into, String system, String code) {
    return into.put("system", system).put("code", code);
  }

  /** FHIR R4 valueset-audit-event-outcome. */
  private static void outcome(ObjectNode event, int status, long times) {
    event.put("outcome", status < 400 ? "0" : status < 500 ? "4" : "8");
    if (status >= 400)
      event.put("outcomeDesc", "HTTP status " + status + (times == 1 ? "" : ", " + times + " times within a minute"));
  }

  /** Data flows from its source to its destination; a question counts as data of who asks (as in DICOM PS3.15). */
  private static void agents(ArrayNode agents, JsonNode fact, AuditKind kind) {
    boolean given = kind.action().equals("R");
    ObjectNode who = agents.addObject();
    type(who, given ? DESTINATION : SOURCE);
    for (JsonNode role : fact.path("roles")) who.withArray("/role").addObject().put("text", role.asText());
    ObjectNode identifier = who.putObject("who").putObject("identifier");
    if (fact.has("issuer")) identifier.put("system", fact.path("issuer").asText());
    identifier.put("value", fact.path("subject").asText());
    who.put("altId", fact.path("subject").asText());
    if (fact.has("name")) who.put("name", fact.path("name").asText());
    who.put("requestor", true);
    if (fact.has("address")) who.putObject("network").put("address", fact.path("address").asText()).put("type", "2");
    ObjectNode here = agents.addObject();
    type(here, given ? SOURCE : DESTINATION);
    here.putObject("who").put("display", fact.path("node").asText());
    here.put("requestor", false);
  }

  private static void type(ObjectNode agent, String code) {
    coding(agent.putObject("type").putArray("coding").addObject(), DCM, code);
  }

  private static void source(ObjectNode source, JsonNode fact) {
    source.put("site", fact.path("node").asText());
    source.putObject("observer").put("display", fact.path("node").asText());
    coding(source.putArray("type").addObject(), SOURCE_TYPE, "4");
  }

  private static void entities(ArrayNode entities, JsonNode fact) {
    Set<String> patients = new LinkedHashSet<>();
    fact.path("patients").forEach(patient -> patients.add(patient.asText()));
    for (JsonNode what : fact.path("what")) {
      if (!patients.contains(what.asText())) what(entities.addObject(), what.asText());
    }
    for (String patient : patients) {
      ObjectNode entity = entity(entities.addObject(), "1", "1");
      entity.putObject("what").put("reference", patient);
    }
    for (JsonNode patient : fact.path("patientIds")) {
      ObjectNode entity = entity(entities.addObject(), "1", "1");
      entity.putObject("what").put("type", "Patient").putObject("identifier").put("value", patient.asText());
    }
    if (fact.has("query")) {
      byte[] query = fact.path("query").asText().getBytes(StandardCharsets.UTF_8);
      entity(entities.addObject(), "2", "24").put("query", Base64.getEncoder().encodeToString(query));
    }
    if (fact.has("times")) {
      ObjectNode sum = entity(entities.addObject(), "4", "20").put("name", "further refusals");
      sum.putArray("detail").addObject().put("type", "count").put("valueString", fact.path("times").asText());
    }
    if (fact.has("trace")) {
      ObjectNode transaction = entities.addObject();
      transaction.putObject("what").putObject("identifier").put("value", fact.path("trace").asText());
      coding(transaction.putObject("type"), TRANSACTION, "XrequestId");
    }
  }

  private static void what(ObjectNode entity, String what) {
    if (what.startsWith("urn:")) {
      entity(entity, "2", "3").putObject("what")
          .putObject("identifier")
          .put("system", "urn:ietf:rfc:3986")
          .put("value", what);
    } else if (what.startsWith("/")) {
      entity(entity, "2", "3").put("name", what);
    } else if (what.indexOf('/') < 0) {
      entity(entity, "2", "4").putObject("what").put("type", what).put("display", "some " + what);
    } else {
      entity(entity, "2", "4").putObject("what").put("reference", what);
    }
  }

  /** FHIR R4 valueset-audit-entity-type and valueset-object-role. */
  private static ObjectNode entity(ObjectNode entity, String type, String role) {
    coding(entity.putObject("type"), ENTITY_TYPE, type);
    coding(entity.putObject("role"), ENTITY_ROLE, role);
    return entity;
  }
}
