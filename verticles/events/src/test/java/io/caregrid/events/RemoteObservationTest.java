package io.caregrid.events;

import static io.caregrid.events.TellHouse.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
