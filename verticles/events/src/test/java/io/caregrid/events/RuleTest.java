package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.RuleConfig;
import io.caregrid.contract.Change;
import io.caregrid.templates.rules.Made;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RuleTest {
  private static final JsonNode HIGH = Trees.read(Buffer.buffer(
      """
      {"resourceType":"Observation","id":"o1","subject":{"reference":"https://x.org/fhir/Patient/ada"},"valueQuantity":{"value":6.7}}"""));

  private static Rule rule(String makes, String when, String severity) {
    return Rule.of("potassium", new RuleConfig(List.of("Observation", "Flag"), when, makes, "Too much", "", severity),
        "https://x.org/fhir");
  }

  private static Change change(String type, String id, int version) {
    return new Change(1, UUID.randomUUID(), type, id, version, Change.Op.UPDATE, Instant.parse("2026-11-22T12:00:00Z"));
  }

  @Test
  void itFitsWhenItGivesSomethingThatIsNotFalse() {
    assertTrue(rule("Flag", "value.value > 6", "").fits(HIGH));
    assertFalse(rule("Flag", "value.value > 7", "").fits(HIGH));
    assertTrue(rule("Flag", "value", "").fits(HIGH));
    assertFalse(rule("Flag", "component", "").fits(HIGH));
  }

  @Test
  void theSameMomentHasTheSameIdAndALaterOneAnother() {
    Rule rule = rule("Flag", "value", "");

    assertEquals(rule.made(change("Observation", "o1", 3), HIGH), rule.made(change("Observation", "o1", 3), HIGH));
    assertNotEquals(rule.id("Observation", "o1", 3), rule.id("Observation", "o1", 4));
    assertNotEquals(rule.id("Observation", "o1", 3), rule.id("Observation", "o2", 3));
  }

  @Test
  void whatARuleMadeNoRuleLooksAt() {
    Rule rule = rule("Flag", "true", "");
    String made = rule.made(change("Observation", "o1", 3), HIGH).path("id").asText();

    assertFalse(rule.looksAt(change("Flag", made, 1)));
    assertTrue(rule.looksAt(change("Flag", "somebody-elses", 1)));
    assertTrue(rule.looksAt(change("Observation", made, 1)));
  }

  @Test
  void eachKindNamesThePatientAndWhatWasSeen() {
    ObjectNode flag = rule("Flag", "true", "").made(change("Observation", "o1", 3), HIGH);
    ObjectNode risk = rule("RiskAssessment", "true", "high").made(change("Observation", "o1", 3), HIGH);
    ObjectNode issue = rule("DetectedIssue", "true", "moderate").made(change("Observation", "o1", 3), HIGH);

    assertEquals("Patient/ada", flag.path("subject").path("reference").asText());
    assertEquals("active", flag.path("status").asText());
    assertEquals("Observation/o1", risk.path("basis").path(0).path("reference").asText());
    assertEquals("Patient/ada", issue.path("patient").path("reference").asText());
    assertEquals("moderate", issue.path("severity").asText());
    assertEquals("inactive", Made.ended(flag, change("Observation", "o1", 4).at()).path("status").asText());
  }

  @Test
  void withoutAPatientNothingIsMade() {
    JsonNode nobody = Trees
        .read(Buffer.buffer("{\"resourceType\":\"Observation\",\"subject\":{\"reference\":\"Group/1\"}}"));

    assertThrows(Rule.Unfit.class, () -> rule("Flag", "true", "").made(change("Observation", "o1", 1), nobody));
  }

  @Test
  void aPatientOfAnotherServerIsNobodyHere() {
    Rule rule = rule("Flag", "true", "");
    for (String reference : List.of("https://x.org/fhir/Patient/123", "Patient/123", "Patient/123/_history/2")) {
      ObjectNode flag = rule.made(change("Observation", "o1", 1), of(reference));
      assertEquals("Patient/123", flag.path("subject").path("reference").asText());
    }
    for (String reference : List.of("https://elsewhere.org/fhir/Patient/123", "https://x.org/fhir/2/Patient/123",
        "https://x.org/fhirPatient/123", "Group/1/Patient/123", "#Patient/123", "Patient/123#x"))
      assertThrows(Rule.Unfit.class, () -> rule.made(change("Observation", "o1", 1), of(reference)), reference);
  }

  private static JsonNode of(String patient) {
    ObjectNode seen = Trees.object().put("resourceType", "Observation");
    seen.putObject("subject").put("reference", patient);
    return seen;
  }

  @Test
  void whatAPersonHasCorrectedStaysSo() {
    ObjectNode flag = Trees.object().put("resourceType", "Flag").put("status", "entered-in-error");

    assertEquals(flag.deepCopy(), Made.ended(flag, change("Observation", "o1", 4).at()));
  }

  @Test
  void aWrongExpressionIsSaidWithItsPlace() {
    String said = assertThrows(ConfigException.class, () -> rule("Flag", "value >\n > 6", "")).getMessage();

    assertTrue(said.startsWith("tell.rules.potassium.when is not FHIRPath: line 2, column"), said);
    String type = assertThrows(ConfigException.class,
        () -> Rule.of("r", new RuleConfig(List.of("Obervation"), "true", "Flag", "x", "", ""), "")).getMessage();
    assertEquals("tell.rules.r.types: there is no resource type Obervation", type);
  }
}
