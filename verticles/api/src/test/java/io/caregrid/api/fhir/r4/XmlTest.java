package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.fhir.context.FhirContext;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees.Malformed;
import io.caregrid.contract.OperationOutcome.Issue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class XmlTest {
  private static final String RICH = """
      {"resourceType":"Patient","id":"a","meta":{"versionId":"3","tag":[{"system":"urn:x","code":"y"}]},
      "text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">A &amp; B<br/>&#169; <b class='x'>c</b></div>"},
      "contained":[{"resourceType":"Organization","id":"o","name":"n","telecom":[{"system":"phone","value":"1"}]}],
      "extension":[{"url":"urn:q","valueQuantity":{"value":1.10,"unit":"kg"}},{"url":"urn:n","extension":[{"url":"u","valueBoolean":true}]},
        {"id":"e1","url":"urn:d","valueDecimal":1e2},{"url":"urn:z","valueDecimal":0.00000001},{"url":"urn:i","valueDecimal":-0}],
      "active":true,"name":[{"id":"n1","use":"official","family":"Ok \\u00e9 <&\\"' \\ud83d\\ude00","given":["A",null,"C"],
        "_given":[null,{"extension":[{"url":"urn:e","valueCode":"x"}]},{"id":"g3"}]}],
      "gender":"female","birthDate":"1970-03","_birthDate":{"id":"b","extension":[{"url":"urn:t","valueDateTime":"1970-03-30T10:00:00Z"}]},
      "deceasedBoolean":false,"multipleBirthInteger":2,
      "photo":[{"contentType":"text/plain","data":"YWJj","title":"tab\\tand\\nline"}],
      "managingOrganization":{"reference":"#o"}}
      """;

  @Test
  void jsonToXmlToJsonKeepsEverything() throws Exception {
    ObjectNode resource = json(RICH);
    assertEquals(List.of(), Rules.check(resource));

    assertEquals(resource, XmlReader.read(XmlWriter.write(resource, false, 0)));
    assertEquals(resource, XmlReader.read(XmlWriter.write(resource, true, 0)));
  }

  /** Why HAPI's parser does not do this here. */
  @Test
  void hapisParserWouldLoseDigits() throws Exception {
    FhirContext context = FhirContext.forR4();
    IBaseResource parsed = context.newJsonParser().parseResource(RICH);
    String back = context.newJsonParser()
        .encodeResourceToString(
            context.newXmlParser().parseResource(context.newXmlParser().encodeResourceToString(parsed)));

    assertNotEquals(json(RICH), json(back));
    assertFalse(back.contains("1e2"), back);
  }

  @Test
  void hapiReadsWhatWeWrite() throws Exception {
    FhirContext context = FhirContext.forR4();

    IBaseResource ours = context.newXmlParser()
        .parseResource(new String(XmlWriter.write(json(RICH), false, 0), StandardCharsets.UTF_8));

    assertEquals(context.newJsonParser().encodeResourceToString(context.newJsonParser().parseResource(RICH)),
        context.newJsonParser().encodeResourceToString(ours).replace("1e2", "100").replace(":-0}", ":0}"));
  }

  @Test
  void elementsAreInTheOrderOfTheDefinitions() throws Exception {
    String xml = text(json("{\"resourceType\":\"Patient\",\"birthDate\":\"1970\",\"active\":true,\"id\":\"a\"}"));

    assertTrue(xml.endsWith(
        "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"a\"/><active value=\"true\"/><birthDate value=\"1970\"/></Patient>"),
        xml);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "<!DOCTYPE Patient [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><Patient xmlns='http://hl7.org/fhir'><id value='&x;'/></Patient>|document type",
    "<!DOCTYPE Patient [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><Patient xmlns='http://hl7.org/fhir'/>|document type",
    "<!DOCTYPE Patient SYSTEM 'http://127.0.0.1:1/x.dtd'><Patient xmlns='http://hl7.org/fhir'/>|document type",
    "<Patient xmlns='http://hl7.org/fhir'><id value='&x;'/></Patient>|well-formed",
    "<Patient xmlns='http://hl7.org/fhir'>&x;</Patient>|XML",
    "<Patient xmlns='http://hl7.org/fhir'><active|ends too early",
    "<Patient><active value='true'/></Patient>|namespace",
    "<Patient xmlns='urn:other'/>|namespace",
    "<Nonsense xmlns='http://hl7.org/fhir'/>|no resource type",
    "<Patient xmlns='http://hl7.org/fhir'>text</Patient>|text stands",
    "<Patient xmlns='http://hl7.org/fhir' lang='x'/>|attribute",
    "<Patient xmlns='http://hl7.org/fhir'><active value='true' value='false'/></Patient>|twice",
    "<?xml version='1.0' encoding='ISO-8859-1'?><Patient xmlns='http://hl7.org/fhir'/>|UTF-8",
    "<Patient xmlns='http://hl7.org/fhir'/><Patient xmlns='http://hl7.org/fhir'/>|well-formed"})
  void whatIsNotFhirXmlIsRefusedWithWhy(String xml, String why) {
    Malformed refused = assertThrows(Malformed.class, () -> XmlReader.read(xml.getBytes(StandardCharsets.UTF_8)));

    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "<nmae value='x'/>|structure|Patient.nmae",
    "<active value='yes'/>|structure|Patient.active",
    "<active/>|structure|Patient.active",
    "<active value='true'/><active value='false'/>|structure|Patient.active",
    "<multipleBirthInteger value='01'/>|structure|Patient.multipleBirthInteger",
    "<name><family value=''/></name>|value|Patient.name[0].family",
    "<text><status value='generated'/><div xmlns='http://www.w3.org/1999/xhtml'><script>x</script></div></text>|invalid|Patient.text.div"})
  void whatIsWrongInXmlIsToldByTheSameRules(String inside, String code, String expression) throws Exception {
    String xml = "<Patient xmlns='http://hl7.org/fhir'>" + inside + "</Patient>";

    List<Issue> issues = Rules.check(XmlReader.read(xml.getBytes(StandardCharsets.UTF_8)));

    assertEquals(1, issues.size(), issues.toString());
    assertEquals(code, issues.get(0).code());
    assertEquals(expression, issues.get(0).expression());
  }

  @ParameterizedTest
  @ValueSource(strings = {"<div xmlns=\"http://www.w3.org/1999/xhtml\"> a\n <b>c</b>&#xa0;<!-- d --></div>",
    "<div  xmlns='http://www.w3.org/1999/xhtml' ><br /></div>"})
  void theNarrativeKeepsItsCharacters(String div) throws Exception {
    String xml = "<?xml version=\"1.0\"?>\r\n<!-- c --><Patient xmlns=\"http://hl7.org/fhir\">\n<text>\r\n<status value=\"generated\"/>"
        + div
        + "</text></Patient>\n<!-- e -->";

    ObjectNode resource = XmlReader.read(xml.getBytes(StandardCharsets.UTF_8));

    assertEquals(div, resource.path("text").path("div").textValue());
    assertTrue(text(resource).contains(div));
  }

  @ParameterizedTest
  @ValueSource(strings = {"<div title=\"a>b\" xmlns=\"http://www.w3.org/1999/xhtml\">c</div>",
    "\n<div xmlns=\"http://www.w3.org/1999/xhtml\">c</div>"})
  void theDivIsFoundWhateverItsAttributesHold(String div) throws Exception {
    ObjectNode resource = json("{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\"}}");
    ((ObjectNode) resource.get("text")).put("div", div);
    assertEquals(List.of(), Rules.check(resource));

    assertEquals(div.strip(), XmlReader.read(XmlWriter.write(resource, false, 0)).path("text").path("div").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "<!--<div/></text><active value='false'/><x --><div xmlns='http://www.w3.org/1999/xhtml'>c</div>",
    "<?xml version='1.0'?><div xmlns='http://www.w3.org/1999/xhtml'>c</div>"})
  void nothingStandsBeforeTheDivThatCouldBeTakenForIt(String div) throws Exception {
    ObjectNode resource = json("{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\"}}");
    ((ObjectNode) resource.get("text")).put("div", div);

    assertEquals("Patient.text.div", Rules.check(resource).get(0).expression());
    assertFalse(XmlReader.read(XmlWriter.write(resource, false, 0)).has("active"));
  }

  @Test
  void aNarrativeUnderAPrefixIsWrittenAnew() throws Exception {
    String xml = "<f:Patient xmlns:f='http://hl7.org/fhir' xmlns:h='http://www.w3.org/1999/xhtml'><f:text><f:status value='generated'/>"
        + "<h:div>a &amp; <h:b title='&quot;'>b</h:b></h:div></f:text></f:Patient>";

    assertEquals("<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; <b title=\"&quot;\">b</b></div>",
        XmlReader.read(xml.getBytes(StandardCharsets.UTF_8)).path("text").path("div").textValue());
  }

  @Test
  void depthIsBounded() {
    String deep = "<Patient xmlns='http://hl7.org/fhir'>" + "<extension url='u'>".repeat(5_000);

    Malformed refused = assertThrows(Malformed.class, () -> XmlReader.read(deep.getBytes(StandardCharsets.UTF_8)));

    assertTrue(refused.getMessage().contains("deep"), refused.getMessage());
  }

  @Test
  void whatCameIntoTheStoreSomehowBreaksNoXml() throws Exception {
    ObjectNode odd = json(
        "{\"resourceType\":\"Patient\",\"x<y\":1,\"text\":{\"div\":\"<div>\"},\"name\":[{\"family\":\"a\\u0001\"}],\"active\":{\"deep\":[1,2]}}");

    String xml = text(odd);

    assertTrue(xml.contains("&lt;div&gt;") && xml.contains("a\uFFFD"), xml);
    javax.xml.parsers.DocumentBuilderFactory.newDefaultInstance()
        .newDocumentBuilder()
        .parse(new java.io.ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }

  private static ObjectNode json(String json) throws Malformed {
    return (ObjectNode) Trees.read(json.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(ObjectNode resource) {
    return new String(XmlWriter.write(resource, false, 0), StandardCharsets.UTF_8);
  }
}
