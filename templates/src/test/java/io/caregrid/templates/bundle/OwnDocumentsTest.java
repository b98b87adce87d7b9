package io.caregrid.templates.bundle;

import static io.caregrid.templates.bundle.Samples.OWN;
import static io.caregrid.templates.bundle.Samples.converted;
import static io.caregrid.templates.bundle.Samples.entries;
import static io.caregrid.templates.bundle.Samples.resource;
import static io.caregrid.templates.bundle.Samples.resources;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.liquid.ErrorCode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** C-CDA documents by the house's templates. */
class OwnDocumentsTest {
  @Test
  void aDocumentIsItsEntriesACompositionAndItself() {
    JsonNode bundle = converted("ccd.xml");
    Map<String, Integer> counts = new HashMap<>();
    for (JsonNode entry : bundle.path("entry"))
      counts.merge(entry.at("/resource/resourceType").asText(), 1, Integer::sum);

    assertEquals(Map.ofEntries(Map.entry("Patient", 1), Map.entry("AllergyIntolerance", 2),
        Map.entry("MedicationStatement", 1), Map.entry("MedicationRequest", 1), Map.entry("Condition", 2),
        Map.entry("Procedure", 1), Map.entry("DiagnosticReport", 1), Map.entry("Observation", 6),
        Map.entry("Immunization", 1), Map.entry("Encounter", 1), Map.entry("Composition", 1),
        Map.entry("DocumentReference", 1)), counts);
    assertEquals(8, resource(bundle, "Composition").path("section").size() - 1);
    assertEquals("Summary for \"M. Brandt\" & family", resource(bundle, "Composition").path("title").asText());
    assertEquals("Aspirin 100 \"protect\"",
        resource(bundle, "MedicationStatement").at("/medicationCodeableConcept/text").asText());
    assertEquals(List.of("active", "resolved"), resources(bundle, "Condition").stream()
        .map(each -> each.at("/clinicalStatus/coding/0/code").asText())
        .toList());
    assertEquals("429625007", resources(bundle, "AllergyIntolerance").get(1).at("/code/coding/0/code").asText());
    assertFalse(bundle.toString().contains("<script"), "a narrative's HTML was taken over");
    String kept = resource(bundle, "DocumentReference").at("/content/0/attachment/data").asText();
    assertEquals(Samples.text("ccd.xml"),
        new String(java.util.Base64.getDecoder().decode(kept), java.nio.charset.StandardCharsets.UTF_8));
  }

  @Test
  void aDocumentOfNobodyIsRefused() {
    for (String document : List.of("<ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>", "<other/>",
        "<ClinicalDocument><component/></ClinicalDocument>"))
      assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH,
          assertInstanceOf(Outcome.Refused.class, OWN.ccda(document)).why().code, document);
  }

  private static String allergy(String with, String substance) {
    String document = Samples.text("ccd.xml");
    String from = "<code nullFlavor=\"NA\"/>";
    assertTrue(document.contains(from));
    return resources(converted("x.xml", document.replace(from, substance).replace("414285001", with)),
        "AllergyIntolerance").get(1).toString();
  }

  @Test
  void nothingKnownIsSaidOfWhatTheValueNamesAndOnlyThen() {
    String none = "<code nullFlavor=\"NA\"/>";
    assertTrue(allergy("416098002", none).contains("409137002"));
    assertTrue(allergy("419199007", none).contains("716186003"));
    String named = allergy("419199007",
        "<code nullFlavor=\"OTH\"><originalText><reference value=\"#a1\"/></originalText></code>");
    assertTrue(named.contains("see document") && named.contains("refuted"), named);
    String other = allergy("419199007", "<code nullFlavor=\"OTH\"/><name>Latex</name>");
    assertTrue(other.contains("Latex") && !other.contains("716186003"), other);
  }

  @Test
  void whatIsNullifiedOrNegatedIsNoFact() {
    String document = Samples.text("ccd.xml");
    JsonNode nullified = converted("x.xml",
        document.replace("<statusCode code=\"active\"/>", "<statusCode code=\"nullified\"/>"));
    for (String type : List.of("AllergyIntolerance", "Condition")) {
      JsonNode first = resources(nullified, type).get(0);
      assertEquals("entered-in-error", first.at("/verificationStatus/coding/0/code").asText());
      assertFalse(first.has("clinicalStatus"));
    }
    JsonNode aborted = converted("x.xml",
        document.replace("<statusCode code=\"active\"/>", "<statusCode code=\"aborted\"/>"));
    assertEquals("inactive", resources(aborted, "Condition").get(0).at("/clinicalStatus/coding/0/code").asText());
    JsonNode negated = converted("x.xml", document.replace(
        "<observation classCode=\"OBS\" moodCode=\"EVN\"><id root=\"2.999.77.7\" extension=\"l1a\"/>",
        "<observation classCode=\"OBS\" moodCode=\"EVN\" negationInd=\"true\"><id root=\"2.999.77.7\" extension=\"l1a\"/>"));
    assertEquals(5, resources(negated, "Observation").size());
  }

  @Test
  void aRootThatIsNoOidIsStillASystem() {
    String document = Samples.text("ccd.xml");
    int at = document.indexOf("<id ", document.indexOf("<patientRole"));
    String named = document.substring(0, at) + "<id root=\"HOSP 1\" extension=\"7\"/>" + document.substring(at);
    assertEquals("identifier=urn%3Acaregrid%3Aauthority%3AHOSP%2520%201%7C7".replace("2520%201", "25201"),
        entries(converted("x.xml", named), "Patient").get(0).at("/request/ifNoneExist").asText());
  }

  @Test
  void whatOnlyRefersToTheNarrativeHasItsText() {
    String cell = "<td ID=\"latex\">Latex <content revised=\"delete\">(mild)</content><content>glo</content>ves<br/>and &lt;tubes&gt;</td>";
    String referring = "<code nullFlavor=\"OTH\"><originalText><reference value=\"#latex\"/></originalText></code>";
    String document = Samples.text("ccd.xml")
        .replace("<td onclick=\"alert(1)\">", cell + "<td onclick=\"alert(1)\">")
        .replace("<code nullFlavor=\"NA\"/>", referring)
        .replace("<value xsi:type=\"CD\" nullFlavor=\"OTH\"><originalText>Broken wrist</originalText></value>",
            "<value xsi:type=\"CD\" nullFlavor=\"OTH\"><originalText><reference value=\"#gone\"/></originalText></value>");

    ObjectNode bundle = converted("x.xml", document);

    assertEquals("{\"text\":\"Latex gloves and <tubes>\"}",
        resources(bundle, "AllergyIntolerance").get(1).path("code").toString());
    assertEquals("refuted",
        resources(bundle, "AllergyIntolerance").get(1).at("/verificationStatus/coding/0/code").asText());
    assertEquals("see document", resources(bundle, "Condition").get(1).at("/code/text").asText(), "it is not there");
    Bundles.transaction(bundle);
  }

  @Test
  void aTextOfTheNarrativeStaysATextAndIsNoStory() {
    String named = "<td ID=\"n\">\"}],\"x\": \\ " + "y".repeat(3000) + "</td>";
    String document = Samples.text("ccd.xml")
        .replace("<td onclick=\"alert(1)\">", named + "<td onclick=\"alert(1)\">")
        .replace("<code nullFlavor=\"NA\"/>",
            "<code nullFlavor=\"OTH\"><originalText><reference value=\"#n\"/></originalText></code>");

    String text = resources(converted("x.xml", document), "AllergyIntolerance").get(1).at("/code/text").asText();

    assertTrue(text.startsWith("\"}],\"x\": \\ yyy") && text.endsWith("y …"), text);
    assertEquals(1002, text.length());
  }
}
