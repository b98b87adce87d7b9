package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceRulesTest {
  private static ResourceRules rules;

  @BeforeAll
  static void load() throws Exception {
    Vertx vertx = Vertx.vertx();
    rules = ResourceRules.load(vertx).toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    vertx.close();
  }

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
    "{'resourceType':'Patient','contained':[{'resourceType':'Organization','nmae':'x'}]}|structure|Patient.contained[0].nmae",
    "{'resourceType':'Patient','extension':[{'valueString':'x'}]}|required|Patient.extension[0].url",
    "{'resourceType':'Patient','_name':[{'id':'x'}]}|structure|Patient.name[0]",
    "{'resourceType':'Observation','code':{'text':'x'}}|required|Observation.status",
    "{'resourceType':'Observation','status':'final'}|required|Observation.code",
    "{'resourceType':'Observation','status':'done','code':{'text':'x'}}|code-invalid|Observation.status",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'effectiveDateTime':'yesterday'}|value|Observation.effectiveDateTime",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'valueQuantity':{'value':'72'}}|structure|Observation.valueQuantity.value",
    "{'resourceType':'Observation','status':'final','code':{'text':'x'},'issued':'2026-11-20'}|value|Observation.issued"})
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

  private static List<Issue> check(String json) throws Exception {
    return rules.check((ObjectNode) FhirJson.MAPPER.readTree(json.replace("\\'", "\\\"").replace('\'', '"')));
  }
}
