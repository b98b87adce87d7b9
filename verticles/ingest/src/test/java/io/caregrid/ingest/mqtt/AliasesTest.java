package io.caregrid.ingest.mqtt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.ingest.Budget;
import io.caregrid.ingest.mqtt.Packet.Publish;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AliasesTest {
  private final Budget kept = new Budget(10_000);
  private final Aliases aliases = new Aliases(kept);

  private static Publish to(String topic, Integer alias) {
    Properties properties = alias == null
        ? Properties.NONE
        : new Properties(Map.of(Properties.TOPIC_ALIAS, alias), List.of());
    return new Publish(false, 1, false, topic, 1, properties, new byte[0]);
  }

  private Reason refused(String topic, Integer alias) {
    return assertThrows(Malformed.class, () -> aliases.topic(to(topic, alias))).reason;
  }

  @Test
  void anAliasStandsForTheTopicThatItCameWithLast() throws Malformed {
    assertEquals("ward/3", aliases.topic(to("ward/3", 1)));
    assertEquals("ward/4", aliases.topic(to("ward/4", 2)));
    assertEquals("ward/5", aliases.topic(to("ward/5", 1)));
    assertEquals("ward/5", aliases.topic(to("", 1)));
    assertEquals("ward/4", aliases.topic(to("", 2)));
    assertEquals("ward/6", aliases.topic(to("ward/6", null)));
  }

  @Test
  void whatStandsForNothingIsRefused() {
    assertEquals(Reason.ALIAS_INVALID, refused("t", 0));
    assertEquals(Reason.ALIAS_INVALID, refused("t", Aliases.MOST + 1));
    assertEquals(Reason.PROTOCOL_ERROR, refused("", 1));
    assertEquals(Reason.TOPIC_INVALID, refused("", null));
    assertEquals(Reason.TOPIC_INVALID, refused("ward/+", 1));
  }

  @Test
  void theirMemoryIsTheNodesAndIsGivenBack() throws Malformed {
    aliases.topic(to("a".repeat(4_000), 1));
    assertEquals(Reason.BUSY, refused("b".repeat(4_000), 2));
    aliases.topic(to("a", 1));
    assertEquals("b".repeat(4_000), aliases.topic(to("b".repeat(4_000), 2)), "a shorter one makes room");
    aliases.release();
    assertEquals(0, kept.taken());
    assertEquals(Reason.PROTOCOL_ERROR, refused("", 2));
  }
}
