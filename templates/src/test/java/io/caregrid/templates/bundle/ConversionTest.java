package io.caregrid.templates.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Limits;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConversionTest {
  private static final String MESSAGE = "MSH|^~\\&|A\rPID|1||7~8\rOBR|1\rNTE|1\rOBR|2\rNTE|2\rNTE|3";

  @Test
  void commasAnywhereAndWhatIsEmptyIsLeftOut() {
    assertEquals("{\"a\":1,\"b\":[true,null,{\"c\":\"x\"}]}",
        LooseJson.read("x {,, \"a\": 1,,\"e\":\"\", \"b\":[,true,,null,{},[],{\"d\":\"\"},{\"c\":\"x\",},], ,}")
            .toString());
    assertEquals("{}", LooseJson.read("{\"a\":{\"b\":[\"\"]}}").toString());
    assertEquals("{\"a\":[1],\"b\":{\"c\":[2]}}", LooseJson.read("{\"a\":[1]. ,\"b\":{\"c\":[2]. }. }.").toString());
    assertEquals("{\"a\":-1.50,\"b\":false,\"c\":\"\\t\\\"\u00e9\"}",
        LooseJson.read("{\"a\": -1.50 , \"b\":false,\"c\":\"\t\\\"\\u00e9\"}").toString());
  }

  @Test
  void whatIsNoJsonIsSaidWithItsPlace() {
    for (String text : new String[] {"", "{\"a\":1 \"b\":2}", "{\"a\":[1 2]}", "{\"a\":", "{\"a\" 1}", "{\"a\":\"x",
      "{\"a\":\"\\q\"}",
      "{\"a\":".repeat(1000), "{\"a\":1e9999999}", "{\"a\":1e401}", "{\"a\":" + "9".repeat(1_000_000) + "}"}) {
      assertEquals(ErrorCode.JSON_PARSING_ERROR,
          assertThrows(ConversionException.class, () -> LooseJson.read(text)).code, text);
    }
    ConversionException failure = assertThrows(ConversionException.class, () -> LooseJson.read("{\n\"a\":1\n\"b\":2}"));
    assertEquals("what was rendered is no JSON at line 3, column 1: a comma is missing", failure.getMessage());
  }

  @Test
  void aNumberIsWhatWasSentOrAnError() {
    assertEquals("{\"a\":0.5,\"b\":-0.5,\"c\":5,\"d\":5}",
        LooseJson.read("{\"a\":.5,\"b\":-.5,\"c\":+5,\"d\":5.}").toString());
    for (String value : new String[] {"<5", ">= 10", "5 mg", "1,5 mg", "~5", "5%", "5-10", "1:2", "-", ".", "- 5", "5;",
      "truer", "x"}) {
      assertEquals(ErrorCode.JSON_PARSING_ERROR,
          assertThrows(ConversionException.class, () -> LooseJson.read("{\"a\": " + value + " }")).code, value);
    }
  }

  @Test
  void aResourceInTenThousandEntriesIsJoinedInTime() {
    StringBuilder entries = new StringBuilder();
    for (int i = 0; i < 10_000; i++) {
      entries.append("{\"resource\":{\"resourceType\":\"P\",\"id\":\"1\",\"a\":[{\"x\":").append(i).append("}]}},");
    }

    ObjectNode bundle = assertTimeout(Duration.ofSeconds(30),
        () -> Entries.merged(LooseJson.read("{\"entry\":[" + entries + "]}")));

    assertEquals(10_000, bundle.at("/entry/0/resource/a").size());
  }

  @Test
  void entriesOfOneResourceAreJoinedWhereTheFirstStands() {
    assertEquals(
        "{\"entry\":[{\"resource\":{\"resourceType\":\"P\",\"id\":\"1\",\"a\":[1,{\"x\":1},2],\"b\":{\"c\":2,\"d\":3}}},{\"resource\":{\"resourceType\":\"P\",\"id\":\"2\"}}]}",
        Entries.merged(LooseJson.read(
            "{\"entry\":[{\"resource\":{\"resourceType\":\"P\",\"id\":\"1\",\"a\":[1,{\"x\":1}],\"b\":{\"c\":1}}},"
                + "{\"resource\":{\"resourceType\":\"P\",\"id\":\"2\"}},"
                + "{\"resource\":{\"resourceType\":\"P\",\"id\":\"1\",\"a\":[{\"x\":1},2],\"b\":{\"c\":2,\"d\":3}}}]}"))
            .toString());
    assertEquals(ErrorCode.JSON_MERGING_ERROR,
        assertThrows(ConversionException.class, () -> Entries.merged(LooseJson.read("{\"entry\":[1]}"))).code);
  }

  @Test
  void segmentsArePickedAsTemplatesPickThem() {
    assertEquals("{\"n\":\"1\",\"r\":\"7,8,\",\"p\":\"2\",\"has\":true,\"none\":false,\"split\":\"3\"}",
        converted(
            "{% assign f = hl7v2Data | get_first_segments: 'PID|OBR' %}{% assign l = hl7v2Data | get_segment_lists: 'OBR' %}"
                + "{% assign n = hl7v2Data | get_related_segment_list: f.OBR, 'NTE' %}{% assign p = hl7v2Data | get_parent_segment: 'NTE', 1, 'OBR' %}"
                + "{% assign s = hl7v2Data | split_data_by_segments: 'OBR' %}{\"n\":\"{{ n.NTE | size }}\","
                + "\"r\":\"{% for x in f.PID.3.Repeats %}{{ x.1.Value }},{% endfor %}\",\"p\":\"{{ p.OBR.1.Value }}\","
                + "\"has\":{{ hl7v2Data | has_segments: 'PID|NTE' }},\"none\":{{ hl7v2Data | has_segments: 'PID|ZZZ' }},\"split\":\"{{ s.size }}\"}"));
  }

  @Test
  void failuresAreAnswersWithPlace() {
    Outcome.Refused refused = assertInstanceOf(Outcome.Refused.class,
        conversion("\n{{ hl7v2Data.Data[0].Foo }}").convert(MESSAGE, "R"));
    Outcome.Refused rootless = assertInstanceOf(Outcome.Refused.class, conversion("{}").convert(MESSAGE, "None"));
    Outcome.Refused nameless = assertInstanceOf(Outcome.Refused.class, conversion("{}").convert(MESSAGE, ""));
    Outcome.Refused tooLong = assertInstanceOf(Outcome.Refused.class,
        conversion("{}").convert("MSH".repeat(Conversion.LONGEST_INPUT / 3 + 1), "R"));

    assertEquals("a segment has no part 'Foo' (template R, line 2)", refused.why().told());
    assertEquals("no template is called 'None'", rootless.why().told());
    assertEquals(ErrorCode.NULL_OR_EMPTY_ROOT_TEMPLATE, nameless.why().code);
    assertEquals(ErrorCode.INPUT_PARSING_ERROR, tooLong.why().code);
  }

  @Test
  void sectionsAreFoundByTitleAndByTemplateId() {
    Conversion conversion = Conversion.of(Kind.CCDA, Map.of("R.liquid",
        "{% assign t = msg | get_first_ccda_sections: 'all meds|None' %}{% assign i = msg | get_first_ccda_sections_by_template_id: '1.2.3' %}"
            + "{\"t\":\"{{ t.all_meds.n.v }}\",\"i\":\"{{ i.1_2_3.n.v }}\"}"),
        Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());

    Outcome outcome = conversion.convert("<ClinicalDocument><component><structuredBody>"
        + "<component><section><templateId root='1.2.3'/><title a='b'>Other</title><n v='1'/></section></component>"
        + "<component><section><title a='b'>All Meds</title><n v='2'/></section></component></structuredBody></component></ClinicalDocument>",
        "R");

    assertEquals("{\"t\":\"2\",\"i\":\"1\"}", assertInstanceOf(Outcome.Converted.class, outcome).bundle().toString());
  }

  @Test
  void aTextOfADocumentStaysWhereItIsPut() {
    String evil = "x\"}}},{\"resource\":{\"resourceType\":\"Patient\"},\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/victim\"}},{\"a\":{\"b\":{\"c\":\"\\";
    String document = "<d unit=\"" + evil.replace("\"", "&quot;") + "\" value=\"1.5\"/>";
    String bundle = "{\"entry\":[{\"resource\":{\"q\":{\"unit\":%s,\"value\":%s}}}]}";

    for (String unit : new String[] {"\"{{ msg.d.unit }}\"", "\"{{ u }}\"", "\"{{ c }}\"",
      "\"{{ msg.d.unit | append: '' }}\"",
      "{{ j }}"}) {
      String template = "{% assign u = msg.d.unit %}{% capture c %}{{ u }}{% endcapture %}{% capture j %}\"{{ msg.d.unit }}\"{% endcapture %}"
          + String.format(bundle, unit, "{{ msg.d.value }}");
      JsonNode entries = assertInstanceOf(Outcome.Converted.class, document(template).convert(document, "R")).bundle()
          .get("entry");
      assertEquals(1, entries.size(), unit);
      String text = entries.at("/0/resource/q/unit").asText();
      assertEquals(evil, text, unit);
      assertEquals(1.5, entries.at("/0/resource/q/value").asDouble());
    }
    assertEquals(ErrorCode.JSON_PARSING_ERROR, assertInstanceOf(Outcome.Refused.class,
        document(String.format(bundle, "1", "{{ msg.d.unit }}")).convert(document, "R")).why().code);
  }

  private static Conversion document(String template) {
    return Conversion.of(Kind.CCDA, Map.of("R.liquid", template), Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());
  }

  private static String converted(String template) {
    return assertInstanceOf(Outcome.Converted.class, conversion(template).convert(MESSAGE, "R")).bundle().toString();
  }

  private static Conversion conversion(String template) {
    return Conversion.of(Kind.HL7V2, Map.of("R.liquid", template), Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());
  }
}
