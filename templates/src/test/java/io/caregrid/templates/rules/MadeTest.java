package io.caregrid.templates.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MadeTest {
  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  @Test
  void theIdIsOfTheRuleOfWhatItWasFoundAndOfTheMomentAndIsKnownAsARules() {
    Made made = new Made("a", "Flag", "x", "");
    Set<String> ids = new HashSet<>(
        List.of(made.id("Device/d", "1"), made.id("Device/d", "2"), made.id("Device/e", "1"),
            new Made("b", "Flag", "x", "").id("Device/d", "1")));

    assertEquals(4, ids.size());
    assertEquals(made.id("Device/d", "1"), new Made("a", "DetectedIssue", "y", "high").id("Device/d", "1"));
    assertTrue(ids.stream().allMatch(Made::isMade));
    assertFalse(Made.isMade("rule-of-thumb"));
  }

  @Test
  void anActiveFlagEndsAndWhatAPersonSaidStays() {
    ObjectNode flag = new Made("a", "Flag", "x", "").resource("i", "Patient/p", "Device/d", NOON);
    ObjectNode mistaken = flag.deepCopy().put("status", "entered-in-error");

    assertEquals("inactive", Made.ended(flag, NOON.plusSeconds(60)).path("status").asText());
    assertEquals("2026-11-22T12:01:00Z", flag.at("/period/end").asText());
    assertEquals(mistaken.deepCopy(), Made.ended(mistaken, NOON));
    assertNotEquals(flag, mistaken);
  }
}
