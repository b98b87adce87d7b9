package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A node told to stop while its start waits for somebody who is not there. */
@ExtendWith(Engines.class)
class StoppedStartIT {
  private static final int TERMINATED = 128 + 15;
  /** It takes some 1 s, most of it Hazelcast's farewell; before, 30 s. */
  private static final double SOON_SECONDS = 20;
  @TempDir
  Path temp;

  @Test
  void endsSoonWhenKafkaIsAway(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, temp.resolve("data"));
    settings.put("kafka.bootstrapServers", "127.0.0.1:" + nobody());

    stopsSoon(settings, "checking topics on Kafka", "checking topics on Kafka at 127.0.0.1:");
  }

  @Test
  @Tag("full")
  void endsSoonWhenPostgresIsAway(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, temp.resolve("data"));
    settings.put("database.port", Integer.toString(nobody()));

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

      double seconds = node.stop();

      assertTrue(seconds < SOON_SECONDS, "it took " + seconds + " s:\n" + node.said());
      assertEquals(TERMINATED, node.exitCode());
      assertTrue(node.said().contains("caregrid: told to stop while " + doing), node.said());
      assertFalse(node.said().contains("bug"), node.said());
      System.out.printf("stopped while %s after %.1f s%n", doing, seconds);
    }
  }

  private static int nobody() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return free.getLocalPort();
    }
  }
}
