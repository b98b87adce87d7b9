package io.caregrid.templates.deidentify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration that comes with the house, on every element of every type of R4: nothing of the kinds that 45 CFR 164.514(b)(2) lists is left. */
class SafeHarborTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-20T12:00:00Z"), ZoneOffset.UTC);
  private static final Deidentifier HARBOR = Deidentifier.read("safe-harbor", Deidentifier.safeHarbor(),
      new Keys("shift", "hash", null), CLOCK);
  private static final Set<String> QUANTITIES = Set.of("Quantity", "Age", "Count", "Distance", "Duration");
  private static final Set<String> YEARS = Set.of("a", "Years");
  private static final Set<String> NEVER = Set.of("instant", "time", "markdown", "xhtml", "url", "canonical", "oid",
      "uuid", "base64Binary");
  private static final Map<String, Set<String>> TEXTS = Map.of("Address", Set.of("state", "country"),
      "SampledData", Set.of("data"));

  @Test
  void itHasNoWarnings() {
    assertEquals(List.of(), HARBOR.warnings());
  }

  @Test
  void nothingThatIdentifiesSurvivesInAnyElementOfAnyType() throws IOException {
    EveryResource every = new EveryResource();
    Set<String> left = new TreeSet<>();
    int seen = 0;
    for (String type : every.resources()) {
      for (int turn = 0; turn < 4; turn++) {
        ObjectNode resource = every.resource(type, turn * 7);
        Element result = Reading.resource(apply(resource));
        check(result, left);
        seen += Reading.resource(resource).below().size();
      }
    }
    assertTrue(every.resources().size() >= 146, every.resources().size() + " types");
    assertTrue(seen > 50_000, seen + " elements");
    assertEquals(Set.of(), left);
  }

  /** That the check above can fail: with the rules, but for one, it does. */
  @Test
  void theCheckFindsWhatALostRuleLeaves() throws IOException {
    EveryResource every = new EveryResource();
    for (String kind : List.of("date", "string", "uri", "Extension", "Age", "id", "Quantity", "Address", "code",
        "Coding")) {
      ObjectNode config = (ObjectNode) JSON.readTree(Deidentifier.safeHarbor());
      for (var rules = config.withArray("fhirPathRules").elements(); rules.hasNext();) {
        JsonNode rule = rules.next();
        boolean keeps = rule.path("method").asText().equals("keep");
        if (!keeps && rule.path("path").asText().startsWith("nodesByType('" + kind + "')")) rules.remove();
      }
      Deidentifier lesser = Deidentifier.read("lesser", config, Keys.NONE, CLOCK);
      Set<String> left = new TreeSet<>();
      for (String type : List.of("Patient", "Condition", "Location", "Bundle", "ImagingStudy", "Observation"))
        for (int turn = 0; turn < 5; turn++) {
          ObjectNode whole = every.resource(type, turn);
          try {
            check(Reading.resource(lesser.apply(whole, Origin.NONE, Duration.ofSeconds(30)).resource()), left);
          } catch (DeidentifyException generalizedBesideAnExtension) {
            left.add("refused");
          }
        }
      assertFalse(left.isEmpty(), "without the rule for " + kind);
    }
  }

  private static void check(Element resource, Set<String> left) {
    List<Element> all = new ArrayList<>(List.of(resource));
    all.addAll(resource.below());
    for (Element one : all) {
      if (!isAllowed(one)) left.add(one.path() + ": " + one.type);
      for (Element inner : one.children()) if (inner.isResource()) check(inner, left);
    }
  }

  private static boolean isAllowed(Element one) {
    if (one.type.equals("Extension") || NEVER.contains(one.type)) return false;
    if (!one.hasValue()) return true;
    String text = one.value.asText();
    String in = one.parent == null ? "" : one.parent.type;
    return switch (one.type) {
      case "string" -> one.name.equals("unit") && QUANTITIES.contains(in) && !text.contains(EveryResource.MARK)
          || one.path().endsWith(".meta.security.display") && !text.contains(EveryResource.MARK)
          || one.name.equals("reference") && text.matches("([A-Z][A-Za-z]+/|#|urn:[a-z]+:)?[0-9a-f]{64}")
          || one.name.equals("postalCode") && text.endsWith("00") && "US".equals(sibling(one, "country"))
          || TEXTS.getOrDefault(in, Set.of()).contains(one.name) && !text.contains(EveryResource.MARK);
      case "uri" -> one.name.equals("system") && (in.equals("Coding") || QUANTITIES.contains(in))
          && !text.contains(EveryResource.MARK)
          || one.path().equals("Bundle.entry.fullUrl") && text.matches("([A-Z][A-Za-z]+/|urn:uuid:)?[0-9a-f]{64}");
      case "id" -> one.name.equals("id") && one.parent.isResource() && text.matches("[0-9a-f]{64}");
      case "date", "dateTime" -> text.matches("\\d{4}");
      case "decimal" -> !in.equals("Age") && !in.equals("Location.position")
          && !(QUANTITIES.contains(in) && YEARS.contains(sibling(one, "unit")));
      default -> !text.contains(EveryResource.MARK);
    };
  }

  private static String sibling(Element one, String name) {
    Element sibling = one.parent.child(name);
    return sibling == null || !sibling.hasValue() ? "" : sibling.value.asText();
  }

  private static ObjectNode apply(ObjectNode resource) {
    return HARBOR.apply(resource, Origin.NONE, Duration.ofSeconds(30)).resource();
  }

  @ParameterizedTest
  @CsvSource({"02139,US,,02100", "02139-4307,us,,02100-0000", "03601,USA,,00000", "SW1A 1AA,US,,", "80331,DE,,",
    "80331,Deutschland,,", "80331,,,", "02139,,,", "02139,,MA,02100", "02139,,Massachusetts,02100", "80331,,Bayern,",
    "80331,DE,MA,", "021,US,,"})
  void ofAPostalCodeOnlyTheUnitedStatesFirstThreeDigitsStay(String code, String country, String state, String left)
      throws IOException {
    ObjectNode patient = (ObjectNode) JSON.readTree("{\"resourceType\":\"Patient\",\"address\":[{\"city\":\"X\"}]}");
    ObjectNode address = (ObjectNode) patient.path("address").get(0);
    address.put("postalCode", code);
    if (country != null) address.put("country", country);
    if (state != null) address.put("state", state);

    assertEquals(left == null ? "" : left, apply(patient).path("address").path(0).path("postalCode").asText());
  }

  @ParameterizedTest
  @CsvSource({"1936-11-19,", "1936-11-20,", "1936-11-21,1936", "1936,", "1937,1937", "2001-02-03,2001"})
  void aYearOfBirthThatTellsAnAgeOver89Goes(String born, String left) {
    ObjectNode patient = JSON.createObjectNode().put("resourceType", "Patient").put("birthDate", born);

    assertEquals(left == null ? "" : left, apply(patient).path("birthDate").asText());
  }

  @Test
  void anObservationOfAnAgeLosesItsValueAndOneOfTheHeartDoesNot() throws IOException {
    String observation = "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
        + "\"http://loinc.org\",\"code\":\"CODE\"}]},\"valueQuantity\":{\"value\":94,\"unit\":\"/min\"}}";

    assertFalse(apply((ObjectNode) JSON.readTree(observation.replace("CODE", "30525-0"))).has("valueQuantity"));
    assertEquals(94, apply((ObjectNode) JSON.readTree(observation.replace("CODE", "8867-4"))).path("valueQuantity")
        .path("value")
        .asInt());
  }

  @Test
  void referencesPointToTheSameIdsAsBefore() throws IOException {
    ObjectNode bundle = (ObjectNode) JSON.readTree("{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
        + "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\"}},{\"resource\":{\"resourceType\":\"Observation\","
        + "\"id\":\"b\",\"subject\":{\"reference\":\"Patient/a\",\"display\":\"Ada\"}}}]}");

    ObjectNode result = apply(bundle);

    assertEquals("Patient/" + result.at("/entry/0/resource/id").asText(),
        result.at("/entry/1/resource/subject/reference").asText());
    assertFalse(result.toString().contains("Ada"));
  }

  private static ObjectNode json(String text) throws IOException {
    return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
  }

  @ParameterizedTest
  @ValueSource(strings = {"'resourceType':'Parameters','parameter':[{'name':'n','valueAddress':ADDRESS}]",
    "'resourceType':'Task','input':[{'type':{'text':'x'},'valueAddress':ADDRESS}]",
    "'resourceType':'Task','output':[{'type':{'text':'x'},'valueAddress':ADDRESS}]",
    "'resourceType':'Location','address':ADDRESS", "'resourceType':'Patient','contact':[{'address':ADDRESS}]"})
  void aForeignPostalCodeGoesWhereverItStands(String resource) throws IOException {
    for (String address : List.of("{'postalCode':'SW1A 1AA','country':'GB'}", "{'postalCode':'80331','country':'DE'}",
        "{'postalCode':'80331'}"))
      assertFalse(apply(json("{" + resource.replace("ADDRESS", address) + "}")).toString().contains("postalCode"),
          address);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'value':94,'unit':'a'", "'value':94,'code':'a'", "'value':90.5,'unit':'years'",
    "'value':94,'unit':'Jahre'", "'value':94,'unit':'YEAR(S)'", "'value':94,'unit':'yrs'",
    "'value':1100,'unit':'months'", "'value':1100,'code':'mo'", "'value':89,'comparator':'>','unit':'a'"})
  void anAgeOver89GoesAtAnyDepth(String quantity) throws IOException {
    for (String resource : List.of("'resourceType':'Observation','component':[{'code':{'text':'x'},'valueQuantity':#}]",
        "'resourceType':'Observation','valueQuantity':#", "'resourceType':'Observation','valueRange':{'low':#}",
        "'resourceType':'Observation','valueRatio':{'numerator':#}",
        "'resourceType':'RiskAssessment','prediction':[{'whenRange':{'high':#}}]",
        "'resourceType':'Observation','referenceRange':[{'age':{'low':#}}]",
        "'resourceType':'Goal','target':[{'detailQuantity':#}]",
        "'resourceType':'Goal','target':[{'dueDuration':#}]",
        "'resourceType':'Condition','onsetAge':#")) {
      String left = apply(json("{" + resource.replace("#", "{" + quantity + "}") + "}")).toString();
      assertFalse(left.contains("\"value\""), left);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"'value':89,'unit':'a'", "'value':94,'unit':'kg','code':'kg'", "'value':120,'code':'/min'",
    "'value':200,'unit':'months'"})
  void aQuantityThatTellsNoAgeOver89Stays(String quantity) throws IOException {
    String observation = "{'resourceType':'Observation','component':[{'valueQuantity':{" + quantity + "}}]}";

    assertTrue(apply(json(observation)).at("/component/0/valueQuantity/value").isNumber());
  }

  @Test
  void anAgeThatIsOnlyComparedGoes() throws IOException {
    assertEquals(89, apply(json("{'resourceType':'Condition','onsetAge':{'value':89,'code':'a'}}"))
        .at("/onsetAge/value")
        .asInt());
    assertFalse(apply(json("{'resourceType':'Condition','onsetAge':{'value':89,'comparator':'>','code':'a'}}"))
        .has("onsetAge"));
  }

  @ParameterizedTest
  @CsvSource({"http://loinc.org,30525-0", "http://loinc.org,21611-9", "http://snomed.info/sct,424144002"})
  void aComponentThatIsAnAgeLosesItsValue(String system, String code) throws IOException {
    String observation = "{'resourceType':'Observation','component':[{'code':{'coding':[{'system':'" + system
        + "','code':'" + code + "'}]},'valueInteger':94}],'code':{'coding':[{'system':'" + system + "','code':'" + code
        + "'}]},'valueInteger':94}";

    assertFalse(apply(json(observation)).toString().contains("94"));
  }

  @Test
  void aContentTypeOrALanguageIsOneByItsForm() throws IOException {
    for (String name : List.of("text/plain;name=Smith.txt", "Smith", "text/Smith", "smith/plain"))
      assertFalse(apply(json("{'resourceType':'Binary'}").put("contentType", name)).has("contentType"), name);
    for (String type : List.of("text/plain", "application/fhir+json", "image/jpeg"))
      assertEquals(type,
          apply(json("{'resourceType':'Binary'}").put("contentType", type)).path("contentType").asText());
    for (String name : List.of("Smith", "Ann", "en-Smith"))
      assertFalse(apply(json("{'resourceType':'Patient'}").put("language", name)).has("language"), name);
    for (String language : List.of("de", "de-CH", "zh-Hans-CN", "es-419"))
      assertEquals(language,
          apply(json("{'resourceType':'Patient'}").put("language", language)).path("language").asText());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Jane Doe", "Jane\u00a0Doe", "123 Main St", "text/plain; name=Doe"})
  void aCodeThatIsATextGoes(String code) throws IOException {
    ObjectNode patient = json("{'resourceType':'Patient','gender':'female','communication':[{'language':{'coding':[{"
        + "'code':'de'}]}}]}");
    assertEquals("female", apply(patient).path("gender").asText());
    assertEquals("de", apply(patient).at("/communication/0/language/coding/0/code").asText());
    patient.put("gender", code);
    assertFalse(apply(patient).has("gender"));
    assertFalse(apply(json("{'resourceType':'Binary'}").put("contentType", code)).has("contentType"));
    ObjectNode observation = json("{'resourceType':'Observation','valueQuantity':{'value':1}}");
    ((ObjectNode) observation.path("valueQuantity")).put("code", "x".repeat(65));
    assertFalse(apply(observation).path("valueQuantity").has("code"));
  }

  @Test
  void noElementOfAnyTypeTakesATextWhereATruthValueOrNumberShouldBe() throws IOException {
    EveryResource every = new EveryResource();
    int seen = 0;
    for (String type : every.resources()) {
      ObjectNode resource = every.resource(type, 0);
      for (Map.Entry<String, JsonNode> member : List.copyOf(resource.properties())) {
        if (!member.getValue().isNumber() && !member.getValue().isBoolean()) continue;
        seen++;
        ObjectNode other = resource.deepCopy().put(member.getKey(), EveryResource.MARK);
        assertThrows(DeidentifyException.class, () -> apply(other), type + "." + member.getKey());
      }
    }
    assertTrue(seen > 50, seen + " elements");
  }

  @Test
  void idsBesideValuesGoAndKeptTextsAreShort() throws IOException {
    ObjectNode left = apply(
        json("{'resourceType':'Patient','meta':{'security':[{'system':'http://x','code':'Zaphod'}]},"
            + "'address':[{'state':'MA','_state':{'id':'Zaphod'},'country':'C\u00f4te d\u2019Ivoire 5'},{'state':'North-Rhine',"
            + "'id':'Zaphod'}],'maritalStatus':{'coding':[{'system':'http://loinc.org','code':'m'},{'system':"
            + "'https://h.example/Patient/Zaphod','code':'n'},{'system':'http://snomed.info/sct/900000000000207008'}]}}"));

    assertFalse(left.toString().contains("Zaphod"), left.toString());
    assertEquals("[{\"state\":\"MA\"},{\"state\":\"North-Rhine\"}]", left.path("address").toString());
    assertEquals("[{\"system\":\"http://loinc.org\",\"code\":\"m\"},{\"code\":\"n\"},{\"system\":"
        + "\"http://snomed.info/sct/900000000000207008\"}]", left.at("/maritalStatus/coding").toString());
    for (String unit : List.of("mm[Hg]", "beats/minute", "10*3/uL", "g/1.73 m2", "\u00b5g/L"))
      assertEquals(unit, apply(json("{'resourceType':'Observation','valueQuantity':{'unit':'" + unit + "'}}"))
          .at("/valueQuantity/unit")
          .asText());
    for (String unit : List.of("123-45-6789", "a@b", "x".repeat(33)))
      assertFalse(apply(json("{'resourceType':'Observation','valueQuantity':{'unit':'" + unit + "'}}"))
          .has("valueQuantity"), unit);
    for (String data : List.of("1 2.5 -3 E U L 4e3", "Zaphod"))
      assertEquals(data.startsWith("1"), apply(json("{'resourceType':'Observation','valueSampledData':{'data':'" + data
          + "'}}")).has("valueSampledData"));
  }

  @Test
  void referencesOfABundlePointToTheSameEntriesWithoutServersAndVersions() throws IOException {
    String uuid = "urn:uuid:8f0c7b52-0d0e-4a3c-9a55-2d1c9a4b7e11";
    ObjectNode left = apply(json("{'resourceType':'Bundle','entry':[{'fullUrl':'https://h.example/fhir/Patient/a',"
        + "'resource':{'resourceType':'Patient','id':'a'}},{'fullUrl':'" + uuid + "','resource':{'resourceType':"
        + "'Observation','subject':{'reference':'https://h.example/fhir/Patient/a/_history/7'},'hasMember':[{"
        + "'reference':'" + uuid + "'}],'focus':[{'reference':'Patient/a/_history/7'}]}}]}"));

    String patient = "Patient/" + left.at("/entry/0/resource/id").asText();
    assertEquals(patient, left.at("/entry/0/fullUrl").asText());
    assertEquals(patient, left.at("/entry/1/resource/subject/reference").asText());
    assertEquals(patient, left.at("/entry/1/resource/focus/0/reference").asText());
    assertEquals(left.at("/entry/1/fullUrl").asText(), left.at("/entry/1/resource/hasMember/0/reference").asText());
    assertFalse(left.toString().contains("h.example"), left.toString());
  }
}
