package io.caregrid.templates.preview;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The pages for authors of mappings: what they say comes out, comes out. */
class TutorialTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern BLOCK = Pattern.compile("```json (\\S+)\\n(.*?)```", Pattern.DOTALL);

  @Test
  void theTutorialGoesFromItsMessageToItsObservations() throws Exception {
    Map<String, JsonNode> page = blocks("MAPPING_TUTORIAL.md");

    JsonNode first = preview(page, page.get("devicecontent.json"));
    assertEquals(0, first.path("templateErrors").size(), first.toString());
    assertAll(page.get("measurements.json"), first.at("/results/0/measurements"));

    ObjectNode mended = page.get("devicecontent.json").deepCopy();
    ((ObjectNode) mended.at("/template/2/template")).setAll((ObjectNode) page.get("mended.json"));
    JsonNode second = preview(page, mended);
    assertHas(page.get("ecg.json"), second.at("/results/0/measurements/3"));
    assertAll(page.get("observations.json"), second.at("/results/0/observations"));
    assertTrue(second.at("/results/0/observations/2/valueSampledData/data")
        .asText()
        .equals("E ".repeat(750) + "0.02 0.05 0.91 -0.12"));
    assertEquals(0, second.at("/results/0/errors").size(), second.toString());
  }

  @Test
  void everythingThatMappingsMaySayBeyondTheConnectorIsShownByAnExample() throws Exception {
    Map<String, JsonNode> page = blocks("MAPPINGS.md");

    JsonNode answer = preview(page, page.get("devicecontent.json"));

    assertEquals(0, answer.path("templateErrors").size(), answer.path("templateErrors").toString());
    assertAll(page.get("observations.json"), answer.at("/results/0/observations"));
    assertEquals(0, answer.at("/results/0/errors").size(), answer.toString());
  }

  private static JsonNode preview(Map<String, JsonNode> page, JsonNode device) {
    ObjectNode asked = JSON.createObjectNode();
    asked.set("deviceContent", device);
    asked.set("fhirMapping", page.get("fhirmapping.json"));
    asked.putArray("messages").add(page.get("message.json"));
    return Preview.answer(asked, Instant.parse("2026-11-22T10:00:05Z"));
  }

  private static void assertAll(JsonNode wanted, JsonNode found) {
    assertEquals(wanted.size(), found.size(), found.toString());
    for (int i = 0; i < wanted.size(); i++) assertHas(wanted.get(i), found.get(i));
  }

  /** Every member that is written on the page stands there; what it leaves out may be anything. */
  private static void assertHas(JsonNode wanted, JsonNode found) {
    if (!wanted.isObject()) {
      boolean numbers = wanted.isNumber() && found.isNumber();
      if (numbers) assertEquals(0, wanted.decimalValue().compareTo(found.decimalValue()), found.toString());
      else assertEquals(wanted, found);
      return;
    }
    wanted.properties().forEach(member -> {
      assertNotNull(found.get(member.getKey()), member.getKey() + " is missing in " + found);
      assertHas(member.getValue(), found.get(member.getKey()));
    });
  }

  private static Map<String, JsonNode> blocks(String page) throws IOException {
    Map<String, JsonNode> blocks = new TreeMap<>();
    Matcher block = BLOCK.matcher(Files.readString(Path.of("../docs").resolve(page)));
    while (block.find()) blocks.put(block.group(1), JSON.readTree(block.group(2)));
    assertTrue(blocks.size() >= 4, blocks.keySet() + " of " + page);
    return blocks;
  }
}
