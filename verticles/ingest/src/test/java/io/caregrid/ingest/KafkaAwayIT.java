package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.OwnPort;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaAwayIT {
  @Test
  @Tag("full")
  void whileKafkaIsAwayTheAnswerIs503InTimeAndAfterItsReturnEverythingAcceptedIsMeasured(@TempDir Path folder)
      throws Exception {
    OwnPort port = OwnPort.take();
    LocalKafka broker = LocalKafka.start(folder, port.number());
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    Topics topics = House.topics(kafka);
    try (Door door = new Door(kafka, House.HASTY)) {
      NormaliseVerticle hop = new NormaliseVerticle(kafka, House.SHARDS, House.HASTY, House::vitals,
          new SimpleMeterRegistry());
      Door.await(door.vertx.deployVerticle(hop));
      Await.until("the normaliser", hop::ready);
      Set<String> accepted = new HashSet<>();
      send(door, "before", accepted);

      broker.close();
      for (int n = 0; n < 3; n++) {
        long start = System.nanoTime();
        HttpResponse<String> refused = door.json(House.message("away-" + n, 1));
        assertEquals(503, refused.statusCode(), refused.body());
        assertEquals("2", refused.headers().firstValue("Retry-After").orElse(""));
        assertTrue(refused.body().contains("Send the whole body again"), refused.body());
        assertTrue(System.nanoTime() - start < House.HASTY.acknowledge().plusSeconds(60).toNanos(), "in time");
      }
      assertTrue(!door.verticle.ready());
      Await.until("the normaliser to notice", () -> !hop.ready());

      broker = LocalKafka.start(folder, port.number());
      Await.until("the door to open again", door.verticle::ready);
      send(door, "after", accepted);
      Await.until("the normaliser to read again", hop::ready);
      House.read(kafka, topics.measurements(), measured -> devices(measured).containsAll(accepted));
    } finally {
      broker.close();
      port.close();
    }
  }

  private static void send(Door door, String device, Set<String> accepted) throws Exception {
    HttpResponse<String> answer = door.json(House.message(device, 72));
    assertEquals(202, answer.statusCode(), answer.body());
    accepted.add(device);
  }

  private static Set<String> devices(
      List<ConsumerRecord<byte[], byte[]>> read) {
    Set<String> devices = new HashSet<>();
    read.forEach(record -> devices.add(new String(record.key())));
    return devices;
  }
}
