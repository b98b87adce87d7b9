package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SampleUnionTest {
  private static final Instant TEN = Instant.parse("2026-11-22T10:00:00Z");

  private static ObjectNode sampled(String data) {
    ObjectNode sampled = TellHouse.json("{'origin':{'value':0,'unit':'bpm'},'period':1000,'dimensions':1}");
    return sampled.put("data", data);
  }

  @Test
  void eachKeepsItsSamplesAndOursCountsWhereBothHaveOne() {
    assertEquals(new SampleUnion("60 71 72 E 74", true), SampleUnion.of(sampled("60 61 E E 74"), TEN,
        sampled("E 71 72"), TEN));
    assertEquals(new SampleUnion("70 71 E E", false), SampleUnion.of(sampled("E 61 E E"), TEN, sampled("70 71"), TEN));
  }

  @Test
  void itBeginsWhereTheEarlierOneDoes() {
    assertEquals("1 2 9", SampleUnion.of(sampled("1 2"), TEN, sampled("9"), TEN.plusSeconds(2)).data());
    assertEquals("9 E 1 2", SampleUnion.of(sampled("1 2"), TEN.plusSeconds(2), sampled("9"), TEN).data());
  }

  @Test
  void whatIsOfAnotherKindIsNotPutTogether() {
    ObjectNode slower = sampled("1");
    slower.put("period", 2000);
    ObjectNode other = sampled("1");
    other.putObject("origin").put("value", 0).put("unit", "mmHg");

    assertNull(SampleUnion.of(slower, TEN, sampled("1"), TEN));
    assertNull(SampleUnion.of(other, TEN, sampled("1"), TEN));
    assertNull(SampleUnion.of(sampled("1"), null, sampled("1"), TEN));
  }

  @Test
  void whatIsTooMuchIsRefusedByItsNumberAndByItsLength() {
    assertEquals(413, assertThrows(Refusal.class,
        () -> SampleUnion.of(sampled("1"), TEN, sampled("1"), TEN.plusSeconds(3_000_000))).status(),
        "a month of seconds");
    String many = "E ".repeat(1_000_001);
    assertEquals(413, assertThrows(Refusal.class,
        () -> SampleUnion.of(sampled(many), TEN, sampled("1"), TEN)).status());
    String half = "1" + "0".repeat(4 << 20);
    assertEquals(413, assertThrows(Refusal.class,
        () -> SampleUnion.of(sampled(half), TEN, sampled(half), TEN.plusSeconds(1))).status());
    assertEquals(half + " 2", SampleUnion.of(sampled(half), TEN, sampled("2"), TEN.plusSeconds(1)).data());
  }
}
