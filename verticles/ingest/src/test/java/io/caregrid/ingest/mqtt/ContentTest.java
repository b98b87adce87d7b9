package io.caregrid.ingest.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.ingest.mqtt.Properties.Pair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentTest {
  private static final Instant NOON = Instant.parse("2026-11-20T12:00:00.123456Z");
  private static final Content.Place PLACE = new Content.Place("bed 7",
      new TopicMappings(Map.of("#", List.of("all"), "ward/+/vent", List.of("vent"), "ward/3/+", List.of("three"),
          "ward/3/vent/#", List.of("deep"))),
      1_000, 10_000, 100_000);

  static byte[] packed(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  private static Content of(String topic, byte[] payload, Properties properties) throws Malformed {
    return Content.of(PLACE, topic, false, properties, payload, NOON);
  }

  private static Content of(String payload) throws Malformed {
    return of("t", payload.getBytes(StandardCharsets.UTF_8), Properties.NONE);
  }

  private static List<String> messages(Content content) {
    return content.messages().stream().map(message -> new String(message, StandardCharsets.UTF_8)).toList();
  }

  private static Map<String, String> headers(Content content) {
    Map<String, String> headers = new HashMap<>();
    content.headers().forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
    return headers;
  }

  private static Properties with(String type, String... user) {
    List<Pair> pairs = new ArrayList<>();
    for (int n = 0; n < user.length; n += 2) pairs.add(new Pair(user[n], user[n + 1]));
    return new Properties(type == null ? Map.of() : Map.of(Properties.CONTENT_TYPE, type), pairs);
  }

  @Test
  void objectsArraysAndLinesAreMessagesAndAnyOtherJsonIsOne() throws Malformed {
    assertEquals(List.of("{ \"a\" : 1.0 }"), messages(of(" { \"a\" : 1.0 } ")));
    assertEquals(List.of("{\"a\":1}", "{}"), messages(of("[{\"a\":1}, {}]")));
    assertEquals(List.of("{\"a\":1}", "{}"), messages(of("{\"a\":1}\n{}\n")));
    assertEquals(List.of("72"), messages(of("72")));
    assertEquals(List.of("[1,{}]"), messages(of("[1,{}]")));
    assertEquals(List.of("{\"a\":2}"), messages(of("t", packed("{\"a\":2}"), Properties.NONE)));
    assertEquals(List.of(), messages(of("[]")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "72 bpm", "", "{\"a\":1} {}", "NaN", "[\n{\"a\":1},\n{\"a\":2}\n", "72\n73",
    "\u001f\u008b no gzip"})
  void whatIsNoJsonGoesAsItIsWithAFault(String payload) throws Malformed {
    byte[] bytes = payload.getBytes(StandardCharsets.ISO_8859_1);

    Content content = of("t", bytes, Properties.NONE);

    assertTrue(content.fault() != null && !content.fault().isBlank());
    assertEquals(1, content.messages().size());
    assertEquals(bytes, content.messages().get(0));
  }

  @Test
  void ofLinesThoseAloneAreSetAsideThatAreNoJson() throws Malformed {
    Content some = of("t", "{\"a\":1}\r\n\n{\"a\":\n{\"a\":3}\n72\n".getBytes(), with("application/x-ndjson"));
    assertEquals(List.of("{\"a\":1}", "{\"a\":", "{\"a\":3}", "72"), messages(some));
    assertEquals("line 3: column 6: the JSON ends too early; 1 of 4 lines are set aside, the others are taken",
        some.fault());

    byte[] latin = "{\"a\":1}\n{\"a\":\"\u00e9\"}\n{\"a\":3}".getBytes(StandardCharsets.ISO_8859_1);
    Content torn = of("t", latin, Properties.NONE);
    assertEquals(3, torn.messages().size());
    assertTrue(torn.fault().endsWith("1 of 3 lines are set aside, the others are taken"), torn.fault());

    String late = "no reading\n{\"a\":1}";
    assertEquals(List.of(late), messages(of(late)), "nobody says that these are lines");
    Content said = of("t", late.getBytes(), with("application/x-ndjson"));
    assertEquals(List.of("no reading", "{\"a\":1}"), messages(said));
    assertTrue(said.fault().contains("1 of 2 lines"), said.fault());
    assertEquals(1, of("t", "{".getBytes(), with("application/x-ndjson")).messages().size());
    String large = "{\"a\":1}\n" + "x".repeat(1_001);
    assertEquals(List.of(large), messages(of(large)), "a line that the log cannot take keeps all together");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"t\":1}\n{\n \"v\":72\n}", "{\"t\":1}\n{\"v\":\n72\n}", "{\"t\":1}\n72",
    "{\"t\":1}\ntime;value\n1;72"})
  void aDocumentWhoseFirstLineIsAnObjectIsNotTornIntoItsLines(String payload) throws Malformed {
    Content whole = of(payload);

    assertEquals(List.of(payload), messages(whole));
    assertTrue(whole.fault() != null && !whole.fault().contains("set aside"), whole.fault());
  }

  @Test
  void aFaultOfALineSaysOnePlaceInIt() throws Malformed {
    assertEquals("line 3: column 8: more than one message in this line; write one a line; 1 of 3 lines are set aside,"
        + " the others are taken", of("{\"t\":1}\n{\"t\":2}\n{\"a\":1}{\"a\":2}").fault());
    String fault = of("{\"t\":1}\n{\"t\":2}\n{\"a\":1}x").fault();
    assertTrue(fault.matches("line 3: column \\d+: (not JSON|the JSON ends too early); 1 of 3 .*"), fault);
  }

  @Test
  void manyLinesThatAreNoneAreOneDeadLetter() throws Malformed {
    for (String line : List.of("x\n", "1\n", "{\n", "{\"a\":1}{}\n")) {
      byte[] payload = ("{}\n" + line.repeat(64_000 / line.length())).getBytes();
      Content untold = of("t", payload, Properties.NONE);
      assertEquals(List.of(payload), untold.messages(), line);
      assertTrue(untold.fault() != null);
      if (!line.startsWith("1"))
        assertEquals(List.of(payload), of("t", payload, with("application/x-ndjson")).messages(), line);
    }
    assertEquals(101, messages(of("{}\n" + "{\n".repeat(100))).size());
    assertEquals(1, messages(of("{}\n" + "{\n".repeat(101))).size());
  }

  @Test
  void whatMayTakeLongIsNotReadWhereOthersWait() {
    assertTrue(Content.isQuick("{}\n{}\n".getBytes()));
    assertTrue(Content.isQuick(("{\"a\":\"" + "x".repeat(60_000) + "\"}").getBytes()));
    assertFalse(Content.isQuick("{}\n".repeat(1_000).getBytes()), "lines");
    assertFalse(Content.isQuick(new byte[70_000]));
    assertFalse(Content.isQuick(packed("{}")));
  }

  @Test
  void aBombAndAMessageThatTheLogCannotTakeAreFaults() throws Malformed {
    assertTrue(of("t", packed("{\"a\":\"" + "x".repeat(20_000) + "\"}"), Properties.NONE).fault().contains("larger"));
    assertTrue(of("t", packed("{\"a\":\"" + "x".repeat(5_000) + "\"}"), Properties.NONE).fault().contains("1000"));
    assertTrue(of("devices/a/messages/events/", packed("[\"" + "x".repeat(5_000) + "\"]"), Properties.NONE).fault()
        .contains("1000"));
  }

  @Test
  void nothingIsSaidByAnEmptyMessageThatIsToBeRetained() throws Malformed {
    assertEquals(List.of(), Content.of(PLACE, "t", true, Properties.NONE, new byte[0], NOON).messages());
  }

  @Test
  void topicClientAndPropertiesAreHeadersAndTheHousesOwnNamesAreNotTheDevices() throws Malformed {
    Map<String, String> headers = headers(of("t", "{}".getBytes(), with("application/json; charset=utf-8", "unit", "1",
        "unit", "2", "mqtt-topic", "lie", "caregrid-again", "1", "caregrid-mapping-version", "x",
        "iothub-connection-device-id", "lie", "iothub-enqueuedtime", "lie")));

    assertEquals(Map.of("mqtt-topic", "t", "mqtt-client-id", "bed 7", "unit", "2", "content-type", "application/json",
        "caregrid-mapping", "all"), headers);
  }

  @Test
  void ofSeveralPatternsTheOneThatSaysMostDecides() {
    assertEquals("three", PLACE.topics().mapping("ward/3/pump"));
    assertEquals("deep", PLACE.topics().mapping("ward/3/vent"));
    assertEquals("vent", PLACE.topics().mapping("ward/4/vent"));
    assertEquals("deep", PLACE.topics().mapping("ward/3/vent/2/x"));
    assertEquals("all", PLACE.topics().mapping("ward/4/vent/2"));
    assertEquals("all", PLACE.topics().mapping("/"));
    assertNull(PLACE.topics().mapping("$SYS/x"), "a wildcard stands for no topic of a server's own");
    assertNull(new TopicMappings(Map.of("a/+", List.of("m"))).mapping("a"));
    assertEquals("m", new TopicMappings(Map.of("a/#", List.of("m"))).mapping("a"));
  }

  @Test
  void aMessageMayNameItsMapping() throws Malformed {
    assertEquals("mine",
        headers(of("ward/3/vent", "{}".getBytes(), with(null, "caregrid-mapping", "mine"))).get("caregrid-mapping"));
  }

  @Test
  void iotHubsTopicsAreReadAsIotHubReadsThem() throws Malformed {
    Content device = of("devices/d%201/messages/events/a=b%26c&x&%24.ctime=2026-11-20T10%3A00%3A00Z&%24.mid=m+1",
        "[{},{}]".getBytes(), Properties.NONE);

    assertEquals(List.of("[{},{}]"), messages(device), "an array is one body there");
    Map<String, String> headers = headers(device);
    assertEquals("d%201", headers.get("iothub-connection-device-id"));
    assertEquals("b&c", headers.get("a"));
    assertEquals("", headers.get("x"));
    assertEquals("2026-11-20T10:00:00Z", headers.get("iothub-creation-time-utc"));
    assertEquals("m+1", headers.get("message-id"));
    assertEquals("2026-11-20T12:00:00.123Z", headers.get("iothub-enqueuedtime"));
    assertEquals("Telemetry", headers.get("iothub-message-source"));
    Map<String, String> module = headers(
        of("devices/d/modules/m/messages/events", "{}".getBytes(), Properties.NONE));
    assertEquals("d m",
        module.get("iothub-connection-device-id") + " " + module.get("iothub-connection-module-id"));
    assertNull(headers(of("devices/d/messages", "{}".getBytes(), Properties.NONE)).get("iothub-connection-device-id"));
    assertEquals("\uFFFD", headers(of("devices/d/messages/events/?n=%00", "{}".getBytes(), Properties.NONE)).get("n"));
  }

  @Test
  void cloudEventsOfBothModesAreCarriedAsKafkasBindingWantsThem() throws Malformed {
    Map<String, String> binary = headers(of("t", "{}".getBytes(),
        with("application/json", "specversion", "1.0", "id", "1", "source", "/w", "type", "hr", "Ward-Name", "3")));
    assertEquals("1 /w hr 3",
        binary.get("ce_id") + " " + binary.get("ce_source") + " " + binary.get("ce_type") + " "
            + binary.get("Ward-Name"));
    assertNull(binary.get("id"));
    Content two = of("t", "[{},{}]".getBytes(), with("application/cloudevents-batch+json"));
    assertEquals(2, two.messages().size());
    assertEquals("application/cloudevents+json", headers(two).get("content-type"));
    assertEquals("1", headers(of("t", "{}".getBytes(), with(null, "id", "1"))).get("id"), "no event without the rest");
  }

  @Test
  void headersCountAsOftenAsThereAreMessages() throws Malformed {
    byte[] lines = "{}\n".repeat(500).getBytes();
    assertNull(of("t", lines, Properties.NONE).fault());

    Content many = of("t", lines, with(null, "a", "x".repeat(1_000)));

    assertTrue(many.fault().contains("send several packets"), many.fault());
    assertEquals(List.of(lines), many.messages());
  }

  @Test
  void moreHeadersThanTheLogHasRoomForAreRefused() {
    assertEquals(Reason.TOO_LARGE, assertThrows(Malformed.class,
        () -> of("t", "{}".getBytes(), with(null, "a", "x".repeat(33_000)))).reason);
  }
}
