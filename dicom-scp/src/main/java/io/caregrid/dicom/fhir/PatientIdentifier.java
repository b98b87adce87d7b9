package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Pattern;

/**
 * Whose study it is, as far as the pictures say (PS3.3 C.7.1.1: Patient ID, Issuer of Patient ID and its qualifiers). {@code docs/SPEC_CLARIFICATIONS.md}
 * tells the rule.
 *
 * @param system   identifier system; empty when it is not known
 * @param assigner local name of the issuer, when it has no system; else empty
 * @param value    Patient ID, never blank
 */
record PatientIdentifier(String system, String assigner, String value) {

  private static final Pattern OID = Pattern.compile("[0-2](\\.(0|[1-9]\\d*))+");
  private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern ADDRESS = Pattern.compile("(https?://|urn:)\\S+");

  /** Null without a Patient ID. @param systemOfNobody for an id without an issuer, may be empty */
  static PatientIdentifier of(Attributes study, String systemOfNobody) {
    String value = study.text("00100020");
    if (value == null) return null;
    String issuer = study.text("00100021");
    for (Attributes qualifiers : study.items("00100024")) {
      String system = universal(qualifiers.text("00400032"), qualifiers.text("00400033"));
      if (system != null) return new PatientIdentifier(system, "", value);
    }
    if (issuer == null) return new PatientIdentifier(systemOfNobody, "", value);
    String system = address(issuer);
    return system != null ? new PatientIdentifier(system, "", value) : new PatientIdentifier("", issuer, value);
  }

  /** Universal Entity ID (0040,0032) by its type (0040,0033); null when FHIR has no address for it. */
  private static String universal(String id, String type) {
    if (id == null || type == null) return null;
    return switch (type) {
      case "ISO" -> OID.matcher(id).matches() ? "urn:oid:" + id : null;
      case "UUID" -> UUID.matcher(id).matches() ? "urn:uuid:" + id.toLowerCase(java.util.Locale.ROOT) : null;
      case "URI" -> ADDRESS.matcher(id).matches() ? id : null;
      default -> null;
    };
  }

  private static String address(String issuer) {
    if (ADDRESS.matcher(issuer).matches()) return issuer;
    return OID.matcher(issuer).matches() ? "urn:oid:" + issuer : null;
  }

  /** A Patient's identifier that means the same. An issuer that is only a name must be named by both. */
  boolean matches(JsonNode identifier) {
    return value.equals(identifier.path("value").asText())
        && (system.isEmpty() || system.equals(identifier.path("system").asText()))
        && (assigner.isEmpty() || assigner.equals(identifier.path("assigner").path("display").asText()));
  }

  /** As FHIR's Identifier. */
  ObjectNode write(ObjectNode identifier) {
    if (!system.isEmpty()) identifier.put("system", system);
    identifier.put("value", value);
    if (!assigner.isEmpty()) identifier.putObject("assigner").put("display", assigner);
    return identifier;
  }

  /** As a search parameter's value (FHIR R4 search.html#token, #escaping). */
  String asToken() {
    return system.isEmpty() ? escaped(value) : escaped(system) + "|" + escaped(value);
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$");
  }
}
