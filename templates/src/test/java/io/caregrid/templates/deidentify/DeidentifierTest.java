package io.caregrid.templates.deidentify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import io.caregrid.templates.deidentify.Deidentifier.Result;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeidentifierTest {
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();
  private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-20T12:00:00Z"), ZoneOffset.UTC);
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String SECRET = "0123456789abcdef";
  private static final String PARAMETERS = "{'cryptoHashKey':'123','dateShiftKey':'123','encryptKey':'" + SECRET + "'}";
  private static final String PATIENT = "{'resourceType':'Patient','id':'p','active':true,'name':[{'family':'Curie',"
      + "'given':['Marie',null,'Anna'],'_given':[null,{'extension':[{'url':'http://x','valueString':'gone'}]},null]}],"
      + "'birthDate':'1967-11-07','_birthDate':{'id':'b'},'multipleBirthInteger':2,'contact':[{'name':{'family':'Sk'}}]}";

  private static Deidentifier with(String... rules) {
    return configured(String.join(",", rules), PARAMETERS, "raise");
  }

  private static Deidentifier configured(String rules, String parameters, String errors) {
    return Deidentifier.read("config", ("{'fhirPathRules':[" + rules + "],'parameters':" + parameters
        + ",'processingErrors':'" + errors + "'}").replace('\'', '"').replace('`', '\''), Keys.NONE, CLOCK);
  }

  private static String rule(String path, String method) {
    return "{'path':'" + path + "','method':'" + method + "'}";
  }

  private static ObjectNode json(String text) {
    try {
      return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
    } catch (JsonProcessingException wrong) {
      throw new IllegalArgumentException(wrong);
    }
  }

  private static ObjectNode apply(Deidentifier deidentifier, ObjectNode resource) {
    return deidentifier.apply(resource, Origin.NONE, LONG).resource();
  }

  @Test
  void whatNoRuleMeetsKeepsItsDigitsItsOrderAndItsPlaces() {
    String text = "{'resourceType':'Observation','valueQuantity':{'unit':'kg','value':70.10},'_status':{'id':'s'},"
        + "'status':'final','code':{'text':'x'},'component':[{'valueQuantity':{'value':0.0010}}],'id':'o'}";

    assertEquals(text.replace('\'', '"'), apply(with(rule("Patient.name", "redact")), json(text)).toString());
  }

  @Test
  void theInputIsNotChanged() {
    ObjectNode patient = json(PATIENT);

    apply(with(rule("Resource", "redact")), patient);

    assertEquals(json(PATIENT), patient);
  }

  @Test
  void valuesAndWhatStandsBesideThemStayLevel() {
    ObjectNode result = apply(with(rule("Patient.name.given.where($this = `Marie`)", "redact")), json(PATIENT));

    assertEquals(
        json("{'a':[null,'Anna'],'b':[{'extension':[{'url':'http://x','valueString':'gone'}]},null]}").path("a"),
        result.at("/name/0/given"));
    assertEquals(2, result.at("/name/0/_given").size());
    assertEquals("gone", result.at("/name/0/_given/0/extension/0/valueString").asText());
  }

  @Test
  void whatStandsBesideAValueGoesWithIt() {
    ObjectNode result = apply(with(rule("Patient.name", "redact"), rule("Patient.birthDate", "redact")), json(PATIENT));

    assertFalse(result.has("name") || result.has("birthDate") || result.has("_birthDate"), result.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"redact", "cryptoHash", "encrypt", "dateShift"})
  void aMethodThatMeetsTheWholeMeetsAllBelowIt(String method) {
    String result = apply(with(rule("Patient", method)), json(PATIENT)).toString();

    assertEquals(method.equals("dateShift"), result.contains("Curie"));
    assertFalse(result.contains("1967-11-07"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"perturb", "keep", "dateShift"})
  void aMethodLeavesWhatItIsNotFor(String method) {
    ObjectNode patient = json("{'resourceType':'Patient','name':[{'family':'Curie'}],'active':true}");

    assertEquals(patient,
        apply(with("{'path':'Patient','method':'" + method + "','span':1}"), patient));
  }

  @ParameterizedTest
  @CsvSource({"#c1,#", "urn:uuid:8f0c7b52-0d0e-4a3c-9a55-2d1c9a4b7e11,urn:uuid:", "Patient/1/_history/2,Patient/",
    "https://h.example/fhir/Patient/1,https://h.example/fhir/Patient/", "Patient?identifier=7,''", "Nonsense/1,''"})
  void ofAReferenceTheIdIsHashedAndOfOtherTextsAll(String reference, String before) {
    ObjectNode observation = json("{'resourceType':'Observation'}");
    observation.putObject("subject").put("reference", reference);

    String hashed = apply(with(rule("nodesByType(`Reference`).reference", "cryptoHash")), observation)
        .at("/subject/reference")
        .asText();

    assertTrue(hashed.matches(java.util.regex.Pattern.quote(before) + "[0-9a-f]{64}(/_history/2)?"), hashed);
  }

  @Test
  void hashesAndShiftsAreTheSameInEveryRun() {
    String rules = rule("Patient.birthDate", "dateShift") + "," + rule("Patient.id", "cryptoHash");

    ObjectNode first = apply(configured(rules, PARAMETERS, "raise"), json(PATIENT));

    assertEquals(first, apply(configured(rules, PARAMETERS, "raise"), json(PATIENT)));
    ObjectNode other = apply(configured(rules, "{'cryptoHashKey':'4','dateShiftKey':'4'}", "raise"), json(PATIENT));
    assertNotEquals(first.path("id"), other.path("id"));
    assertNotEquals(first.path("birthDate"), other.path("birthDate"));
  }

  @Test
  void whoHasTheKeyReadsWhatWasEncryptedAndNoTwoAreAlike() throws Exception {
    Deidentifier encrypts = with(rule("Patient.name.family", "encrypt"));

    String once = apply(encrypts, json(PATIENT)).at("/name/0/family").asText();

    assertNotEquals(once, apply(encrypts, json(PATIENT)).at("/name/0/family").asText());
    byte[] all = Base64.getDecoder().decode(once);
    Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
    cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "AES"),
        new IvParameterSpec(Arrays.copyOf(all, 16)));
    assertEquals("Curie", new String(cipher.doFinal(all, 16, all.length - 16), StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource({"file,a.ndjson,x", "folder,x,a.ndjson"})
  void datesOfOneFileOrFolderMoveTogether(String scope, String file, String folder) {
    Deidentifier shifts = configured(rule("Patient.birthDate", "dateShift"),
        "{'dateShiftKey':'k','dateShiftScope':'" + scope + "'}", "raise");

    String first = shifts.apply(json(PATIENT), new Origin(file, folder), LONG).resource().path("birthDate").asText();
    ObjectNode second = json(PATIENT.replace("'id':'p'", "'id':'q'"));

    assertEquals(first, shifts.apply(second, new Origin(file, folder), LONG).resource().path("birthDate").asText());
    assertEquals(Day.of("1967-11-07").plus(DateShift.offset("a.ndjsonk")), first);
  }

  @Test
  void aDayThatIsMovedHasTheSameDigitsInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertEquals("0009-11-10", Day.of("0009-11-07").plus(3));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void wholeNumbersStayWholeAndWithinTheirTypesBounds() {
    Deidentifier perturbs = with(
        "{'path':'Appointment.minutesDuration | Appointment.priority','method':'perturb','span':40}");
    for (int i = 0; i < 200; i++) {
      ObjectNode result = apply(perturbs, json("{'resourceType':'Appointment','priority':1,'minutesDuration':1}"));
      assertTrue(result.path("priority").asInt() >= 0 && result.path("minutesDuration").asInt() >= 1,
          result.toString());
      assertTrue(result.path("priority").asText().matches("\\d+"), result.toString());
    }
  }

  @Test
  void aNumberOfABillionDigitsIsNotWrittenOut() {
    ObjectNode observation = json("{'resourceType':'Observation','valueQuantity':{'value':1e999999999}}");

    assertFalse(
        apply(with("{'path':'Observation.value','method':'perturb','span':1}"), observation).has("valueQuantity"));
  }

  @Test
  void aBundleSaysWhatWasDoneInItAndContainedResourcesSayNothing() {
    ObjectNode bundle = json("{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Patient','contained':["
        + "{'resourceType':'Person','name':[{'family':'X'}]}]}},{'resource':{'resourceType':'Basic'}}]}");

    ObjectNode result = apply(with(rule("nodesByType(`HumanName`)", "redact")), bundle);

    assertEquals("REDACTED", result.at("/meta/security/0/code").asText());
    assertEquals("REDACTED", result.at("/entry/0/resource/meta/security/0/code").asText());
    assertEquals(json("{'resourceType':'Person'}"), result.at("/entry/0/resource/contained/0"));
    assertEquals(json("{'resourceType':'Basic'}"), result.at("/entry/1/resource"));
  }

  @Test
  void theReportCountsByRuleAndPlaceAndNamesNoValue() {
    Result result = with(rule("Patient.name", "redact"), rule("Patient.id", "cryptoHash"))
        .apply(json(PATIENT), Origin.NONE, LONG);

    assertEquals(List.of("1 Patient.name.family 1", "1 Patient.name.given 2", "1 Patient.name.given.extension.url 1",
        "1 Patient.name.given.extension.value 1", "2 Patient.id 1"),
        result.report().rows().stream().map(row -> row.rule() + " " + row.place() + " " + row.count()).toList());
    assertEquals(1, result.report().resources());
    assertFalse(result.report().rows().toString().contains("Curie"));
  }

  @Test
  void allThatIsWrongWithAConfigurationIsSaidAtOnceWithItsPlace() {
    String config = """
        {"processingErrors": "keep",
         "fhirPathRules": [
          {"path": "Patient.name.foo(", "method": "redact"},
          {"path": "nodesByType('HumanName').where(use = )", "method": "redact"},
          {"path": "Patient.name", "method": "shred"},
          {"path": "Patient.name", "method": "perturb", "span": -1},
          {"method": "redact"},
          {"path": "Observation.valueQuantity", "method": "redact"}],
         "parameters": {"encryptKey": "short"}}""";

    List<MappingProblem> problems = assertThrows(MappingException.class,
        () -> Deidentifier.read("config", config, Keys.NONE, CLOCK)).problems();

    assertEquals(List.of(1, 3, 4, 5, 6, 7, 8, 9), problems.stream().map(MappingProblem::line).toList(),
        problems.toString());
    assertTrue(problems.get(2).message().contains("rule 2") && problems.get(2).message().contains("character 38"),
        problems.get(2).message());
    assertTrue(problems.get(3).message().contains("cryptoHash"), problems.get(3).message());
    assertTrue(problems.get(6).message().contains("value.ofType(Quantity)"), problems.get(6).message());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Patient.nmae", "TestResource", "HealthcareService.notAvaliable.description"})
  void aRuleThatNeverFindsAnythingIsWarnedOf(String path) {
    assertEquals(1, with(rule(path, "redact")).warnings().size());
    assertEquals(0, with(rule("Patient.name.period.start", "redact")).warnings().size());
  }

  @ParameterizedTest
  @CsvSource({"15,false", "16,true", "17,false", "24,true", "32,true", "33,false"})
  void anEncryptKeyHas16Or24Or32Bytes(int bytes, boolean right) {
    String parameters = "{'encryptKey':'" + "k".repeat(bytes) + "'}";

    if (right) configured(rule("Patient.id", "encrypt"), parameters, "raise");
    else assertThrows(MappingException.class, () -> configured(rule("Patient.id", "encrypt"), parameters, "raise"));
  }

  @Test
  void aRuleThatFailsEmptiesTheResourceOrStopsAndNeverNamesAValue() {
    String fails = "{'path':'Patient.name.family','method':'generalize','cases':{'$this > 5':'1'}}";

    DeidentifyException stopped = assertThrows(DeidentifyException.class, () -> apply(with(fails), json(PATIENT)));
    assertEquals(Kind.RULE, stopped.kind());
    assertTrue(stopped.getMessage().contains("rule 1") && !stopped.getMessage().contains("Curie"),
        stopped.getMessage());
    Result skipped = configured(fails, PARAMETERS, "skip").apply(json(PATIENT), Origin.NONE, LONG);
    assertEquals(List.of("resourceType", "meta"), names(skipped.resource()));
    assertEquals(1, skipped.report().emptiedInputs());
  }

  private static List<String> names(JsonNode json) {
    return json.properties().stream().map(java.util.Map.Entry::getKey).toList();
  }

  @Test
  void skippingDoesNotHideARuleThatIsWrongItself() {
    Deidentifier wrong = configured("{'path':'Patient.name','method':'generalize','cases':{'true':'1'}}", PARAMETERS,
        "skip");

    assertEquals(Kind.NOT_APPLICABLE,
        assertThrows(DeidentifyException.class, () -> apply(wrong, json(PATIENT))).kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'resourceType':'Curie'}", "{}", "{'resourceType':'Patient','secret Curie':1}",
    "{'resourceType':'Patient','name':'Curie'}", "{'resourceType':'Patient','birthDate':{'x':'Curie'}}",
    "{'resourceType':'Patient','contained':[{'id':'Curie'}]}"})
  void whatIsNoResourceOfR4IsRefusedWithoutAValue(String text) {
    DeidentifyException refused = assertThrows(DeidentifyException.class,
        () -> apply(with(rule("Resource", "redact")), json(text)));

    assertEquals(Kind.INPUT, refused.kind());
    assertFalse(refused.getMessage().contains("secret"), refused.getMessage());
  }

  @Test
  void anExpressionThatNeverEndsIsEnded() {
    ObjectNode patient = json("{'resourceType':'Patient'}");
    for (int i = 0; i < 3_000; i++) patient.withArray("name").addObject().put("family", "f" + i);
    Deidentifier hostile = with(
        "{'path':'Patient.name.where(%resource.name.where(%resource.name.where(family = `x`).exists()).exists())',"
            + "'method':'redact'}");

    assertEquals(Kind.RULE, assertThrows(DeidentifyException.class, () -> apply(hostile, patient)).kind());
  }

  @Test
  void whatTakesLongerThanItMayIsRefused() {
    assertEquals(Kind.TOO_LONG, assertThrows(DeidentifyException.class,
        () -> with(rule("Resource", "redact")).apply(json(PATIENT), Origin.NONE, Duration.ofNanos(-1))).kind());
  }

  @Test
  void extensionsInExtensionsAreMetHoweverDeep() {
    ObjectNode patient = json("{'resourceType':'Patient'}");
    ObjectNode at = patient;
    for (int i = 0; i < 400; i++) at = at.withArray("extension").addObject().put("url", "u" + i);
    at.put("valueString", "Curie");

    assertFalse(apply(with(rule("nodesByType(`string`)", "redact")), patient).toString().contains("Curie"));
    for (int i = 0; i < 700; i++) at = at.withArray("extension").addObject().put("url", "u" + i);
    assertEquals(Kind.INPUT, assertThrows(DeidentifyException.class,
        () -> apply(with(rule("Resource", "redact")), patient)).kind());
  }

  @Test
  void aBundleOfManyTakesTimeInProportion() {
    ObjectNode bundle = json("{'resourceType':'Bundle'}");
    for (int i = 0; i < 5_000; i++) bundle.withArray("entry").addObject().set("resource", json(PATIENT));

    Result result = Deidentifier.read("harbor", Deidentifier.safeHarbor(), Keys.NONE, CLOCK)
        .apply(bundle, Origin.NONE, LONG);

    assertEquals(5_001, result.report().resources());
    assertFalse(result.resource().toString().contains("Curie"));
  }

  @Test
  void substitutedPartsOfAnEarlierRuleStay() {
    ObjectNode result = apply(
        with(rule("Patient.name.given", "keep"),
            "{'path':'Patient.name','method':'substitute','replaceWith':{'family':'Doe'}}"),
        json(PATIENT));

    assertEquals("Doe", result.at("/name/0/family").asText());
    assertEquals("Marie", result.at("/name/0/given/0").asText());
    assertEquals("Sk", result.at("/contact/0/name/family").asText());
  }

  @Test
  void aReplacementThatDoesNotFitIsAnErrorOfTheRule() {
    for (String with : List.of("'x'", "{'nonsense':1}"))
      assertEquals(Kind.NOT_APPLICABLE, assertThrows(DeidentifyException.class, () -> apply(
          with("{'path':'Patient.name','method':'substitute','replaceWith':" + with + "}"), json(PATIENT))).kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"'resourceType':'Patient','active':'Jane Doe 617-555-0100'",
    "'resourceType':'Patient','multipleBirthInteger':'123-45-6789'",
    "'resourceType':'Patient','deceasedBoolean':'2020-03-04'", "'resourceType':'Patient','active':1",
    "'resourceType':'Observation','valueQuantity':{'value':'Jane Doe'}", "'resourceType':'Patient','gender':true",
    "'resourceType':'Patient','name':[{'family':12}]", "'resourceType':'Location','position':{'latitude':true}"})
  void aValueOfAnotherJsonTypeThanItsElementHasIsRefused(String resource) {
    DeidentifyException refused = assertThrows(DeidentifyException.class,
        () -> apply(with(rule("Basic.code", "redact")), json("{" + resource + "}")));

    assertEquals(Kind.INPUT, refused.kind());
    assertFalse(refused.getMessage().contains("Doe"), refused.getMessage());
  }

  private static ObjectNode questionnaire(int deep, int wide) {
    ObjectNode questionnaire = json("{'resourceType':'Questionnaire'}");
    ObjectNode at = questionnaire;
    for (int i = 0; i < deep; i++) {
      for (int j = 1; j < wide; j++) at.withArray("item").addObject().put("linkId", "x");
      ObjectNode next = JSON.createObjectNode().put("linkId", "l" + i);
      at.withArray("item").insert(0, next);
      at = next;
    }
    return questionnaire;
  }

  @Test
  void whatIsBelowWhatIsBelowIsFoundOnce() {
    String path = "Questionnaire" + ".nodesByType(`BackboneElement`)".repeat(4) + ".linkId";
    Result result = with(rule(path, "redact")).apply(questionnaire(95, 1), Origin.NONE, LONG);

    assertEquals(92, result.report().rows().stream().mapToLong(Report.Row::count).sum());
    Selector five = Selector.compile("Questionnaire" + ".nodesByType('BackboneElement')".repeat(5));
    Element whole = Reading.resource(questionnaire(60, 2));
    assertEquals(112, five.select(whole, new Work(whole, List.of(), java.time.LocalDate.EPOCH, Origin.NONE,
        System.nanoTime() + LONG.toNanos(), new Report())).size());
  }

  @Test
  void whatIsPutInGrowsAResourceByLittle() {
    ObjectNode patient = json("{'resourceType':'Patient'}");
    for (int i = 0; i < 20_000; i++) patient.withArray("name").addObject().put("family", "f");
    String big = "x".repeat(1 << 20);
    for (String rule : List.of(
        "{'path':'Patient.name','method':'substitute','replaceWith':{'family':'" + big + "'}}",
        "{'path':'Patient.name.family','method':'substitute','replaceWith':'" + big + "'}",
        "{'path':'Patient.name.family','method':'generalize','cases':{'true':'`" + "x".repeat(9_000) + "`'}}"))
      assertEquals(Kind.TOO_LONG,
          assertThrows(DeidentifyException.class, () -> apply(with(rule), patient)).kind(), rule.substring(0, 60));
  }

  @Test
  void theTimeIsLookedAtWithinARuleToo() {
    ObjectNode patient = json("{'resourceType':'Patient'}");
    for (int i = 0; i < 400_000; i++) patient.withArray("name").addObject().put("family", "f" + i);
    String cases = java.util.stream.IntStream.range(0, 200)
        .mapToObj(i -> "'$this.matches(`^(f|g)*x" + i + "$`)':'`a`'")
        .collect(java.util.stream.Collectors.joining(","));
    Deidentifier slow = with("{'path':'Patient.name.family','method':'generalize','cases':{" + cases + "}}");

    DeidentifyException refused = assertTimeoutPreemptively(Duration.ofSeconds(30),
        () -> assertThrows(DeidentifyException.class,
            () -> slow.apply(patient, Origin.NONE, Duration.ofMillis(300))));

    assertEquals(Kind.TOO_LONG, refused.kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"'name':[{}],'_name':[null,{}]", "'contained':[],'_contained':[{}]", "'_contained':{}",
    "'meta':[{'id':'Curie'}]", "'meta':{},'_meta':{'id':'Curie'}", "'birthDate':['1967-11-07']"})
  void whatStandsWhereR4HasNoneOrOneIsRefused(String members) {
    assertEquals(Kind.INPUT, assertThrows(DeidentifyException.class, () -> apply(with(rule("Resource", "redact")),
        json("{'resourceType':'Patient'," + members + "}"))).kind());
  }

  @Test
  void aPathThatIsTooLongIsAnErrorWithItsPlace() {
    for (String path : List.of("nodesBy" + "(".repeat(200_000), "Patient." + "name.".repeat(1_000) + "use")) {
      List<MappingProblem> problems = assertThrows(MappingException.class, () -> with(rule(path, "redact"))).problems();
      assertTrue(problems.get(0).message().contains("4000 characters"), problems.get(0).message());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Patient.name | Practitioner.name", "Practitioner.name|Patient.name",
    "Patient.nodesByType(`HumanName`) | Practitioner.name", "Practitioner.name | Patient.nodesByName(`name`)"})
  void eachAlternativeOfAPathIsForItsOwnType(String path) {
    Deidentifier both = with(rule(path, "redact"));

    assertEquals(List.of(), both.warnings());
    for (String type : List.of("Patient", "Practitioner"))
      assertFalse(apply(both, json("{'resourceType':'" + type + "','name':[{'family':'Curie'}]}")).has("name"), type);
    assertTrue(apply(both, json("{'resourceType':'Person','name':[{'family':'Curie'}]}")).has("name"));
    assertEquals(1, with(rule("Patient.name | Practitioner.nmae", "redact")).warnings().size());
  }
}
