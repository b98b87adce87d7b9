package io.caregrid.events;

import static io.caregrid.events.TellHouse.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.events.RemoteObservation.Merged;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.Identity;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RemoteObservationTest {
  private static final Map<String, String> THERE = Map.of("Patient/p.1", "Patient/77", "Device/d", "Device/88");

  /** As a device mapping makes one of the hour from ten on. @param id its own, for references are part of it */
  static ObjectNode hour(String patient, String device, String data) {
    ObjectNode observation = json("{'resourceType':'Observation','status':'final','issued':'2026-11-22T10:00:01Z',"
        + "'code':{'text':'hr'},'subject':{'reference':'Patient/" + patient + "'},'device':{'reference':'Device/"
        + device + "'},'effectivePeriod':{'start':'2026-11-22T10:00:00.0000000Z','end':'2026-11-22T10:59:59.9999999Z'},"
        + "'valueSampledData':{'origin':{'value':0,'unit':'bpm'},'period':1000,'dimensions':1,'data':'" + data + "'}}");
    String value = patient + "." + device + ".hr.20261122100000Z.20261122105959Z";
    observation.withArray("identifier").addObject().put("system", GroupKey.SYSTEM).put("value", value);
    return observation.put("id", RemoteObservation.idOf(GroupKey.SYSTEM, value));
  }

  @Test
  void itHasTheIdAndTheIdentifierThatTheConnectorWouldHaveGivenItThere() {
    GroupKey key = new GroupKey(new Identity("88", "77", null), "hr", Instant.parse("2026-11-22T10:00:00Z"),
        Instant.parse("2026-11-22T10:59:59.999999900Z"), null);
    ObjectNode ours = hour("p.1", "d", "60");
    ours.putObject("meta").put("versionId", "7").putArray("profile").add("http://example.org/vital");
    ours.withArray("performer").addObject().put("reference", "Patient/p.1");

    ObjectNode there = RemoteObservation.translated(ours, THERE);

    assertEquals(List.of("Patient/p.1", "Device/d"), List.copyOf(RemoteObservation.references(ours)));
    assertEquals(key.identifier(), RemoteObservation.identifier(there));
    assertEquals(key.observationId(), there.path("id").asText());
    assertEquals("Patient/77 Device/88 Patient/77", there.path("subject").path("reference").asText() + " "
        + there.path("device").path("reference").asText() + " "
        + there.path("performer").path(0).path("reference").asText());
    assertEquals(json("{'profile':['http://example.org/vital']}"), there.path("meta"));
    assertEquals("7", ours.path("meta").path("versionId").asText(), "ours is as it was");
  }

  @Test
  void onlyWhatADeviceMappingMadeIsOne() {
    assertTrue(RemoteObservation.isOfDevice(hour("p", "d", "60")));
    assertFalse(RemoteObservation
        .isOfDevice(json("{'resourceType':'Observation','identifier':[{'system':'urn:lab','value':'1'}]}")));
    assertFalse(RemoteObservation.isOfDevice(json("{'resourceType':'Patient'}")));
  }

  @Test
  void whatIsThereAlreadyIsNotSentAgain() {
    ObjectNode there = hour("77", "88", "60 61 62");
    there.putObject("meta").put("versionId", "4").put("lastUpdated", "2026-11-22T10:30:00Z");

    Merged merged = RemoteObservation.merged(there, hour("77", "88", "60 61"));

    assertTrue(merged.isTheirs());
    assertFalse(merged.isOurs(), "it has a sample that ours has not");
    assertTrue(RemoteObservation.merged(hour("77", "88", "60"), hour("77", "88", "60")).isOurs());
  }

  @Test
  void samplesNotesAndComponentsThatOthersWroteAreKept() {
    ObjectNode there = hour("77", "88", "E 50 E 52");
    there.put("issued", "2026-11-22T09:00:00Z");
    there.withArray("note").addObject().put("text", "turned over");
    there.withArray("component").add(json("{'code':{'text':'mood'},'valueString':'well'}"));
    there.withArray("identifier").addObject().put("system", "urn:chart").put("value", "9");
    ((ObjectNode) there.path("effectivePeriod")).put("start", "2026-11-22T10:00:00Z");

    Merged merged = RemoteObservation.merged(there, hour("77", "88", "60 61"));

    ObjectNode all = merged.resource();
    assertEquals("60 61 E 52", all.path("valueSampledData").path("data").asText());
    assertEquals("amended turned over mood 2",
        all.path("status").asText() + " " + all.path("note").path(0).path("text").asText()
            + " " + all.path("component").path(0).path("code").path("text").asText() + " "
            + all.path("identifier").size());
    assertEquals("2026-11-22T09:00:00Z", all.path("issued").asText());
    assertEquals("2026-11-22T10:00:00Z", all.path("effectivePeriod").path("start").asText(),
        "the same time, in their words");
    assertFalse(merged.isTheirs() || merged.isOurs());
    assertTrue(RemoteObservation.merged(all, hour("77", "88", "60 61")).isTheirs(), "doing it again changes nothing");
  }

  @Test
  void whatAPersonThereHasTakenBackStaysSo() {
    ObjectNode there = hour("77", "88", "60");
    there.put("status", "entered-in-error");

    assertEquals("entered-in-error", RemoteObservation.merged(there, hour("77", "88", "60 61"))
        .resource()
        .path("status")
        .asText());
  }

  @Test
  void aLabelOrATagOfTheirsIsNeverReplaced() {
    ObjectNode there = hour("77", "88", "60");
    there.withObject("/meta").withArray("security").addObject().put("system", "urn:label").put("code", "R");
    ObjectNode ours = hour("77", "88", "60 61");
    ours.withObject("/meta").withArray("tag").addObject().put("code", "ward");

    Merged merged = RemoteObservation.merged(there, ours);

    assertEquals("R ward", merged.resource().at("/meta/security/0/code").asText() + " "
        + merged.resource().at("/meta/tag/0/code").asText());
    assertFalse(merged.isOurs(), "ours as it is would take the label away");
    assertTrue(RemoteObservation.merged(ours, ours).isOurs());
  }

  @Test
  void samplesOfAnotherPeriodOrOriginStayAsTheyAre() {
    ObjectNode slower = hour("77", "88", "50 51");
    ((ObjectNode) slower.path("valueSampledData")).put("period", 2000);
    ObjectNode kelvin = hour("77", "88", "50 51");
    ((ObjectNode) kelvin.at("/valueSampledData/origin")).put("unit", "K");

    for (ObjectNode there : List.of(slower, kelvin))
      assertEquals(422, assertThrows(Refusal.class,
          () -> RemoteObservation.merged(there, hour("77", "88", "60"))).status());
  }

  @Test
  void whatIsAboutSomebodyElseIsNotContinued() {
    ObjectNode moved = hour("p.1", "d", "60");
    moved.withObject("/subject").put("reference", "Patient/p.2");
    assertThrows(Refusal.class, () -> RemoteObservation.translated(moved, Map.of("Patient/p.2", "Patient/78")));

    ObjectNode ours = hour("77", "88", "60");
    for (String same : List.of("Patient/77", "https://fhir.example.org/r4/Patient/77", "Patient/77/_history/2"))
      assertTrue(RemoteObservation.isOfSameSubject(about(same), ours), same);
    for (String other : List.of("Patient/78", "Patient/177", "https://fhir.example.org/Patient/177", "Group/77"))
      assertFalse(RemoteObservation.isOfSameSubject(about(other), ours), other);
  }

  private static ObjectNode about(String reference) {
    ObjectNode there = hour("77", "88", "60");
    there.withObject("/subject").put("reference", reference);
    return there;
  }

  @Test
  void aNumberWithoutSystemIsNotThatOfAnotherHouse() {
    ObjectNode there = json("{'identifier':[{'system':'urn:mrn','value':'1'},{'value':'2'}]}");

    assertTrue(RemoteIdentity.carries(there, "urn:mrn", "1", false));
    assertTrue(RemoteIdentity.carries(there, "", "2", false));
    assertFalse(RemoteIdentity.carries(there, "", "1", false));
    assertTrue(RemoteIdentity.carries(there, "", "1", true));
    assertFalse(RemoteIdentity.carries(there, "urn:other", "1", true));
    assertFalse(RemoteIdentity.carries(there, "urn:other", "2", true));
  }

  @Test
  void whoWasMergedIntoAnotherIsNotOneAnyMore() {
    assertTrue(RemoteIdentity.isValid(json("{'active':true,'link':[{'type':'replaces'}]}")));
    assertFalse(RemoteIdentity.isValid(json("{'active':false}")));
    assertFalse(RemoteIdentity.isValid(json("{'link':[{'type':'replaced-by'}]}")));
    assertFalse(RemoteIdentity.isValid(json("{'status':'entered-in-error'}")));
  }

  @Test
  void aSingleValueIsOurs() {
    ObjectNode ours = hour("77", "88", "60");
    ours.remove("valueSampledData");
    ours.putObject("valueQuantity").put("value", 37.5);
    ObjectNode there = hour("77", "88", "60");

    Merged merged = RemoteObservation.merged(there, ours);

    assertFalse(merged.resource().has("valueSampledData"));
    assertEquals(37.5, merged.resource().path("valueQuantity").path("value").asDouble());
    assertTrue(merged.isOurs());
  }
}
