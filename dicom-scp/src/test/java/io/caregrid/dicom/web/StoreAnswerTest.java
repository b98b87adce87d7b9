package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.web.StoreAnswer.Failed;
import io.caregrid.dicom.web.StoreAnswer.Outcome;
import io.caregrid.dicom.web.StoreAnswer.Stored;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoreAnswerTest {
  private static final Outcome GOOD = new Stored(new InstanceKey("1", "2", "3"), "1.9", 0);
  private static final Outcome WARNED = new Stored(new InstanceKey("1", "2", "4"), "1.9", StoreAnswer.CLASS_DIFFERS);
  private static final Outcome THERE = failed(StoreAnswer.EXISTS);

  private static Failed failed(int reason) {
    return new Failed("1.9", "5", reason, "why");
  }

  private static int status(Outcome... outcomes) {
    return new StoreAnswer(List.of(outcomes), null).status();
  }

  @Test
  void theStatusSaysWhatBecameOfTheInstances() {
    assertEquals(204, status());
    assertEquals(200, status(GOOD, GOOD));
    assertEquals(202, status(GOOD, WARNED));
    assertEquals(202, status(THERE, GOOD));
    assertEquals(409, status(THERE));
    assertEquals(409, status(THERE, failed(StoreAnswer.OUT_OF_RESOURCES)));
    assertEquals(503, status(failed(StoreAnswer.OUT_OF_RESOURCES)));
    assertEquals(413, status(failed(StoreAnswer.TOO_LARGE), failed(StoreAnswer.TOO_LARGE)));
    assertEquals(415, status(failed(StoreAnswer.OTHER_MEDIA_TYPE)));
    assertEquals(400, new StoreAnswer(List.of(GOOD), "broken off").status());
  }

  @Test
  void storedInstancesAreNamedWithWhereToFindThem() {
    JsonNode answer = new StoreAnswer(List.of(GOOD, WARNED), null).json("http://h/dicom-web");

    assertEquals("http://h/dicom-web/studies/1", answer.at("/00081190/Value/0").asText());
    JsonNode first = answer.at("/00081199/Value/0");
    assertEquals("1.9", first.at("/00081150/Value/0").asText());
    assertEquals("3", first.at("/00081155/Value/0").asText());
    assertEquals("http://h/dicom-web/studies/1/series/2/instances/3", first.at("/00081190/Value/0").asText());
    assertFalse(first.has("00081196"));
    assertEquals(45063, answer.at("/00081199/Value/1/00081196/Value/0").asInt());
    assertFalse(answer.has("00081198"));
  }

  @Test
  void failedInstancesAreNamedWithReasonAndWords() {
    JsonNode answer = new StoreAnswer(List.of(THERE, new Failed(null, null, StoreAnswer.TOO_LARGE, "large")), null)
        .json("");

    JsonNode there = answer.at("/00081198/Value/0");
    assertEquals(45070, there.at("/00081197/Value/0").asInt());
    assertEquals("DICOM100: why", there.at("/00741048/Value/0/00000902/Value/0").asText());
    JsonNode unknown = answer.at("/00081198/Value/1");
    assertEquals("{\"vr\":\"UI\"}", unknown.get("00081155").toString());
    assertEquals(0xA700, unknown.at("/00081197/Value/0").asInt());
    assertFalse(answer.has("00081199"));
    assertFalse(answer.has("00081190"));
  }

  @Test
  void noOneStudyNoOneAddress() {
    JsonNode answer = new StoreAnswer(List.of(GOOD, new Stored(new InstanceKey("9", "2", "3"), "1.9", 0)), null)
        .json("");

    assertFalse(answer.has("00081190"));
  }
}
