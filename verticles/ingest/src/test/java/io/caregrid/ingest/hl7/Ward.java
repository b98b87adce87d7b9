package io.caregrid.ingest.hl7;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.templates.bundle.Conversion;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.bundle.Outcome;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Limits;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/** Templates of the tests' own, which make a Patient of its PID and an Observation of each OBX, and messages for them. */
final class Ward {
  private static final String TEMPLATE = """
      {% assign pids = hl7v2Data | get_first_segments: 'PID' %}
      {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
         "resource": {"resourceType": "Patient",
           "identifier": [{"system": "urn:ward", "value": "{{ pids.PID.3.1.Value }}"}],
           "name": [{"family": "{{ pids.PID.5.1.Value }}"}]},
         "request": {"method": "PUT", "url": "Patient?identifier=urn:ward|{{ pids.PID.3.1.Value }}"}},
        {"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "weight"},
           "subject": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
           "valueString": "{{ pids.PID.5.2.Value }}"},
         "request": {"method": "POST", "url": "Observation"}}]}""";
  static final Conversion TEMPLATES = Conversion.of(Kind.HL7V2, Map.of("ADT_A01.liquid", TEMPLATE), Limits.DEFAULT,
      ZoneOffset.UTC, Clock.systemUTC());

  private Ward() {}

  /** Knows ADT^A01 alone. */
  static Outcome convert(String message) {
    try {
      Msh header = Msh.of(Texts.raw(message.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
      if (header.part(9, 2).equals("A01")) return TEMPLATES.convert(message, "ADT_A01");
    } catch (Msh.Unusable none) {
      return new Outcome.Refused(new ConversionException(ErrorCode.INVALID_HL7V2_MESSAGE, "no header"));
    }
    return new Outcome.Refused(new ConversionException(ErrorCode.TEMPLATE_NOT_FOUND, "there is no template for it"));
  }

  /** A family name of Error is against the rules. */
  static List<Issue> check(ObjectNode resource) {
    return resource.at("/name/0/family").asText().equals("Error")
        ? List.of(Issue.error("invariant", "not a name", "Patient.name[0]"))
        : List.of();
  }

  static String admitted(String controlId, String patient, String family) {
    return admitted("ADT^A01^ADT_A01", controlId, patient, family);
  }

  static String admitted(String type, String controlId, String patient, String family) {
    return "MSH|^~\\&|HIS|WARD|CG|CG|20261120101500||" + type + "|" + controlId + "|P|2.5\rEVN||20261120\rPID|1||"
        + patient
        + "||" + family + "^70\r";
  }
}
