package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees.Malformed;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PartsTest {
  private static final String MARK = "'meta':{'tag':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ObservationValue','code':'SUBSETTED'}]}";
  private static final String OBSERVATION = "{'resourceType':'Observation','id':'a','meta':{},'text':{'status':'generated','div':'<div>x</div>'},"
      + "'extension':[{'url':'u','valueString':'x'}],'modifierExtension':[{'url':'m','valueString':'y'}],'status':'final','_status':{'id':'s'},"
      + "'code':{'id':'c','text':'w','extension':[{'url':'u','valueString':'x'}]},'valueQuantity':{'value':1.10},'note':[{'text':'n'}],"
      + "'component':[{'code':{'text':'k'},'interpretation':[{'text':'i'}]},{'interpretation':[{'text':'i'}]}]}";

  @Test
  void theSummaryIsWhatTheDefinitionsMarkOnEveryLevel() throws Malformed {
    assertEquals(tree("{'resourceType':'Observation','id':'a'," + MARK
        + ",'modifierExtension':[{'url':'m','valueString':'y'}],"
        + "'status':'final','_status':{'id':'s'},'code':{'text':'w'},'valueQuantity':{'value':1.10},'component':[{'code':{'text':'k'}}]}"),
        Parts.summary(tree(OBSERVATION)));
  }

  @Test
  void textIsTheNarrativeAndWhatIsMandatory() throws Malformed {
    assertEquals(Set.of("resourceType", "id", "meta", "text", "status", "_status", "code"),
        names(Parts.text(tree(OBSERVATION))));
  }

  @Test
  void dataIsEverythingButTheNarrative() throws Malformed {
    ObjectNode whole = tree(OBSERVATION);
    whole.remove("text");

    assertEquals(names(whole), names(Parts.data(tree(OBSERVATION))));
  }

  @Test
  void elementsComeWithWhatIsMandatoryOrModifies() throws Malformed {
    assertEquals(
        Set.of("resourceType", "id", "meta", "status", "_status", "code", "modifierExtension", "valueQuantity"),
        names(Parts.elements(tree(OBSERVATION), Set.of("value", "Patient.note", "nosuch"))));
    assertEquals(Set.of("resourceType", "id", "meta", "status", "_status", "code", "modifierExtension", "note"),
        names(Parts.elements(tree(OBSERVATION), Set.of("Observation.note"))));
  }

  private static Set<String> names(ObjectNode resource) {
    return resource.properties().stream().map(java.util.Map.Entry::getKey).collect(java.util.stream.Collectors.toSet());
  }

  private static ObjectNode tree(String json) throws Malformed {
    return (ObjectNode) Trees.read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
