package io.caregrid.store;

import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecentTest {
  private static final String TYPE = "Observation";
  private static final String READING = "{'resourceType':'Observation','status':'final','note':[{'text':'a'},{'text':'b'}],"
      + "'valueQuantity':{'value':1.0,'unit':'mg'},'active':true,'meta':{'tag':[{'code':'x'}]}}";

  private static Stored stored(String id, int version) {
    return new Stored(TYPE, id, version, Instant.EPOCH, false, version == 1, null);
  }

  private static long content(String json) {
    return Recent.content(json(json));
  }

  @Test
  void whatIsSaidInAnotherWayIsTheSameContent() {
    long reading = content(READING);

    assertEquals(reading, content("{'meta':{'lastUpdated':'2026-01-01T00:00:00Z','tag':[{'code':'x'}],'versionId':'7'},"
        + "'active':true,'valueQuantity':{'unit':'mg','value':1.0},'id':'i','note':[{'text':'a'},{'text':'b'}],'status':'final'}"));
    assertEquals(content("{'status':'final'}"), content("{'status':'final','meta':{'versionId':'1'}}"));
    assertEquals(content("{'value':100}"), content("{'value':1e2}"));
  }

  @Test
  void whateverIsSaidOtherwiseIsAnotherContent() {
    long reading = content(READING);

    for (String[] other : new String[][] {{"'final'", "'amended'"}, {"1.0", "1.01"}, {"1.0", "'1.0'"},
      {"true", "false"}, {"'x'", "'y'"}, {"'unit'", "'code'"}, {"'note'", "'component'"},
      {"{'text':'a'},{'text':'b'}", "{'text':'b'},{'text':'a'}"}, {",{'text':'b'}", ""}, {"'meta'", "'metadata'"},
      {"[{'code':'x'}]", "{'code':'x'}"}, {"'value':1.0,'unit':'mg'", "'value':1.0"}})
      assertNotEquals(reading, content(READING.replace(other[0], other[1])), other[0] + " is " + other[1]);
    assertNotEquals(content("{'meta':{'tag':'x'}}"), content("{'tag':'x'}"));
  }

  /** Else somebody's update would be taken for another content, and make a version that says what the one before said. */
  @Test
  void whatTheStoreHoldsForTheSameHasTheSameContent() {
    Random chance = new Random(4);
    for (int i = 0; i < 500; i++) {
      ObjectNode one = (ObjectNode) tree(chance, 4, true);
      ObjectNode stamped = Json.stamped(TYPE, "i", i, Instant.ofEpochMilli(i), (ObjectNode) shuffled(one, chance));
      ObjectNode read = Json.read(Json.write(stamped));

      assertTrue(Json.sameContent(Json.stamped(TYPE, "i", 1, Instant.EPOCH, one), read), () -> one + " and " + read);
      assertEquals(Recent.content(one), Recent.content(read), () -> one + " and " + read);
    }
  }

  private static JsonNode tree(Random chance, int depth, boolean isResource) {
    int kind = isResource ? 0 : chance.nextInt(depth > 0 ? 6 : 4) + (depth > 0 ? 0 : 2);
    if (kind == 0) {
      ObjectNode made = Json.MAPPER.createObjectNode();
      for (int i = chance.nextInt(5); i >= 0; i--)
        made.set("f" + chance.nextInt(9), tree(chance, depth - 1, false));
      return made;
    }
    if (kind == 1) {
      ArrayNode made = Json.MAPPER.createArrayNode();
      for (int i = chance.nextInt(3); i >= 0; i--) made.add(tree(chance, depth - 1, false));
      return made;
    }
    return kind == 2
        ? Json.MAPPER.getNodeFactory().textNode("t" + chance.nextInt(99))
        : kind == 3
            ? Json.MAPPER.getNodeFactory().booleanNode(chance.nextBoolean())
            : json("{'n':" + List.of("0", "-0.0", "1.10", "1e-7", "12345678901234567890", "6.02E+23", "7")
                .get(chance.nextInt(7)) + "}").get("n");
  }

  private static JsonNode shuffled(JsonNode node, Random chance) {
    if (node instanceof ArrayNode array) {
      ArrayNode made = Json.MAPPER.createArrayNode();
      array.forEach(one -> made.add(shuffled(one, chance)));
      return made;
    }
    if (!(node instanceof ObjectNode object)) return node;
    List<Map.Entry<String, JsonNode>> fields = new ArrayList<>(object.properties());
    Collections.shuffle(fields, chance);
    ObjectNode made = Json.MAPPER.createObjectNode();
    fields.forEach(field -> made.set(field.getKey(), shuffled(field.getValue(), chance)));
    return made;
  }

  @Test
  void whoCreatesMuchPushesNobodyOutWhoChanges() {
    Recent recent = new Recent(40);
    for (int i = 0; i < 30; i++) recent.put(stored("changed-" + i, 2), i);
    for (int i = 0; i < 1_000; i++) recent.put(stored("created-" + i, 1), i);

    assertTrue(IntStream.range(0, 30).allMatch(i -> recent.of(TYPE, "changed-" + i).content() == i));
    assertEquals(10, IntStream.range(0, 1_000).filter(i -> recent.of(TYPE, "created-" + i) != null).count());
    recent.put(stored("changed-30", 2), 30);
    assertEquals(30,
        IntStream.rangeClosed(0, 30).filter(i -> recent.of(TYPE, "changed-" + i) != null).count());
  }

  @Test
  void theLastOneIsKnownUntilItIsForgotten() {
    Recent recent = new Recent(40);
    recent.put(stored("i", 1), 5);
    recent.put(stored("i", 2), 6);

    assertEquals(new Recent.Entry(2, Instant.EPOCH, 6), recent.of(TYPE, "i"));
    assertNull(recent.of("Patient", "i"));
    recent.forget(TYPE, "i");
    assertNull(recent.of(TYPE, "i"));
  }

  @Test
  void whereOthersWriteItIsHardlyAskedUntilTheyWriteNoMore() {
    Recent recent = new Recent(40);
    for (int i = 0; i < 16; i++) {
      recent.put(stored("i", 2), i);
      recent.wasBehind(TYPE, "i");
      assertNull(recent.of(TYPE, "i"));
    }
    recent.put(stored("i", 2), 0);
    recent.put(new Stored("Patient", "i", 2, Instant.EPOCH, false, false, null), 0);

    assertEquals(10, IntStream.range(0, 640).filter(i -> recent.of(TYPE, "i") != null).count());
    assertNotNull(recent.of("Patient", "i"));
    for (int i = 0; i < 100; i++) recent.wasRight(TYPE);
    assertEquals(640, IntStream.range(0, 640).filter(i -> recent.of(TYPE, "i") != null).count());
  }
}
