package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Change;
import io.caregrid.events.Courier.Letter;
import io.caregrid.store.Deliveries.Delivery;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class FormsTest {
  private static final Instant AT = Instant.parse("2026-11-22T12:00:00Z");
  private static final String SOURCE = "https://caregrid.example.org/fhir";
  private static final Buffer OBSERVATION = Buffer.buffer("""
      {"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2823-3"}],
       "text":"Potassium [click](https://evil.example)"},"subject":{"reference":"Patient/ada"},"device":{"reference":"Device/d1"},
       "effectiveDateTime":"2026-11-22T11:59:00Z","valueQuantity":{"value":6.70,"unit":"mmol/L"},
       "interpretation":[{"coding":[{"code":"HH"}]}]}""");

  private static Delivery delivery(String type, Change.Op op) {
    return new Delivery(1, 42, type, op == null ? type : "o1", 3, op, AT, false, 0, null, AT);
  }

  private static JsonNode made(Form form, Letter... letters) {
    return Trees.read(form.of(List.of(letters), AT).body());
  }

  @Test
  void theEventHasTheMembersOfTheProxyAndTheResourceAsItIsStored() {
    String event = Event.of(delivery("Observation", Change.Op.UPDATE), SOURCE, null).toString();

    assertEquals("{\"action\":\"Updated\",\"resourcetype\":\"Observation\",\"id\":\"o1\",\"version\":\"3\","
        + "\"lastupdated\":\"2026-11-22T12:00:00Z\",\"source\":\"" + SOURCE + "\"}", event);
    assertTrue(Event.of(delivery("Observation", Change.Op.CREATE), SOURCE, OBSERVATION)
        .toString()
        .endsWith(",\"resource\":" + OBSERVATION + "}"));
    assertTrue(Event.of(delivery("*", null), SOURCE, null)
        .toString()
        .startsWith("{\"action\":\"Unknown\",\"resourcetype\":\"*\""));
  }

  @Test
  void aCardOfWhoMayNotReadSaysOnlyThatSomethingChanged() {
    String card = made(new TeamsForm(SOURCE), new Letter(delivery("Observation", Change.Op.CREATE), null)).toString();

    assertTrue(card.contains("Observation created"), card);
    assertTrue(card.contains(SOURCE + "/Observation/o1"), card);
    assertFalse(card.contains("Patient/ada") || card.contains("6.7") || card.contains("Potassium"), card);
  }

  @Test
  void aCardOfAReaderSaysWhatItIsAndMakesNoLinkOfIt() {
    JsonNode card = made(new TeamsForm(SOURCE), new Letter(delivery("Observation", Change.Op.CREATE), OBSERVATION));

    JsonNode content = card.path("attachments").path(0).path("content");
    assertEquals("1.4", content.path("version").asText());
    List<String> lines = content.path("body").findValuesAsText("text");
    assertTrue(lines.contains("Patient: Patient/ada"), lines.toString());
    assertTrue(lines.contains("Value: 6.70 mmol/L"), lines.toString());
    content.path("body").forEach(block -> assertEquals("RichTextBlock", block.path("type").asText()));
    assertEquals(1, content.path("actions").size());
  }

  @Test
  void teamsThatSaysInTheBodyThatItFailedHasFailed() {
    TeamsForm form = new TeamsForm(SOURCE);

    assertNull(form.wrong("1"));
    assertEquals(429, form.wrong("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP "
        + "error 429 with ContextId x").status());
  }

  @Test
  void powerBiGetsARowForEachNumber() {
    JsonNode rows = made(new PowerBiForm(), new Letter(delivery("Observation", Change.Op.CREATE), OBSERVATION),
        new Letter(delivery("Observation", Change.Op.DELETE), null));

    assertEquals("[{\"deviceId\":\"Device/d1\",\"patientId\":\"Patient/ada\",\"code\":\"2823-3\","
        + "\"display\":\"Potassium [click](https://evil.example)\",\"value\":6.70,\"unit\":\"mmol/L\","
        + "\"effective\":\"2026-11-22T11:59:00Z\",\"flag\":\"HH\"}]", rows.toString());
  }

  @Test
  void ofSamplesThePowerBiRowIsTheLastOneThatIsANumber() {
    Buffer sampled = Buffer.buffer("""
        {"resourceType":"Observation","code":{"coding":[{"code":"8867-4"}]},"effectivePeriod":{"start":"2026-11-22T11:00:00Z",
         "end":"2026-11-22T12:00:00Z"},"component":[{"code":{"coding":[{"code":"a"}]},"valueSampledData":
         {"origin":{"value":10,"unit":"bpm"},"period":1000,"factor":0.5,"dimensions":1,"data":"60 62 64 E U"}}]}""");

    JsonNode row = made(new PowerBiForm(), new Letter(delivery("Observation", Change.Op.UPDATE), sampled)).path(0);

    assertEquals("a 42.0 bpm 2026-11-22T11:00:02Z", row.path("code").asText() + " " + row.path("value").asText() + " "
        + row.path("unit").asText() + " " + row.path("effective").asText());
  }

  @Test
  void whatSaysNothingToPowerBiIsNotSent() {
    Letter flag = new Letter(delivery("Flag", Change.Op.CREATE), Buffer.buffer("{\"resourceType\":\"Flag\"}"));

    assertNull(new PowerBiForm().of(List.of(flag), AT));
  }

  @Test
  void aRequestToPowerBiNeverHasMoreRowsThanItTakes() {
    StringBuilder many = new StringBuilder("{\"resourceType\":\"Observation\",\"component\":[");
    many.append(String.join(",", Collections.nCopies(PowerBiForm.ROWS + 10, "{\"valueQuantity\":{\"value\":1}}")));
    Buffer huge = Buffer.buffer(many.append("]}").toString());

    assertEquals(PowerBiForm.ROWS,
        made(new PowerBiForm(), new Letter(delivery("Observation", Change.Op.CREATE), huge)).size());
  }
}
