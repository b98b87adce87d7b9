package io.caregrid.ingest.hl7;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.store.Criteria;
import io.caregrid.store.Demand;
import io.caregrid.store.Hl7Known;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Step;
import io.caregrid.templates.bundle.Outcome;
import java.net.URLDecoder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A message's bytes into what is to be stored. It was made from what a stranger sent, so of a Bundle no more is taken than templates have to write: entries that create or
 * update, of types that messages speak of, each held against FHIR's rules. What is created without a condition gets an id that is made of the message, so that it is
 * the same one when the message comes again. Pure but for its templates; any thread; blocks.
 */
final class Translation {
  /** Those that HL7's mapping of v2 to FHIR makes, and FHIR-Converter's templates. */
  static final Set<String> TYPES = Set.of("Account", "AllergyIntolerance", "Appointment", "AppointmentResponse",
      "Basic", "Binary", "CarePlan", "CareTeam", "ChargeItem", "Communication", "Composition", "Condition", "Consent",
      "Coverage", "Device", "DeviceUseStatement", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare",
      "FamilyMemberHistory", "Flag", "Goal", "Group", "HealthcareService", "ImagingStudy", "Immunization",
      "ImmunizationEvaluation", "ImmunizationRecommendation", "InsurancePlan", "List", "Location", "Media",
      "Medication",
      "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement", "MessageHeader",
      "NutritionOrder", "Observation", "Organization", "Patient", "Person", "Practitioner", "PractitionerRole",
      "Procedure", "Provenance", "RelatedPerson", "RequestGroup", "RiskAssessment", "Schedule", "ServiceRequest",
      "Slot",
      "Specimen", "Substance", "SupplyDelivery", "SupplyRequest", "Task");
  private static final int MOST_FINDINGS = 5;
  /** As senders end segments. */
  private static final List<String> ENDS = List.of("\r", "\r\n", "\n");
  /** What one database transaction can do in its time. */
  static final int MOST_ENTRIES = 10_000;

  private final Function<String, Outcome> templates;
  private final Function<ObjectNode, List<Issue>> rules;

  /**
   * @param templates a message's text → what they make of it; never throws for bad input
   * @param rules     of FHIR, for an entry of a transaction; what they find names its place and no value
   */
  Translation(Function<String, Outcome> templates, Function<ObjectNode, List<Issue>> rules) {
    this.templates = templates;
    this.rules = rules;
  }

  /**
   * It cannot be stored, and will not be by trying again.
   *
   * @see #reason a short constant
   */
  static final class Dead extends Exception {
    private static final long serialVersionUID = 1;
    final String reason;

    Dead(String reason, String detail) {
      super(detail, null, false, false);
      this.reason = reason;
    }
  }

  /**
   * By which a message is known: SHA-256, hexadecimal, of its segments, each ended by CR, and of what says which characters they are when they do not say it
   * themselves. So line ends, blank lines and whatever frames it make no other message of it. Of most messages those are the bytes as they were sent.
   *
   * @param charset of messages whose MSH-18 names none; empty: ASCII
   */
  static Hl7Known known(byte[] message, String charset) {
    Texts.Normal normal = Texts.normal(message, charset);
    MessageDigest whole = sha256();
    whole.update(normal.segments());
    String id = HexFormat.of().formatHex(whole.digest(normal.unsaid().getBytes(StandardCharsets.US_ASCII)));
    String former = HexFormat.of().formatHex(sha256().digest(message));
    List<String> kin = new ArrayList<>();
    for (String end : ENDS) {
      kin.add(hash(normal.segments(), end, end));
      kin.add(hash(normal.segments(), end, ""));
    }
    kin.removeAll(List.of(id, former));
    return new Hl7Known(id, id.equals(former) ? null : former, kin, normal.open());
  }

  /** @param segments each ended by CR, which {@code end} stands for, behind the last one {@code last} */
  private static String hash(byte[] segments, String end, String last) {
    MessageDigest hash = sha256();
    int from = 0;
    for (int at = 0; at < segments.length; at++) {
      if (segments[at] != '\r') continue;
      hash.update(segments, from, at - from);
      hash.update((at + 1 < segments.length ? end : last).getBytes(StandardCharsets.US_ASCII));
      from = at + 1;
    }
    return HexFormat.of().formatHex(hash.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** @param id of the message @return at least one */
  List<Step> steps(byte[] message, String id, String charset) throws Dead {
    Outcome outcome = templates.apply(text(message, charset));
    if (outcome instanceof Outcome.Refused refused)
      throw new Dead(refused.why().code.name, refused.why().told());
    ObjectNode bundle = ((Outcome.Converted) outcome).bundle();
    int entries = bundle.path("entry").size();
    if (entries > MOST_ENTRIES)
      throw new Dead("too-large", "the templates made " + entries + " resources of it, at most " + MOST_ENTRIES
          + " are stored in one transaction");
    List<Step> steps = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    for (JsonNode entry : bundle.path("entry")) {
      Step step = step(entry, steps.size(), id);
      for (Issue issue : rules.apply(step.resource())) {
        boolean bad = issue.severity().equals("error") || issue.severity().equals("fatal");
        if (bad && wrong.size() < MOST_FINDINGS)
          wrong
              .add(step.type() + (issue.expression() == null ? "" : " at " + issue.expression()) + ": " + issue.text());
      }
      steps.add(step);
    }
    if (!wrong.isEmpty()) throw new Dead("not-fhir", String.join("; ", wrong));
    if (steps.isEmpty()) throw new Dead("nothing-made", "the templates made no resource of it");
    return steps;
  }

  private static String text(byte[] message, String unless) throws Dead {
    try {
      Charset charset = Texts.charset(Msh.of(Texts.raw(message)), unless);
      if (charset == null) throw new Dead("charset", "its character set is none that is taken");
      return Texts.decoded(message, charset);
    } catch (Msh.Unusable none) {
      throw new Dead("no-header", none.getMessage());
    } catch (CharacterCodingException none) {
      throw new Dead("charset", "some bytes are no characters of its character set");
    }
  }

  private static Step step(JsonNode entry, int n, String message) throws Dead {
    JsonNode request = entry.path("request");
    if (!(entry.path("resource") instanceof ObjectNode resource)) throw forbidden(n, "it has no resource");
    String type = resource.path("resourceType").asText();
    String fullUrl = entry.path("fullUrl").asText(null);
    String url = request.path("url").asText();
    int mark = url.indexOf('?');
    String path = mark < 0 ? url : url.substring(0, mark);
    if (!TYPES.contains(type)) throw forbidden(n, "no message makes a resource of its type");
    if (request.hasNonNull("ifMatch") || request.hasNonNull("ifNoneMatch"))
      throw forbidden(n, "it names a version, which no message can know");
    try {
      switch (request.path("method").asText()) {
        case "PUT" : {
          if (mark >= 0 && path.equals(type))
            return new Step.Update(fullUrl, type, null, criteria(type, url.substring(mark + 1)), resource, Demand.NONE);
          String id = resource.path("id").asText();
          if (mark >= 0 || id.isEmpty() || !path.equals(type + "/" + id))
            throw forbidden(n, "its address is neither that of its resource nor a condition");
          return new Step.Update(fullUrl, type, id, null, resource, Demand.NONE);
        }
        case "POST" : {
          if (!url.equals(type)) throw forbidden(n, "it is created at another address than its type");
          if (request.hasNonNull("ifNoneExist")) {
            String condition = request.path("ifNoneExist").asText();
            String query = condition.startsWith(type + "?") ? condition.substring(type.length() + 1) : condition;
            return new Step.Create(fullUrl, type,
                criteria(type, query.startsWith("?") ? query.substring(1) : query), resource);
          }
          String id = own(message, n);
          resource.put("id", id);
          return new Step.Update(fullUrl, type, id, null, resource, Demand.NONE);
        }
        default :
          throw forbidden(n, "a message only creates and updates");
      }
    } catch (Failure unusable) {
      throw forbidden(n, unusable.getMessage());
    }
  }

  private static Dead forbidden(int n, String why) {
    return new Dead("forbidden-entry", "entry " + (n + 1) + " of what the templates made is not stored: " + why);
  }

  private static Criteria criteria(String type, String query) {
    List<Param> params = new ArrayList<>();
    for (String pair : query.split("&")) {
      int equals = pair.indexOf('=');
      if (pair.isEmpty()) continue;
      params.add(equals < 0
          ? new Param(decoded(pair), "")
          : new Param(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1))));
    }
    return new Criteria(type, params);
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException broken) {
      throw new Failure.Invalid("a condition is not percent-encoded UTF-8");
    }
  }

  /** A UUID's form, so that nobody takes it for a number of somebody's. */
  private static String own(String message, int n) {
    String hex = HexFormat.of().formatHex(sha256().digest((message + "/" + n).getBytes(StandardCharsets.US_ASCII)));
    return hex.substring(0, 8) + "-" + hex.substring(8, 12) + "-" + hex.substring(12, 16) + "-" + hex.substring(16, 20)
        + "-" + hex.substring(20, 32);
  }
}
