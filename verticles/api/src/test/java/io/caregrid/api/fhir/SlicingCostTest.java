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
    profile.withObject("/" + view).withArray("element").addObject().put("path", "Patient.identifier");
    for (String path : slicedPaths)
      profile.withObject("/" + view).withArray("element").addObject().put("path", path).put("sliceName", "s");
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

  /** HAPI holds elements against them all the same. */
  @Test
  void slicesNeedNoName() {
    assertEquals(4 * 2_000, cost(unnamed("Patient", 1, "Patient.identifier", 2_001)));
    assertEquals(0, cost(unnamed("Patient.identifier", 1, "Patient.contact", 1)));
  }

  @Test
  void whatStandsOnceBelowEachSliceIsNoSlice() {
    ObjectNode profile = json("{'resourceType':'StructureDefinition'}");
    for (String path : "contact contact contact.telecom contact contact.telecom contact.telecom".split(" "))
      profile.withObject("/snapshot").withArray("element").addObject().put("path", "Patient." + path);

    assertEquals(2 * 2 + 3, cost(profile));
  }

  @Test
  void whatIsNestedUnderItsOwnNameIsHeldAgainstTheSameSlices() {
    ObjectNode questions = json("{'resourceType':'Questionnaire','item':[{'item':[{'item':[{'code':[{},{}]}]}]}]}");

    assertEquals(3, new SlicingCost(questions).of(unnamed("Questionnaire.item", 2)));
    assertEquals(2, new SlicingCost(questions).of(unnamed("Questionnaire.item.code", 2)));
  }

  /** Paths, and how often each. */
  private static ObjectNode unnamed(Object... pathsAndTimes) {
    ObjectNode profile = json("{'resourceType':'StructureDefinition'}");
    for (int i = 0; i < pathsAndTimes.length; i += 2)
      for (int times = 0; times < (int) pathsAndTimes[i + 1]; times++)
        profile.withObject("/snapshot").withArray("element").addObject().put("path", (String) pathsAndTimes[i]);
    return profile;
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
