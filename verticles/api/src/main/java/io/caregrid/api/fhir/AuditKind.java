package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.AuditKind.System.DCM;
import static io.caregrid.api.fhir.AuditKind.System.REST;

import io.caregrid.contract.Audit.Deed;
import java.util.Arrays;
import java.util.List;

/**
 * How FHIR names each deed of the audit trail: AuditEvent.type, subtype and action (FHIR R4 valueset-audit-event-type, valueset-audit-event-sub-type; DICOM
 * PS3.15 A.5.3 for pictures).
 *
 * @param deed    as it was recorded
 * @param type    code of {@code system}
 * @param subtype code of restful-interaction, or of our own
 * @param action  C, R, U, D or E (FHIR R4 valueset-audit-event-action)
 */
record AuditKind(Deed deed, System system, String type, String subtype, String action) {

  enum System {
    REST("http://terminology.hl7.org/CodeSystem/audit-event-type"), DCM("http://dicom.nema.org/resources/ontology/DCM");

    final String url;

    System(String url) {
      this.url = url;
    }
  }

  static final String INTERACTION = "http://hl7.org/fhir/restful-interaction";
  /** For what neither FHIR nor DICOM has a word for. */
  static final String OWN = "urn:caregrid:audit";

  static final List<AuditKind> ALL = List.of(
      rest(Deed.READ, "R"), rest(Deed.VREAD, "R"), rest(Deed.HISTORY, "R"),
      rest(Deed.HISTORY_TYPE, "R"), rest(Deed.HISTORY_SYSTEM, "R"), rest(Deed.SEARCH, "E"),
      rest(Deed.CREATE, "C"), rest(Deed.UPDATE, "U"), rest(Deed.PATCH, "U"), rest(Deed.DELETE, "D"),
      rest(Deed.VIEW, "E"),
      new AuditKind(Deed.IMAGES_STORED, DCM, "110104", Deed.IMAGES_STORED.code, "C"),
      new AuditKind(Deed.IMAGES_RETRIEVED, DCM, "110104", Deed.IMAGES_RETRIEVED.code, "R"),
      new AuditKind(Deed.IMAGES_QUERIED, DCM, "110112", Deed.IMAGES_QUERIED.code, "E"),
      new AuditKind(Deed.IMAGES_REMOVED, DCM, "110105", Deed.IMAGES_REMOVED.code, "D"),
      new AuditKind(Deed.ASSOCIATION, DCM, "110126", Deed.ASSOCIATION.code, "E"),
      new AuditKind(Deed.SQL, DCM, "110112", Deed.SQL.code, "E"),
      new AuditKind(Deed.DEAD_LETTERS, REST, "rest", Deed.DEAD_LETTERS.code, "R"),
      new AuditKind(Deed.DEAD_LETTERS_REPLAYED, REST, "rest", Deed.DEAD_LETTERS_REPLAYED.code, "E"),
      new AuditKind(Deed.MESSAGES_SEEN, REST, "rest", Deed.MESSAGES_SEEN.code, "R"),
      new AuditKind(Deed.IMAGE_TAGS_CHANGED, REST, "rest", Deed.IMAGE_TAGS_CHANGED.code, "U"),
      new AuditKind(Deed.MAPPING_CHANGED, REST, "rest", Deed.MAPPING_CHANGED.code, "U"),
      new AuditKind(Deed.LIVE_FEED, REST, "rest", Deed.LIVE_FEED.code, "R"),
      new AuditKind(Deed.SENT, DCM, "110106", Deed.SENT.code, "R"),
      new AuditKind(Deed.AUDIT_READ, DCM, "110101", Deed.AUDIT_READ.code, "R"),
      new AuditKind(Deed.AUDIT_REMOVED, DCM, "110101", Deed.AUDIT_REMOVED.code, "D"),
      new AuditKind(Deed.SIGN_IN, DCM, "110114", Deed.SIGN_IN.code, "E"),
      new AuditKind(Deed.SIGN_OUT, DCM, "110114", Deed.SIGN_OUT.code, "E"),
      new AuditKind(Deed.REQUEST, REST, "rest", Deed.REQUEST.code, "E"));

  private static AuditKind rest(Deed deed, String action) {
    return new AuditKind(deed, REST, "rest", deed.code, action);
  }

  /** What a later version recorded, and this one does not know, is shown under its own code. */
  static AuditKind of(String code) {
    return ALL.stream()
        .filter(kind -> kind.deed.code.equals(code))
        .findFirst()
        .orElse(new AuditKind(null, REST, "rest", code, "E"));
  }

  String subtypeSystem() {
    boolean fhir = Arrays
        .asList(Deed.READ, Deed.VREAD, Deed.HISTORY, Deed.HISTORY_TYPE, Deed.HISTORY_SYSTEM, Deed.SEARCH, Deed.CREATE,
            Deed.UPDATE, Deed.PATCH, Deed.DELETE, Deed.VIEW)
        .contains(deed);
    return fhir ? INTERACTION : OWN;
  }
}
