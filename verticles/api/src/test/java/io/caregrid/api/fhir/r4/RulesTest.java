package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RulesTest {
  @ParameterizedTest
  @ValueSource(strings = {
    "{'resourceType':'Patient'}",
    "{'resourceType':'Patient','id':'a','meta':{'versionId':'1','tag':[{'system':'urn:x','code':'y'}]},'active':true,"
        + "'name':[{'use':'official','family':'Ok','given':['A',null],'_given':[null,{'extension':[{'url':'urn:e','valueCode':'x'}]}]}],"
        + "'gender':'female','birthDate':'1970-03','_birthDate':{'extension':[{'url':'urn:t','valueDateTime':'1970-03-30T10:00:00Z'}]},"
        + "'deceasedBoolean':false,'multipleBirthInteger':2,'text':{'status':'generated','div':'<div xmlns=\\'http://www.w3.org/1999/xhtml\\'>x</div>'},"
        + "'contact':[{'relationship':[{'text':'aunt'}],'telecom':[{'system':'phone','value':'1','rank':1}]}],'contained':[{'resourceType':'Organization','id':'o','name':'n'}],"
        + "'managingOrganization':{'reference':'#o'},'extension':[{'url':'urn:q','valueQuantity':{'value':1.10,'unit':'kg'}},{'url':'urn:n','extension':[{'url':'u','valueBoolean':true}]}]}",
    "{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'8867-4'}]},"
        + "'effectivePeriod':{'start':'2026-11-20T10:00:00.0000000Z','end':'2026-11-20T10:59:59.9999999Z'},"
        + "'valueSampledData':{'origin':{'value':0},'period':1000,'dimensions':1,'data':'E 70 71'},'issued':'2026-11-20T10:00:00.123+01:00'}",
    "{'resourceType':'Observation','status':'amended','code':{'text':'bp'},'component':[{'code':{'text':'sys'},'valueQuantity':{'value':1e2}}]}",
    "{'resourceType':'Device','identifier':[{'value':'monitor-07'}],'deviceName':[{'name':'m','type':'user-friendly-name'}],'patient':{'reference':'Patient/1'}}"})
  void aGoodResourceHasNoFindings(String json) throws Exception {
    assertEquals(List.of(), check(json));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "{'resourceType':'Patient','nmae':[]}|structure|Patient.nmae",
    "{'resourceType':'Patient','name':[{'familly':'x'}]}|structure|Patient.name[0].familly",
    "{'resourceType':'Patient','name':{'family':'x'}}|structure|Patient.name",
    "{'resourceType':'Patient','name':['x']}|structure|Patient.name[0]",
    "{'resourceType':'Patient','name':[]}|structure|Patient.name",
    "{'resourceType':'Patient','name':[{}]}|structure|Patient.name[0]",
    "{'resourceType':'Patient','active':'true'}|structure|Patient.active",
    "{'resourceType':'Patient','active':null}|structure|Patient.active",
    "{'resourceType':'Patient','gender':['male']}|structure|Patient.gender",
    "{'resourceType':'Patient','gender':'robot'}|code-invalid|Patient.gender",
    "{'resourceType':'Patient','birthDate':'1970-13-01'}|value|Patient.birthDate",
    "{'resourceType':'Patient','birthDate':'1970-02-30'}|value|Patient.birthDate",
    "{'resourceType':'Patient','birthDate':19700101}|structure|Patient.birthDate",
    "{'resourceType':'Patient','birthDate':''}|value|Patient.birthDate",
    "{'resourceType':'Patient','id':'a b'}|value|Patient.id",
    "{'resourceType':'Patient','deceasedBoolean':true,'deceasedDateTime':'2020'}|structure|Patient.deceasedDateTime",
    "{'resourceType':'Patient','deceasedString':'x'}|structure|Patient.deceasedString",
    "{'resourceType':'Patient','contact':[{'telecom':[{'rank':0}]}]}|value|Patient.contact[0].telecom[0].rank",
    "{'resourceType':'Patient','contained':[{'resourceType':'Nonsense'}]}|structure|Patient.contained[0]",
    "{'resourceType':'Patient','contained':[{'resourceType':'Organization','id':'o','nmae':'x'}],'managingOrganization':{'reference':'#o'}}|structure|Patient.contained[0].nmae",
    "{'resourceType':'Patient','extension':[{'valueString':'x'}]}|required|Patient.extension[0].url",
    "{'resourceType':'Patient','_name':[{'id':'x'}]}|structure|Patient.name",
    "{'resourceType':'Observation','code':{'text':'x'}}|required|Observation.status",
    "{'resourceType':'Observation','status':'final'}|required|Observation.code",
    "{'resourceType':'Observation','status':'done','code':{'text':'x'}}|code-invalid|Observation.status",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'effectiveDateTime':'yesterday'}|value|Observation.effectiveDateTime",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'valueQuantity':{'value':'72'}}|structure|Observation.valueQuantity.value",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'issued':'2026-11-20'}|value|Observation.issued",
    "{'resourceType':'Patient','birthDate':'0000-01-01'}|value|Patient.birthDate",
    "{'resourceType':'Patient','birthDate':'2026-1-1'}|value|Patient.birthDate",
    "{'resourceType':'Patient','deceasedDateTime':'2026-01-01T24:00:00Z'}|value|Patient.deceasedDateTime",
    "{'resourceType':'Patient','deceasedDateTime':'2026-01-01T10:00:00'}|value|Patient.deceasedDateTime",
    "{'resourceType':'Patient','multipleBirthInteger':1.0}|value|Patient.multipleBirthInteger",
    "{'resourceType':'Patient','multipleBirthInteger':2147483648}|value|Patient.multipleBirthInteger",
    "{'resourceType':'Patient','photo':[{'contentType':'image/png','data':'abc'}]}|value|Patient.photo[0].data",
    "{'resourceType':'Patient','photo':[{'data':'YWJj'}]}|invariant|Patient.photo[0]",
    "{'resourceType':'Patient','telecom':[{'value':'1'}]}|invariant|Patient.telecom[0]",
    "{'resourceType':'Patient','contact':[{'gender':'male'}]}|invariant|Patient.contact[0]",
    "{'resourceType':'Patient','value':1}|structure|Patient.value",
    "{'resourceType':'Patient','deceased':true}|structure|Patient.deceased",
    "{'resourceType':'Patient','name':[{'given':['A',null]}]}|structure|Patient.name[0].given[1]",
    "{'resourceType':'Patient','name':[{'given':[null],'_given':[{'id':'x'}]}]}|structure|Patient.name[0].given[0]",
    "{'resourceType':'Patient','name':[{'id':'x'}]}|structure|Patient.name[0]",
    "{'resourceType':'Patient','extension':[{'url':'u','valueString':'x','extension':[{'url':'v','valueString':'y'}]}]}|invariant|Patient.extension[0]",
    "{'resourceType':'Patient','extension':[{'url':'u','value':'x'}]}|structure|Patient.extension[0].value",
    "{'resourceType':'Patient','managingOrganization':{'reference':'Practitioner/1'}}|value|Patient.managingOrganization.reference",
    "{'resourceType':'Patient','managingOrganization':{'reference':'Nonsense/1'}}|value|Patient.managingOrganization.reference",
    "{'resourceType':'Patient','managingOrganization':{'reference':'Organization/a_b'}}|value|Patient.managingOrganization.reference",
    "{'resourceType':'Patient','managingOrganization':{'reference':'Organization?name=x'}}|value|Patient.managingOrganization.reference",
    "{'resourceType':'Patient','managingOrganization':{'reference':'#o'}}|value|Patient.managingOrganization.reference",
    "{'resourceType':'Patient','contained':[{'resourceType':'Organization','id':'o','name':'n'}]}|invariant|Patient.contained[0]",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<p>x</p>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<div><script>x</script></div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<div onclick=\\'x\\'>y</div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<div><a href=\\' javaScript:x\\'>y</a></div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<div><a href=\\' data:text/xml,x\\'>y</a></div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<!-- x --><div>y</div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<div>&nbsp;x</div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Patient','text':{'status':'generated','div':'<div> </div>'}}|invalid|Patient.text.div",
    "{'resourceType':'Condition','subject':{'reference':'Patient/1'},'clinicalStatus':{'text':'active'}}|code-invalid|Condition.clinicalStatus",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'valueString':'x','dataAbsentReason':{'text':'y'}}|invariant|Observation",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'effectivePeriod':{'start':'2026-02','end':'2026-01'}}|invariant|Observation.effectivePeriod",
    "{'resourceType':'Bundle','type':'collection','entry':[{'resource':{'resourceType':'Patient','nmae':1}}]}|structure|Bundle.entry[0].resource.nmae"})
  void aFindingNamesItsKindAndPlace(String json, String code, String expression) throws Exception {
    List<Issue> issues = check(json);

    assertEquals(1, issues.size(), issues.toString());
    assertEquals(code, issues.get(0).code());
    assertEquals(expression, issues.get(0).expression());
  }

  @Test
  void allFindingsAreToldAtOnce() throws Exception {
    assertEquals(3, check("{'resourceType':'Observation','foo':1,'subject':'x'}").size() - 1);
  }

  @Test
  void aNarrativeIsNotNestedWithoutEnd() throws Exception {
    String deep = "{'resourceType':'Patient','text':{'status':'generated','div':'<div>" + "<b>".repeat(100) + "x"
        + "</b>".repeat(100) + "</div>'}}";

    assertEquals("Patient.text.div is nested more than 100 deep", check(deep).get(0).text());
  }

  @Test
  void aMachineThatStallsLetsNoBrokenRuleThrough() throws Exception {
    ObjectNode patient = (ObjectNode) Trees.read("{\"resourceType\":\"Patient\",\"contact\":[{\"gender\":\"female\"}]}"
        .getBytes(StandardCharsets.UTF_8));

    List<Issue> issues = new Walk("Patient", false, System.nanoTime() - 60_000_000_000L).over(patient);

    assertEquals(1, issues.size(), issues.toString());
    assertTrue(issues.get(0).toString().contains("pat-1"), issues.toString());
  }

  private static List<Issue> check(String json) throws Exception {
    String text = json.replace("\\'", "\\\"").replace('\'', '"');
    return Rules.check((ObjectNode) Trees.read(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void aFindingHelpsWhoeverMadeIt() throws Exception {
    assertTrue(check("{'resourceType':'Patient','nmae':[]}").get(0).text().endsWith("did you mean name?"));
    assertTrue(check("{'resourceType':'Patient','gender':'f'}").get(0).text().endsWith("female, male, other, unknown"));
    assertTrue(check("{'resourceType':'Patient','deceased':true}").get(0)
        .text()
        .endsWith("deceasedBoolean, deceasedDateTime"));
  }

  @Test
  void atMostFiftyFindingsAreTold() throws Exception {
    List<Issue> issues = check("{'resourceType':'Patient','name':[" + "1,".repeat(1_000) + "1]}");

    assertEquals(Rules.MOST_ISSUES + 1, issues.size());
    assertEquals("information", issues.get(Rules.MOST_ISSUES).severity());
  }

  @Test
  void aReferenceMayBeASearchInATransaction() throws Exception {
    String text = "{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"Organization?name=x\"}}";

    assertEquals(List.of(), Rules.check((ObjectNode) Trees.read(text.getBytes(StandardCharsets.UTF_8)), true));
  }

  @Test
  void controlCharactersAndHalvesOfPairsAreRefused() throws Exception {
    assertEquals("value", check("{'resourceType':'Patient','name':[{'family':'a\\u0001'}]}").get(0).code());
    assertEquals("value", check("{'resourceType':'Patient','name':[{'family':'a\\ud800'}]}").get(0).code());
    assertEquals(List.of(), check("{'resourceType':'Patient','name':[{'family':'\\ud83d\\ude00'}]}"));
  }
}
