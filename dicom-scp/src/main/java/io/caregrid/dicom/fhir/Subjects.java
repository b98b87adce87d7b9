package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.dicom.fhir.Attributes.Name;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Whose study it is, as a FHIR Reference: to the one active Patient who carries the identifier of the pictures, else to that identifier alone, so that
 * nothing is lost and nobody is guessed.
 */
final class Subjects {
  private static final int MANY = 50;
  private static final Map<String, String> GENDERS = Map.of("M", "male", "F", "female", "O", "other");

  private final FhirStore store;
  private final Caller caller;
  private final String systemOfNobody;
  private final boolean creates;

  /**
   * @param systemOfNobody identifier system of Patient IDs without an issuer; empty matches any
   * @param creates        a Patient who is nowhere is made
   */
  Subjects(FhirStore store, Caller caller, String systemOfNobody, boolean creates) {
    this.store = store;
    this.caller = caller;
    this.systemOfNobody = systemOfNobody;
    this.creates = creates;
  }

  Future<ObjectNode> of(Attributes study) {
    PatientIdentifier identifier = PatientIdentifier.of(study, systemOfNobody);
    ObjectNode subject = JsonNodeFactory.instance.objectNode();
    if (identifier == null) return Future.succeededFuture(named(subject, study));
    return patient(identifier, study).map(id -> {
      if (id != null) subject.put("reference", "Patient/" + id);
      subject.put("type", "Patient");
      identifier.write(subject.putObject("identifier"));
      return named(subject, study);
    });
  }

  private static ObjectNode named(ObjectNode subject, Attributes study) {
    Name name = study.name("00100010");
    if (name != null) subject.put("display", name.display());
    if (subject.isEmpty())
      subject.putArray("extension")
          .addObject()
          .put("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason")
          .put("valueCode", "unknown");
    return subject;
  }

  /** Null when nobody carries it, several do, or one who may carry it cannot be read. */
  private Future<String> patient(PatientIdentifier identifier, Attributes study) {
    SearchQuery query = new SearchQuery("Patient",
        List.of(new SearchQuery.Param("identifier", identifier.asToken())), MANY, "none", null);
    return store.search(caller, query).compose(page -> {
      List<String> carriers = new ArrayList<>();
      page.entries().forEach(stored -> {
        JsonNode patient = Resources.read(stored);
        if (isCarrier(patient, identifier)) carriers.add(stored.id());
      });
      boolean all = page.next() == null && page.unreadable().isEmpty();
      if (carriers.size() == 1 && all) return Future.succeededFuture(carriers.get(0));
      boolean nobody = carriers.isEmpty() && all;
      return nobody && creates ? create(identifier, study) : Future.succeededFuture(null);
    });
  }

  /** One who was merged into another is not active. */
  private static boolean isCarrier(JsonNode patient, PatientIdentifier identifier) {
    if (!patient.path("active").asBoolean(true)) return false;
    for (JsonNode carried : patient.path("identifier")) if (identifier.matches(carried)) return true;
    return false;
  }

  /** Under the id that readings of the same patient's device would give; whom somebody deleted, or has since changed, stays so. */
  private Future<String> create(PatientIdentifier identifier, Attributes study) {
    String issuer = identifier.system().isEmpty() ? identifier.assigner() : identifier.system();
    String id = StudyResource.sha256(issuer + "_" + identifier.value());
    return store.createIfAbsent(caller, "Patient", id, patientOf(identifier, study)).map(there -> {
      boolean theirs = !there.deleted() && isCarrier(Resources.read(there), identifier);
      return theirs ? id : null;
    });
  }

  private static ObjectNode patientOf(PatientIdentifier identifier, Attributes study) {
    ObjectNode patient = JsonNodeFactory.instance.objectNode().put("resourceType", "Patient");
    identifier.write(patient.putArray("identifier").addObject());
    Name name = study.name("00100010");
    if (name != null) name(patient.putArray("name").addObject(), name);
    String gender = GENDERS.get(String.valueOf(study.text("00100040")));
    if (gender != null) patient.put("gender", gender);
    String born = Moment.date(study.text("00100030"));
    if (born != null) patient.put("birthDate", born);
    return patient;
  }

  private static void name(ObjectNode name, Name parts) {
    if (!parts.family().isEmpty()) name.put("family", parts.family());
    for (String given : List.of(parts.given(), parts.middle()))
      if (!given.isEmpty()) name.withArray("/given").add(given);
    if (!parts.prefix().isEmpty()) name.putArray("prefix").add(parts.prefix());
    if (!parts.suffix().isEmpty()) name.putArray("suffix").add(parts.suffix());
  }
}
