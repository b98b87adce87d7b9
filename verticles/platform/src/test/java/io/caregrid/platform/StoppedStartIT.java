package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.OwnPort;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A node told to stop while its start waits for somebody who is not there. */
@ExtendWith(Engines.class)
class StoppedStartIT {
  private static final int TERMINATED = 128 + 15;
  /** Nobody listens there. */
  private final OwnPort nobody = OwnPort.take();
  @TempDir
  Path temp;

  @Test
  void endsSoonWhenKafkaIsAway(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, temp.resolve("data"));
    settings.put("kafka.bootstrapServers", "127.0.0.1:" + nobody.number());

    stopsSoon(settings, "checking topics on Kafka", "checking topics on Kafka at 127.0.0.1:");
  }

  @Test
  @Tag("full")
  void endsSoonWhenPostgresIsAway(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, temp.resolve("data"));
    settings.put("database.port", Integer.toString(nobody.number()));

    stopsSoon(settings, "waiting for PostgreSQL", "opening the store");
  }

  @Test
  @Tag("full")
  void endsSoonWhenNobodyOwnsShards(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, temp.resolve("data"));
    settings.put("roles", "ingest,api");

    stopsSoon(settings, "waiting for a node with role device", "joining the cluster");
  }

  private void stopsSoon(Map<String, String> settings, String waiting, String doing) throws Exception {
    try (ChildNode node = ChildNode.launch(temp.resolve("node.log"), settings)) {
      node.awaitWords(waiting);

      double seconds = node.stop(); // some 1 s, most of it Hazelcast's farewell

      assertEquals(TERMINATED, node.exitCode());
      assertTrue(node.said().contains("caregrid: told to stop while " + doing), "it waited to the end: " + node.said());
      assertFalse(node.said().contains("bug"), node.said());
      System.out.printf("stopped while %s after %.1f s%n", doing, seconds);
    }
  }

  @AfterEach
  void letGo() {
    nobody.close();
  }
}
