package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class LogReachTest {
  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");
  private final TopicPartition source = new TopicPartition("devicedata", 0);
  private final Map<TopicPartition, Long> sources = new HashMap<>(Map.of(source, 10L));
  private final Map<TopicPartition, Long> normalised = new HashMap<>();
  private final Map<Integer, Long> shards = new HashMap<>(Map.of(0, 5L, 1, 7L));
  private final Map<Integer, Long> applied = new HashMap<>(Map.of(0, 5L, 1, 7L));
  private Instant now = NOON;
  private final LogReach reach = new LogReach(new LogEnds() {
    @Override
    public Future<String> refusal() {
      return Future.succeededFuture();
    }

    @Override
    public Future<Map<TopicPartition, Long>> sources() {
      return Future.succeededFuture(Map.copyOf(sources));
    }

    @Override
    public Future<Map<TopicPartition, Long>> normalised() {
      return Future.succeededFuture(Map.copyOf(normalised));
    }

    @Override
    public Future<Map<Integer, Long>> shards() {
      return Future.succeededFuture(Map.copyOf(shards));
    }

    @Override
    public Future<Void> close() {
      return Future.succeededFuture();
    }
  }, () -> Future.succeededFuture(Map.copyOf(applied)), () -> Future.succeededFuture(now));

  private Map<Integer, Instant> further(Duration later) {
    now = now.plus(later);
    return reach.further().result();
  }

  @Test
  void whatIsNotNormalisedHoldsEverythingUp() {
    normalised.put(source, 9L);
    assertEquals(Map.of(), further(Duration.ZERO));
    sources.put(source, 1_000L);
    assertEquals(Map.of(), further(Duration.ofHours(1)));

    normalised.put(source, 10L);

    assertEquals(Map.of(0, NOON, 1, NOON), further(Duration.ofHours(1)), "what was there at noon, and no more");
    assertEquals(Map.of(0, NOON, 1, NOON), further(Duration.ofHours(1)), "the log has gone on since");
  }

  @Test
  void aShardThatLagsHoldsUpNoOther() {
    normalised.put(source, 10L);
    applied.put(1, 6L);
    assertEquals(Map.of(0, NOON), further(Duration.ZERO));
    assertFalse(reach.isWhole());
    assertNull(reach.upTo());
    further(Duration.ofSeconds(11));
    Map<Integer, Instant> later = further(Duration.ofSeconds(11));
    assertEquals(Map.of(0, NOON.plusSeconds(22)), later);

    applied.put(1, 7L);

    assertEquals(NOON, further(Duration.ZERO).get(1), "that is as far as it was looked at for it");
    assertTrue(reach.isWhole());
    assertEquals(NOON, reach.upTo(), "of all of them");
    assertEquals(NOON.plusSeconds(23), further(Duration.ofSeconds(1)).get(1));
  }

  @Test
  void whatComesAfterTheLookIsOfTheNextOne() {
    normalised.put(source, 10L);
    applied.put(1, 6L);
    further(Duration.ZERO);
    shards.put(1, 900L);

    applied.put(1, 7L);

    assertEquals(NOON, further(Duration.ofSeconds(1)).get(1));
  }

  @Test
  void anEmptyPartitionHoldsNothingUp() {
    sources.put(new TopicPartition("devicedata", 1), 0L);
    normalised.put(source, 10L);

    assertEquals(2, further(Duration.ZERO).size());
  }
}
