package io.caregrid.templates.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.wanted.Generated;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That a message is read only in part cannot be seen in what its mapping makes of it. */
class WantedPartsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");
  private static final String READING = "{\"x\":{\"y\":[1,2]},\"deviceId\":\"d\",\"time\":\"2026-11-23T09:00:00Z\",\"hr\":72,\"z\":\"ü\"}";

  private static LongStream seeds() {
    long first = Long.getLong("caregrid.test.seed", 1);
    return LongStream.range(first, first + 4);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void anyMappingMakesTheSameOfAnyMessage(long seed) throws Exception {
    Random random = new Random(seed);
    int parts = 0;
    int measured = 0;
    for (int i = 0; i < 400; i++) {
      String text = mapping(random);
      DeviceMapping mapping = DeviceMapping.draft(text).mapping();
      for (int k = 0; k < 8; k++) {
        byte[] message = Generated.message(random);
        Outcome part = mapping.normalise(message, Map.of("a", "header"), NOW);
        assertEquals(mapping.normaliseWhole(message, Map.of("a", "header"), NOW), part,
            () -> "seed " + seed + "\n" + text + "\n" + new String(message, StandardCharsets.UTF_8));
        boolean inPart = mapping.wanted(message, Map.of()) != null;
        parts += inPart ? 1 : 0;
        measured += inPart && hasMeasurements(part) ? 1 : 0;
      }
    }
    assertTrue(parts > 500 && measured > 60, "read in part " + parts + ", and measured " + measured);
  }

  @ParameterizedTest
  @ValueSource(strings = {"to_array(Body)[?hr]", "Body", "Body | @", "(Body || Body)", "[Body][]",
    "if(`true`, Body, Body)"})
  void whatNobodyLooksAtIsNotRead(String match) throws Exception {
    DeviceMapping mapping = DeviceMapping.parse(calculated(match, "matchedToken.hr"));
    boolean made = match.contains("||") || match.startsWith("[");

    JsonNode wanted = mapping.wanted(bytes(READING), Map.of());

    if (made) assertNull(wanted, "what is made of the whole message needs it");
    else assertEquals(JSON.readTree("{\"deviceId\":\"d\",\"time\":\"2026-11-23T09:00:00Z\",\"hr\":72}"), wanted);
    assertTrue(mapping.normalise(bytes(READING), Map.of(), NOW) instanceof Outcome.Measured);
  }

  @Test
  void whatIsInAnEnvelopeIsReadAsAWhole() {
    DeviceMapping mapping = DeviceMapping.parse(calculated("to_array(Body)[?hr]", "matchedToken.hr"));
    byte[] envelope = bytes("{\"Body\":" + READING + ",\"Properties\":{},\"SystemProperties\":{}}");
    Map<String, String> event = Map.of("content-type", "application/cloudevents+json");

    assertNull(mapping.wanted(envelope, Map.of()));
    assertNull(mapping.wanted(bytes(READING), event));
    assertNull(mapping.wanted(null, Map.of()));
    assertNotNull(mapping.wanted(bytes(READING), Map.of()));
    assertEquals(mapping.normalise(bytes(READING), Map.of(), NOW), mapping.normalise(envelope, Map.of(), NOW));
  }

  @ParameterizedTest
  @ValueSource(strings = {"$", "@", "keys(Body)", "Body.*", "to_string(Body)", "matchedToken", "length(matchedToken)",
    "map(&$, matchedToken.x.y)", "sort_by(matchedToken.x.y, &to_number($.Body.hr)) | @ && $"})
  void whatLooksAtAllOfItNeedsAllOfIt(String value) {
    assertNull(DeviceMapping.parse(calculated("to_array(Body)[?hr]", value)).wanted(bytes(READING), Map.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Properties.ward", "SystemProperties.\"iothub-connection-device-id\"",
    "Body.hr && Properties.ward", "map(&$.Properties.ward, [matchedToken.hr]) | [0]"})
  void headersAreSeenBesideWhatIsReadInPart(String value) {
    DeviceMapping mapping = DeviceMapping.parse(calculated("to_array(Body)[?hr]", value));
    Map<String, String> headers = Map.of("ward", "icu", "iothub-connection-device-id", "icu");

    Outcome outcome = mapping.normalise(bytes(READING), headers, NOW);

    assertNotNull(mapping.wanted(bytes(READING), headers));
    assertEquals("icu", ((Outcome.Measured) outcome).measurements().get(0).properties().get(0).value());
  }

  @ParameterizedTest
  @ValueSource(strings = {"CalculatedContent", "JsonPathContent"})
  void everyExpressionOfATemplateIsFollowed(String type) throws Exception {
    String token = type.equals("CalculatedContent") ? "$.matchedToken." : "$.";
    ObjectNode root = JSON.createObjectNode().put("templateType", "CollectionContent");
    ObjectNode template = root.putArray("template")
        .addObject()
        .put("templateType", type)
        .putObject("template")
        .put("typeName", "t")
        .put("typeMatchExpression", "$.Body")
        .put("deviceIdExpression", token + "d")
        .put("timestampExpression", token + "t")
        .put("correlationIdExpression", token + "c")
        .put("patientIdExpression", token + "p")
        .put("encounterIdExpression", token + "e");
    ObjectNode value = template.putArray("values")
        .addObject()
        .put("required", true)
        .put("valueName", "v")
        .put("valueExpression", token + "v");
    value.putObject("samples").put("periodExpression", token + "ms");
    byte[] message = bytes(
        "{\"d\":\"d\",\"t\":\"2026-11-23T09:00:00Z\",\"c\":\"c\",\"p\":\"p\",\"e\":\"e\",\"v\":[1,2],\"ms\":4,\"x\":0}");
    DeviceMapping mapping = DeviceMapping.parse(root.toString());

    Outcome outcome = mapping.normalise(message, Map.of(), NOW);

    assertEquals("[d, t, c, p, e, v, ms]", names(mapping.wanted(message, Map.of())));
    assertEquals(List.of(new Measurement("t", Instant.parse("2026-11-23T09:00:00Z"), NOW, "d", "p", "e", "c",
        List.of(new Measurement.Property("v", "4ms 1 2")))), ((Outcome.Measured) outcome).measurements());
  }

  private static String names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names.toString();
  }

  /** On a stack that holds them all: on a small one some expressions of this depth are given up, sooner or later as the code is compiled or not. */
  @Test
  void nestingAsDeepAsAMappingAllowsIsFollowedOrLookedAtAsAWhole() throws Exception {
    FutureTask<Void> all = new FutureTask<>(this::nestedExpressionsGiveTheSame, null);
    new Thread(null, all, "large stack", 256 << 20).start();
    all.get(2, TimeUnit.MINUTES);
  }

  private void nestedExpressionsGiveTheSame() {
    for (String step : List.of(".a", "[]", "[*]", "[0]", " | to_array(@)[*]", "||a")) {
      DeviceMapping mapping = DeviceMapping.draft(calculated("to_array(Body)[?hr]", "Body.a" + step.repeat(2_000)))
          .mapping();
      assertEquals(mapping.normaliseWhole(bytes(READING), Map.of(), NOW),
          mapping.normalise(bytes(READING), Map.of(), NOW));
    }
    String nested = "to_array(@[*].".repeat(60) + "a" + ")".repeat(60);
    DeviceMapping mapping = DeviceMapping.draft(calculated("to_array(Body)[?hr]", "Body | " + nested)).mapping();
    assertEquals(mapping.normaliseWhole(bytes(READING), Map.of(), NOW),
        mapping.normalise(bytes(READING), Map.of(), NOW));
  }

  private static boolean hasMeasurements(Outcome outcome) {
    return outcome instanceof Outcome.Measured
        || outcome instanceof Outcome.Failed failed && !failed.measurements().isEmpty();
  }

  @Test
  void halfACharacterInANameIsNoQuestionMark() {
    byte[] message = bytes(READING.replace("\"hr\":72", "\"?\":72"));
    for (DeviceMapping mapping : List.of(jsonPath("$.matchedToken['\ud800']"),
        DeviceMapping.parse(calculated("to_array(Body)[?deviceId]", "matchedToken.\"\ud800\"")))) {
      Outcome outcome = mapping.normalise(message, Map.of(), NOW);

      assertNotNull(mapping.wanted(message, Map.of()));
      assertEquals(mapping.normaliseWhole(message, Map.of(), NOW), outcome);
      assertEquals("missing-value", ((Outcome.Failed) outcome).reason());
    }
  }

  /** Each group of names is nested no deeper than is followed; the path through the message is 2,400 long. */
  @Test
  void aPathLongerThanTheStackIsDeepIsLoaded() throws Exception {
    String group = "(a" + ".a".repeat(149) + ")";
    String mapping = calculated("to_array(Body)[?hr]", "Body|" + (group + "|").repeat(16) + "a");
    FutureTask<DeviceMapping> load = new FutureTask<>(() -> DeviceMapping.parse(mapping));

    new Thread(null, load, "small stack", 512 << 10).start();

    assertNotNull(load.get(1, TimeUnit.MINUTES).wanted(bytes(READING), Map.of()));
  }

  @Test
  void manyNamesInBracketsAreLookedAtAsAWhole() {
    StringBuilder names = new StringBuilder("'n0'");
    for (int i = 1; i <= 32; i++) names.append(",'n").append(i).append('\'');
    String most = names.substring(0, names.lastIndexOf(","));

    assertNotNull(jsonPath("$.matchedToken[" + most + "]").wanted(bytes(READING), Map.of()));
    assertNull(jsonPath("$.matchedToken[" + names + "]").wanted(bytes(READING), Map.of()));
  }

  private static DeviceMapping jsonPath(String value) {
    return DeviceMapping.parse(calculated("$.Body", value).replace("JmesPath", "JsonPath")
        .replace("\"matchedToken.", "\"$.matchedToken."));
  }

  private static String calculated(String match, String value) {
    ObjectNode root = JSON.createObjectNode().put("templateType", "CollectionContent");
    root.putArray("template")
        .addObject()
        .put("templateType", "CalculatedContent")
        .putObject("template")
        .put("defaultExpressionLanguage", "JmesPath")
        .put("typeName", "t")
        .put("typeMatchExpression", match)
        .put("deviceIdExpression", "matchedToken.deviceId")
        .put("timestampExpression", "matchedToken.time")
        .putArray("values")
        .addObject()
        .put("required", true)
        .put("valueName", "v")
        .put("valueExpression", value);
    return root.toString();
  }

  private static String mapping(Random random) {
    ObjectNode root = JSON.createObjectNode().put("templateType", "CollectionContent");
    ArrayNode templates = root.putArray("template");
    for (int n = random.nextInt(2); n >= 0; n--) {
      boolean calculated = random.nextInt(4) > 0;
      boolean jmes = random.nextInt(4) > 0;
      ObjectNode template = templates.addObject()
          .put("templateType", calculated ? "CalculatedContent" : "JsonPathContent")
          .putObject("template")
          .put("typeName", "t" + n);
      if (calculated) template.put("defaultExpressionLanguage", jmes ? "JmesPath" : "JsonPath");
      boolean path = !calculated || !jmes;
      String token = !calculated ? "$." : path ? "$.matchedToken." : "matchedToken.";
      template.put("typeMatchExpression", path ? pathMatch(random) : jmesMatch(random))
          .put("deviceIdExpression",
              random.nextInt(4) > 0 ? token + "id" : path ? "$.Body.id" : "Body.id || matchedToken.id")
          .put("timestampExpression",
              random.nextInt(4) > 0 || !calculated ? token + "time" : path ? "$.Body.time" : "Body.time");
      ArrayNode values = template.putArray("values");
      for (int v = random.nextInt(2); v >= 0; v--) {
        String start = path ? token + Generated.name(random) : random.nextBoolean() ? "matchedToken" : "Body";
        values.addObject()
            .put("required", random.nextInt(4) == 0)
            .put("valueName", "v" + v)
            .put("valueExpression", path ? Generated.pathFrom(start, random) : Generated.jmesFrom(start, random, 3));
      }
    }
    return root.toString();
  }

  private static String pathMatch(Random random) {
    return List.of("$.Body", "$.Body", "$.Body.list[*]", "$.Body.list[0,1]", "$.Body.list[-2:]", "$..[?(@a)]",
        "$.Body.*", "$.Body['a','b']", "$.Body.list[?(@a)]", "$..a", "$").get(random.nextInt(11));
  }

  private static String jmesMatch(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> "to_array(Body)[?" + Generated.name(random) + "]";
      case 1 -> "to_array(Body)[?" + Generated.jmes(random, 2) + "]";
      case 2 -> "Body.list[]";
      case 3 -> "Body";
      case 4 -> Generated.jmesFrom("Body", random, 3);
      default -> "to_array(Body.list)[?" + Generated.jmes(random, 1) + "]";
    };
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
