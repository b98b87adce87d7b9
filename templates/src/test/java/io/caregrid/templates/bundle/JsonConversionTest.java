package io.caregrid.templates.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What has JSON at one end: any JSON and FHIR STU3 into FHIR R4, FHIR R4 into HL7 v2. */
class JsonConversionTest {
  private static final Clock NOON = Clock.fixed(Instant.parse("2026-11-20T12:00:00Z"), ZoneOffset.UTC);
  private static final String GLUCOSE = """
      {"resourceType": "Observation", "status": "final", "identifier": [{"value": "6323"}],
       "code": {"coding": [{"system": "http://loinc.org", "code": "15074-8", "display": "Glucose | blood"}]},
       "effectiveDateTime": "2013-04-02T09:30:10+01:00",
       "valueQuantity": {"value": 6.30, "unit": "mmol/l", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
       "referenceRange": [{"low": {"value": 3.1}, "high": {"value": 6.2}}],
       "interpretation": [{"coding": [{"code": "H"}]}]}""";
  private static final String BUNDLE = """
      {"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Patient", "gender": "male", "birthDate": "1974-12-25",
          "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:oid:1.2.36", "value": "12345"}],
          "name": [{"family": "O^Hara \\\\ \\"B&B\\"", "given": ["Peter", "James"]}]}},
        {"resource": %s},
        {"resource": {"resourceType": "Observation", "status": "corrected", "code": {"text": "remark"}, "valueString": "line one\\nPID|2||evil~x"}}
      ]}""".formatted(GLUCOSE);
  @TempDir
  Path temp;

  private static Conversion conversion(Kind kind, Map<String, String> files) {
    return Conversion.of(kind, files, Limits.DEFAULT, ZoneOffset.UTC, NOON);
  }

  private static String made(Kind kind, String template, String input) {
    Outcome outcome = conversion(kind, Map.of("Any.liquid", template)).convert(input, "Any");
    if (outcome instanceof Outcome.Refused refused) throw new AssertionError(refused.why().told());
    return outcome instanceof Outcome.Written written
        ? written.message()
        : ((Outcome.Converted) outcome).bundle().toString();
  }

  private static ErrorCode refused(Kind kind, String template, String input) {
    Outcome outcome = conversion(kind, Map.of("Any.liquid", template)).convert(input, "Any");
    return assertInstanceOf(Outcome.Refused.class, outcome).why().code;
  }

  @Test
  void anyJsonIsWhatItsTemplateMakesOfItAndItsTextsStayTexts() {
    String template = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"{{ msg.Last }}\"}],"
        + "\"telecom\":[{% for p in msg[\"Phone Number\"] %}{\"value\":\"{{ p }}\"},{% endfor %}],"
        + "\"active\":{{ msg.Active }},\"n\":{{ msg.Number | to_json_string }}}";

    assertEquals(
        "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\\\"},{\\\"x\\\":\\\"\\\\\"}],"
            + "\"telecom\":[{\"value\":\"1\"},{\"value\":\"2\"}],\"active\":true,\"n\":6.30}",
        made(Kind.JSON, template,
            "{\"Last\":\"A\\\"},{\\\"x\\\":\\\"\\\\\",\"Phone Number\":[\"1\",2],\"Active\":true,\"Number\":6.30}"));
    assertEquals("{\"a\":\"2017-01-25T08:00:00.000+01:00\"}",
        made(Kind.JSON, "{\"a\":\"{{ msg.d | date: \"yyyy-MM-ddTHH:mm:ss.fff%K\" }}\"}",
            "{\"d\":\"2017-01-25T08:00:00+01:00\"}"));
    assertEquals("{\"a\":\"2020-01-01T00:00:00Z\"}",
        made(Kind.JSON, "{\"a\":\"{{ msg[0].d }}\"}", "[{\"d\":\"2020-01-01T00:00:00Z\"}]"));
  }

  @Test
  void whatIsNoJsonIsRefusedWithItsPlace() {
    assertEquals(ErrorCode.NULL_OR_WHITE_SPACE_INPUT, refused(Kind.JSON, "{}", " \n"));
    for (String input : new String[] {"MSH|", "{\"a\":1", "{} {}", "null", "7", "{\"a\":1,}"})
      assertEquals(ErrorCode.INPUT_PARSING_ERROR, refused(Kind.JSON, "{}", input), input);
    Outcome outcome = conversion(Kind.STU3, Map.of("Any.liquid", "{}")).convert("{\n \"a\" 1}", "Any");
    String told = assertInstanceOf(Outcome.Refused.class, outcome).why().told();
    assertTrue(told.contains("line 2"), told);
  }

  @Test
  void stu3BeginsWithTheTemplateOfItsTypeAndKeepsWhatIsNotChanged() throws IOException {
    Files.createDirectories(temp.resolve("Stu3ToR4/Part"));
    Files.writeString(temp.resolve("Stu3ToR4/Thing.liquid"),
        "{% mergeDiff msg -%}{\"status\":\"{% include 'Part/Status' s: msg.status %}\",\"old\":\"\",\"value[x]\":5.10,\"a\":[1,],\"none\": ,}{% endmergeDiff %}");
    Files.writeString(temp.resolve("Stu3ToR4/Part/_Status.liquid"), "{{ s | upcase }}");
    Conversions conversions = Conversions.load(Map.of(Conversions.STU3, temp), ZoneOffset.UTC, NOON);

    Outcome outcome = conversions.convert(Conversions.STU3, Kind.STU3, null,
        "{\"resourceType\":\"Thing\",\"status\":\"on\",\"old\":1,\"valueInteger\":4,\"kept\":1.50}");

    assertEquals("{\"resourceType\":\"Thing\",\"status\":\"ON\",\"valueInteger\":5.10,\"kept\":1.50,\"a\":[1]}",
        assertInstanceOf(Outcome.Converted.class, outcome).bundle().toString());
    assertEquals(Set.of(Kind.STU3), conversions.kinds(Conversions.STU3));
  }

  @Test
  void whereThereAreNoTemplatesItIsSaid() {
    Conversions conversions = Conversions.load(Map.of(), ZoneOffset.UTC, NOON);

    Outcome outcome = conversions.convert(Conversions.JSON, Kind.JSON, "ExamplePatient", "{}");

    assertEquals(ErrorCode.TEMPLATE_FOLDER_NOT_FOUND, assertInstanceOf(Outcome.Refused.class, outcome).why().code);
  }

  @Test
  void aBundleBecomesAMessageThatHl7v2ReadsBack() {
    Conversions conversions = Conversions.load(Map.of(), ZoneOffset.UTC, NOON);

    Outcome outcome = conversions.convert(Conversions.FHIR, Kind.FHIR, null, BUNDLE);

    String message = assertInstanceOf(Outcome.Written.class, outcome).message();
    String[] lines = message.split("\r");
    assertEquals(6, lines.length, message);
    assertTrue(lines[0].matches(
        "MSH\\|\\^~\\\\&\\|CAREGRID\\|\\|\\|\\|20261120120000\\+0000\\|\\|ORU\\^R01\\^ORU_R01\\|[0-9a-f]{20}\\|P\\|2\\.5\\.1\\|\\|\\|\\|\\|\\|UNICODE UTF-8\\|"),
        lines[0]);
    assertEquals("PID|1||12345^^^&urn:oid:1.2.36&URI^MR||O\\S\\Hara \\E\\ \"B\\T\\B\"^Peter^James||19741225|M|",
        lines[1]);
    assertEquals(
        "OBR|1||6323|15074-8^Glucose \\F\\ blood^LN|||20130402093010+0100|" + "|".repeat(17) + "F|", lines[2]);
    assertEquals(
        "OBX|1|NM|15074-8^Glucose \\F\\ blood^LN||6.30|mmol/L^mmol/l^UCUM|3.1-6.2|H|||F|||20130402093010+0100|",
        lines[3]);
    assertEquals("OBX|1|ST|^remark^||line one\\.br\\PID\\F\\2\\F\\\\F\\evil\\R\\x||||||C|", lines[5]);
    assertInstanceOf(Outcome.Converted.class,
        conversions.hl7v2(message.replace("ORU^R01^ORU_R01", "ORU^R01")), "our own templates read it");
  }

  private static Outcome results(String... resources) {
    List<String> entries = new ArrayList<>();
    for (String each : resources)
      entries.add("{\"fullUrl\":\"urn:uuid:" + entries.size() + "\",\"resource\":{\"resourceType\":" + each + "}}");
    return Conversions.load(Map.of(), ZoneOffset.UTC, NOON)
        .convert(Conversions.FHIR, Kind.FHIR, "ObservationBundle",
            "{\"resourceType\":\"Bundle\",\"entry\":[" + String.join(",", entries) + "]}");
  }

  private static String why(Outcome outcome) {
    return assertInstanceOf(Outcome.Refused.class, outcome).why().getMessage();
  }

  private static String seen(String members) {
    return "\"Observation\",\"status\":\"final\"," + members;
  }

  @Test
  void aMessageTellsNobodysResultsAsAnothers() {
    String anna = "\"Patient\",\"id\":\"a\",\"identifier\":[{\"system\":\"urn:x\",\"value\":\"7\"}],\"name\":[{\"family\":\"Anna\"}]";
    String value = ",\"valueInteger\":9";
    String[] hers = {"{\"reference\":\"Patient/a\"}", "{\"reference\":\"urn:uuid:0\"}",
      "{\"reference\":\"Patient/a/_history/3\"}", "{\"identifier\":{\"system\":\"urn:x\",\"value\":\"7\"}}"};
    for (String subject : hers)
      assertInstanceOf(Outcome.Written.class, results(anna, seen("\"subject\":" + subject + value)), subject);
    String[] others = {"{\"reference\":\"Patient/b\"}", "{\"reference\":\"http://other/Patient/a\"}", "{}", "7",
      "{\"display\":\"Anna\"}", "{\"identifier\":{\"value\":\"7\"}}", "{\"reference\":\"Group/a\"}",
      "{\"identifier\":{\"system\":\"urn:y\",\"value\":\"7\"}}"};
    for (String subject : others)
      assertEquals("the Observation of entry 2 is not said to be of the Patient of the Bundle",
          why(results(anna, seen("\"subject\":" + subject + value))), subject);
    assertTrue(why(results(anna, "\"Patient\",\"id\":\"b\"", seen("\"subject\":{\"reference\":\"Patient/b\"}" + value)))
        .contains("more than one Patient"));
    assertTrue(why(results(seen("\"valueInteger\":9"))).contains("no Patient"));
    assertTrue(why(results(anna)).contains("no Observation"));
    for (String input : new String[] {"[]", "{}", "{\"resourceType\":\"Patient\"}"})
      assertTrue(why(Conversions.load(Map.of(), ZoneOffset.UTC, NOON)
          .convert(Conversions.FHIR, Kind.FHIR, "ObservationBundle", input)).contains("no Bundle"), input);
  }

  private static String obx(String members) {
    String message = assertInstanceOf(Outcome.Written.class,
        results("\"Patient\"", members.startsWith("\"Obs") ? members : seen(members)), members).message();
    return message.substring(message.indexOf("OBX|")).replaceFirst("\\|+\r$", "");
  }

  @Test
  void aValueStaysTheValueThatItIsOrIsRefusedByItsName() {
    assertEquals("OBX|1|SN|^^||<^5.0|mg|||||F",
        obx("\"valueQuantity\":{\"value\":5.0,\"comparator\":\"<\",\"unit\":\"mg\"}"));
    assertEquals("OBX|1|NM|^^||1200||||||F", obx("\"valueQuantity\":{\"value\":1.2e3}"));
    assertEquals("OBX|1|NM|^^||0||>=0.00000010||||F",
        obx("\"valueInteger\":0,\"referenceRange\":[{\"low\":{\"value\":1.0E-7}}]"));
    assertEquals("OBX|1|NM|^^||0||||||F",
        obx("\"valueInteger\":0,\"referenceRange\":[{\"low\":{\"value\":1}},{\"low\":{\"value\":2}}]"));
    assertEquals("OBX|1||^^||||||||W", obx("\"Observation\",\"status\":\"entered-in-error\""));
    String period = assertInstanceOf(Outcome.Written.class, results("\"Patient\"",
        "\"Observation\",\"status\":\"entered-in-error\",\"effectivePeriod\":{\"start\":\"2026-11-03\",\"end\":\"2026-11-04\"}"))
        .message();
    assertTrue(period.contains("\rOBR|1|||^^|||20261103|20261104|" + "|".repeat(16) + "C|\r"), period);
    for (String name : new String[] {"valueBoolean", "valueRatio", "valueRange", "valuePeriod", "valueTime",
      "valueSampledData"})
      assertEquals("the Observation of entry 2 has " + name + ", which is not written",
          why(results("\"Patient\"", seen("\"" + name + "\":true"))));
    for (String name : new String[] {"component", "dataAbsentReason", "modifierExtension", "effectiveTiming"})
      assertTrue(why(results("\"Patient\"", seen("\"valueInteger\":1,\"" + name + "\":[{}]"))).contains(name));
    for (String none : new String[] {"\"valueInteger\":\"1^2~3&4\"", "\"valueInteger\":1.5", "\"valueQuantity\":{}",
      "\"valueQuantity\":{\"value\":\"9\"}", "\"valueQuantity\":{\"value\":[9]}", "\"valueString\":\" \"",
      "\"valueQuantity\":{\"value\":9,\"comparator\":\"ad\"}", "\"valueQuantity\":{\"value\":1e999999999}",
      "\"valueInteger\":1,\"referenceRange\":[{\"low\":{\"value\":\"}},{\"}}]", "\"note\":[]",
      "\"valueInteger\":1,\"valueString\":\"x\"", "\"valueCodeableConcept\":{}", "\"value|x\":1"})
      assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH,
          assertInstanceOf(Outcome.Refused.class, results("\"Patient\"", seen(none)), none).why().code);
    for (String status : new String[] {"unknown", "", "F"})
      assertTrue(why(results("\"Patient\"", "\"Observation\",\"valueInteger\":1,\"status\":\"" + status + "\""))
          .contains("no status"), status);
  }

  @Test
  void aTextOfSeveralLinesIsTakenAsItIsAndOneOutsideOfQuotesIsRefused() {
    String template = "{% mergeDiff msg -%}{\"comment\":\"\",\"note\":[{\"text\":\"{{ msg.comment }}\"}]}{% endmergeDiff %}";
    assertEquals("{\"note\":[{\"text\":\"one\\n\\ttwo\"}]}",
        made(Kind.STU3, template, "{\"comment\":\"one\\n\\ttwo\"}"));

    String open = "{% mergeDiff msg -%}{\"n\":{{ msg.n }}}{% endmergeDiff %}";
    assertEquals("{\"n\":7}", made(Kind.STU3, open, "{\"n\":7}"));
    assertEquals(ErrorCode.JSON_PARSING_ERROR, refused(Kind.STU3, open, "{\"n\":\"1,\\\"id\\\":\\\"evil\\\"\"}"));
    assertEquals("{\"a\":\"1,2\"}", made(Kind.STU3,
        "{% mergeDiff msg %}{% capture c %}{{ msg.a }}{% endcapture %}{\"a\":\"{{ c }}\"}{% endmergeDiff %}",
        "{\"a\":\"1,2\"}"), "a capture is no JSON");
  }

  @Test
  void noTextOfABundleBeginsAFieldOrASegment() {
    String template = "{\"messageDefinition\":[{\"msh\":{\"1\":\"|\",\"2\":\"^~\\\\&\",\"4\":\"W\",\"9\":\"ADT^A01\"}},"
        + "{\"Pid\":{\"5\":\"{{ msg.a }}\",\"2\":\"{{ msg.b }}\",\"8\":7}},{\"EVN\":{\"1\":\"\"}}]}";

    assertEquals("MSH|^~\\&||W|||||ADT^A01|\rPID||2.br|||x\\F\\y\\.br\\EVN\\F\\ \\.br\\z|||7|\r",
        made(Kind.FHIR, template, "{\"a\":\"x|y\\r\\nEVN|\\u000b\\rz\",\"b\":\"2.br\"}"));
  }

  @Test
  void whatIsNoMessageSaysWhy() {
    assertEquals(ErrorCode.PROPERTY_NOT_FOUND, refused(Kind.FHIR, "{\"a\":1}", "{}"));
    assertEquals(ErrorCode.TEMPLATE_DATA_MISMATCH,
        refused(Kind.JSON, "{\"messageDefinition\":[{\"PID\":{\"1\":\"x\"}}]}", "{}"));
    for (String segments : new String[] {"7", "[7]", "[{\"PID\":{\"1\":\"x\"},\"OBX\":{\"1\":\"x\"}}]",
      "[{\"PIDD\":{\"1\":\"x\"}}]", "[{\"P-D\":{\"1\":\"x\"}}]",
      "[{\"PID\":\"x\"}]", "[{\"PID\":{\"0\":\"x\"}}]", "[{\"PID\":{\"x\":\"x\"}}]",
      "[{\"PID\":{\"1000000000\":\"x\"}}]",
      "[{\"PID\":{\"1\":{\"a\":1}}}]"})
      assertEquals(ErrorCode.TEMPLATE_SYNTAX_ERROR,
          refused(Kind.FHIR, "{\"messageDefinition\":" + segments + "}", "{}"), segments);
    assertEquals(ErrorCode.INPUT_PARSING_ERROR, refused(Kind.FHIR, "{}", "MSH|"));
  }

  @Test
  void aTemplateMayBeNamedWithTheFolderOfItsKind() {
    Conversion conversion = conversion(Kind.FHIR,
        Map.of("Any.liquid", "{\"messageDefinition\":[{\"PID\":{\"1\":\"1\"}}]}"));

    assertEquals("PID|1|\r",
        assertInstanceOf(Outcome.Written.class, conversion.convert("{}", "FhirToHl7v2/Any")).message());
    assertEquals(ErrorCode.TEMPLATE_NOT_FOUND,
        assertInstanceOf(Outcome.Refused.class, conversion.convert("{}", "Hl7v2/Any")).why().code);
    assertNull(assertInstanceOf(Outcome.Refused.class, conversion.convert("{}", "")).why().template);
  }
}
