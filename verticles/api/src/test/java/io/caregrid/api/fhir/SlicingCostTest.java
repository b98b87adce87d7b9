package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SlicingCostTest {
  private static final ObjectNode PATIENT = json(
      "{'resourceType':'Patient','identifier':[{'value':'1'},{'value':'2'},{'value':'3'}],"
          + "'contact':[{'telecom':[{'value':'a'},{'value':'b'}]},{'telecom':[{'value':'c'}]}],'deceasedBoolean':false,"
          + "'contained':[{'resourceType':'Patient','identifier':[{'value':'4'}]},{'resourceType':'Device','identifier':[{'value':'5'}]}]}");

  private static ObjectNode json(String text) {
    return Trees.own(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode profile(String view, String... slicedPaths) {
    ObjectNode profile = json("{'resourceType':'StructureDefinition'}");
    for (String path : slicedPaths)
      profile.withObject("/" + view).withArray("element").addObject().put("path", path).put("sliceName", "s");
    profile.withObject("/" + view).withArray("element").addObject().put("path", "Patient.identifier");
    return profile;
  }

  private static long cost(ObjectNode profile) {
    return new SlicingCost(PATIENT).of(profile);
  }

  @Test
  void eachElementOfAPathIsHeldAgainstEachSliceOfIt() {
    assertEquals(0, cost(profile("differential")));
    assertEquals(8, cost(profile("differential", "Patient.identifier", "Patient.identifier")));
    assertEquals(3, cost(profile("snapshot", "Patient.contact.telecom")));
    assertEquals(1, cost(profile("snapshot", "Patient.deceased[x]")));
    assertEquals(0, cost(profile("snapshot", "Patient.photo")));
    assertEquals(4 + 3, cost(profile("snapshot", "Patient.identifier", "Patient.contact.telecom")));
  }

  @Test
  void ofTwoViewsOneCounts() {
    ObjectNode both = profile("differential", "Patient.identifier");
    both.set("snapshot", profile("snapshot", "Patient.identifier", "Patient.identifier").get("snapshot"));

    assertEquals(8, cost(both));
  }

  @Test
  void aDataTypeMayBeAnywhere() {
    assertEquals(5, cost(profile("snapshot", "Identifier.value")) - 3);
  }
}
