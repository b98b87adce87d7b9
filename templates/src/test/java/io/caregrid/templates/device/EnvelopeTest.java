package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
  private static final ObjectReader JSON = new ObjectMapper().readerFor(JsonNode.class);
  private static final Map<String, String> EVENT = Map.of("content-type",
      "application/cloudevents+json; charset=utf-8");

  private static JsonNode read(String json) {
    try {
      return JSON.readTree(json.replace('\'', '"'));
    } catch (IOException wrong) {
      throw new AssertionError(wrong);
    }
  }

  private static JsonNode open(String message, Map<String, String> headers) throws Envelope.Broken {
    return Envelope.open(read(message), headers, JSON);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aPlainMessageIsTheBodyAndHeadersAreItsProperties() throws Exception {
    assertEquals(read("""
        {'Body':{'hr':1},'Properties':{'iothub-connection-device-id':'d','a':'b'},
         'SystemProperties':{'iothub-connection-device-id':'d'}}"""),
        open("{'hr':1}", Map.of("iothub-connection-device-id", "d", "a", "b")));
  }

  @Test
  void anEnvelopeOfIotHubIsOpened() throws Exception {
    assertEquals(read("""
        {'Body':{'hr':1},'Properties':{'p':'1'},
         'SystemProperties':{'iothub-connection-device-id':'d','iothub-enqueuedtime':'2026-03-01T10:00:00Z'}}"""), open("""
        {'EnqueuedTimeUtc':'2026-03-01T10:00:00Z','Body':{'hr':1},'Properties':{'p':'1'},
         'SystemProperties':{'iothub-connection-device-id':'d'}}""", Map.of()));
    assertEquals(read("{'hr':1}"), open("{'Body':'" + base64("{\"hr\":1}")
        + "','Properties':{},'SystemProperties':{}}", Map.of()).get("Body"));
  }

  @Test
  void byMqttADeviceWritesNoTopicClientOrDeviceOverTheHouses() throws Exception {
    JsonNode open = open("""
        {'Body':{},'Properties':{'p':'1','mqtt-topic':'lie','mqtt-client-id':'lie'},
         'SystemProperties':{'iothub-connection-device-id':'lie','iothub-enqueuedtime':'own'}}""",
        Map.of("mqtt-topic", "t", "mqtt-client-id", "c", "iothub-connection-device-id", "d"));
    assertEquals(read("""
        {'Body':{},'Properties':{'p':'1','mqtt-topic':'t','mqtt-client-id':'c','iothub-connection-device-id':'d'},
         'SystemProperties':{'iothub-connection-device-id':'d','iothub-enqueuedtime':'own'}}"""), open);
  }

  @Test
  void whatOnlyLooksLikeAnEnvelopeIsAMessage() throws Exception {
    for (String message : List.of("{'Body':{}}", "{'Body':{},'Properties':{},'SystemProperties':'x'}",
        "{'Body':{},'Properties':{},'SystemProperties':{},'more':1}", "[1]", "null"))
      assertEquals(read(message), open(message, Map.of()).get("Body"), message);
    for (String body : List.of("'abcd'", "'12'", "'" + base64("1234") + "'", "'" + base64("\u00e9") + "'"))
      assertEquals(read(body),
          open("{'Body':" + body + ",'Properties':{},'SystemProperties':{}}", Map.of()).get("Body"), body);
  }

  @Test
  void aCloudEventGivesItsDataAndItsAttributesAsTheyComeInBinaryMode() throws Exception {
    JsonNode root = open("""
        {'specversion':'1.0','id':'7','source':'/ward','type':'hr','n':3,'data':{'hr':1}}""", EVENT);

    assertEquals(read("{'hr':1}"), root.get("Body"));
    assertEquals("7 /ward hr 3", root.at("/Properties/ce_id").textValue() + " "
        + root.at("/Properties/ce_source").textValue() + " " + root.at("/Properties/ce_type").textValue() + " "
        + root.at("/Properties/ce_n").textValue());
    assertTrue(root.at("/Properties/ce_data").isMissingNode());
    assertEquals(read("{'hr':2}"), open("{'specversion':'1.0','id':'7','source':'/','type':'hr','data_base64':'"
        + base64("{\"hr\":2}") + "'}", EVENT).get("Body"));
    assertTrue(open("{'specversion':'1.0','id':'7','source':'/','type':'hr'}", EVENT).get("Body").isNull());
  }

  @Test
  void aBrokenEventIsSetAsideWithWhatItLacks() {
    assertThrows(Envelope.Broken.class, () -> open("{'specversion':'1.0','id':'7','source':'/'}", EVENT));
    assertThrows(Envelope.Broken.class, () -> open("[]", EVENT));
    assertThrows(Envelope.Broken.class,
        () -> open("{'specversion':'0.3','id':'7','source':'/','type':'t'}", EVENT));
    assertThrows(Envelope.Broken.class,
        () -> open("{'specversion':'1.0','id':'7','source':'/','type':'t','data':1,'data_base64':''}", EVENT));
    assertThrows(Envelope.Broken.class,
        () -> open("{'specversion':'1.0','id':'7','source':'/','type':'t','data_base64':'%'}", EVENT));

    Outcome outcome = DeviceMapping.vitals()
        .normalise("{\"id\":1}".getBytes(StandardCharsets.UTF_8), EVENT, Instant.EPOCH);

    assertEquals("malformed-envelope", ((Outcome.Failed) outcome).reason());
  }
}
