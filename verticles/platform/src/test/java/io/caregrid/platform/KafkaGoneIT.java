package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.OwnPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Engines.class)
class KafkaGoneIT {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  @Test
  @Tag("full")
  void aNodeThatOnlyHoldsShardsIsNotReadyWhileKafkaIsAway(LocalPostgres postgres, @TempDir Path log,
      @TempDir Path data) throws Exception {
    OwnPort port = OwnPort.take();
    LocalKafka kafka = LocalKafka.start(log, port.number());
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("roles", "device");
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      awaitReadiness(node, 200);

      kafka.close();
      awaitReadiness(node, 503);
      assertEquals(200, TestNode.get(node.http() + "/health/live").statusCode());

      kafka = LocalKafka.start(log, port.number());
      awaitReadiness(node, 200);
    } finally {
      kafka.close();
      port.close();
    }
  }

  private static void awaitReadiness(Platform node, int status) throws Exception {
    TestNode.eventually(LONGEST, "/health/ready answers " + status,
        () -> TestNode.get(node.http() + "/health/ready").statusCode() == status ? true : null);
  }
}
