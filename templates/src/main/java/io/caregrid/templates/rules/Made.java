package io.caregrid.templates.rules;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.mapping.Version;
import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What a rule makes: a Flag, a RiskAssessment or a DetectedIssue. It has the tag {@value #TAG}{@code |NAME}, and an id by which it is known that a rule made it.
 *
 * @param rule     its name
 * @param kind     {@code Flag}, {@code RiskAssessment} or {@code DetectedIssue}
 * @param text     what is the matter, for people
 * @param severity of a DetectedIssue, {@code high}, {@code moderate} or {@code low}; of a RiskAssessment how likely. Empty: not said
 */
public record Made(String rule, String kind, String text, String severity) {

  public static final String FLAG = "Flag";
  /** FHIR R4 extension-flag-detail. */
  public static final String DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail";
  public static final String TAG = "urn:caregrid:rule";
  private static final Pattern ID = Pattern.compile("rule-[0-9a-f]{40}");

  /**
   * Thinking twice makes it once.
   *
   * @param what   it was found of, {@code Type/id}
   * @param moment since when: a version, or a time
   */
  public String id(String what, String moment) {
    byte[] digest = Version.sha256(rule + "\n" + what + "\n" + moment);
    return "rule-" + HexFormat.of().formatHex(digest, 0, 20);
  }

  /** Whether only rules give such ids. */
  public static boolean isMade(String id) {
    return ID.matcher(id).matches();
  }

  /**
   * @param patient reference to whom it concerns
   * @param seen    reference to what it was found of
   * @param at      since when it is so
   */
  public ObjectNode resource(String id, String patient, String seen, Instant at) {
    ObjectNode made = JsonNodeFactory.instance.objectNode().put("resourceType", kind).put("id", id);
    made.putObject("meta").putArray("tag").addObject().put("system", TAG).put("code", rule);
    switch (kind) {
      case "RiskAssessment" -> risk(made, patient, seen, at);
      case "DetectedIssue" -> issue(made, patient, seen, at);
      default -> flag(made, patient, seen, at);
    }
    return made;
  }

  private void flag(ObjectNode made, String patient, String seen, Instant at) {
    ObjectNode detail = made.putArray("extension").addObject().put("url", DETAIL);
    detail.putObject("valueReference").put("reference", seen);
    made.put("status", "active");
    made.putObject("code").put("text", text);
    made.putObject("subject").put("reference", patient);
    made.putObject("period").put("start", at.toString());
  }

  private void risk(ObjectNode made, String patient, String seen, Instant at) {
    made.put("status", "final");
    made.putObject("code").put("text", text);
    made.putObject("subject").put("reference", patient);
    made.put("occurrenceDateTime", at.toString());
    made.putArray("basis").addObject().put("reference", seen);
    ObjectNode prediction = made.putArray("prediction").addObject();
    prediction.putObject("outcome").put("text", text);
    if (!severity.isEmpty())
      prediction.putObject("qualitativeRisk")
          .putArray("coding")
          .addObject()
          .put("system", "http://terminology.hl7.org/CodeSystem/risk-probability")
          .put("code", severity);
  }

  private void issue(ObjectNode made, String patient, String seen, Instant at) {
    made.put("status", "final");
    made.putObject("code").put("text", text);
    if (!severity.isEmpty()) made.put("severity", severity);
    made.putObject("patient").put("reference", patient);
    made.put("identifiedDateTime", at.toString());
    made.putArray("implicated").addObject().put("reference", seen);
  }

  /** It is so again, since the same time: a flag that had ended goes on. One that a person has closed in another way is left alone. */
  public static ObjectNode again(ObjectNode flag) {
    boolean ended = flag.path("status").asText().equals("inactive") && flag.path("period").has("end");
    if (!ended) return flag;
    flag.put("status", "active");
    ((ObjectNode) flag.path("period")).remove("end");
    return flag;
  }

  /** It is so no longer: a flag ends. What was assessed or detected then, was, and is not given to this. */
  public static ObjectNode ended(ObjectNode flag, Instant at) {
    if (!flag.path("status").asText().equals("active")) return flag; // a person has said otherwise since
    flag.put("status", "inactive");
    ObjectNode period = flag.path("period").isObject() ? (ObjectNode) flag.path("period") : flag.putObject("period");
    period.put("end", at.toString());
    return flag;
  }
}
