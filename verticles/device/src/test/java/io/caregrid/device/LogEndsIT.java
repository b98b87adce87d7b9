package io.caregrid.device;

import static io.caregrid.device.StoreBench.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.vertx.core.Vertx;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Engines.class)
@Tag("full")
class LogEndsIT {
  /** What is there of the probes of a first start. */
  private static final long PROBE = 1;

  @Test
  void whatRetentionHasEmptiedIsNothingToWaitFor(LocalKafka broker) {
    Vertx vertx = Vertx.vertx();
    try (Log log = new Log(broker)) {
      LogEnds ends = LogEnds.of(vertx, log.kafka);
      TopicPartition quiet = new TopicPartition(log.kafka.deviceData(), 0);
      TopicPartition other = new TopicPartition(log.kafka.deviceData(), 1);
      assertEquals(Map.of(quiet, PROBE, other, PROBE), get(ends.sources()));

      log.forget(quiet, PROBE);

      assertEquals(Map.of(other, PROBE), get(ends.sources()));
      assertNull(get(ends.refusal()));
      get(ends.close());
    } finally {
      get(vertx.close());
    }
  }
}
