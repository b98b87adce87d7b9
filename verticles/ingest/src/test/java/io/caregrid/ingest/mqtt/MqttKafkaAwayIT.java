package io.caregrid.ingest.mqtt;

import static io.caregrid.ingest.mqtt.Device.begin;
import static io.caregrid.ingest.mqtt.Ward.reading;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.OwnPort;
import io.caregrid.ingest.Await;
import io.caregrid.ingest.mqtt.Device.Hello;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MqttKafkaAwayIT {
  @Test
  @Tag("full")
  void whileKafkaIsAwayNothingIsAcknowledgedAndWhatIsSentAgainIsTaken(@TempDir Path folder) throws Exception {
    OwnPort port = OwnPort.take();
    LocalKafka broker = LocalKafka.start(folder, port.number());
    KafkaConfig kafka = Ward.kafka(broker.bootstrapServers());
    try (Ward ward = new Ward(kafka, Ward.config(), false, Ward.HASTY)) {
      byte[][] session = {Device.four(17, 300)};
      try (Device young = ward.device(5); Device old = ward.device(4); Device loose = ward.device(4)) {
        young.enter(new Hello(5, "young").properties(session));
        old.enter(new Hello(4, "old").resuming());
        loose.entered("loose");
        assertEquals("400001", young.ask(young.publish(1, 1, "t", reading("before", 1))));

        broker.close();
        assertEquals("e089", begin(young.ask(young.publish(1, 2, "t", reading("young", 2))), 4), "no answer to it");
        assertNull(young.answer());
        assertNull(old.ask(old.publish(2, 3, "t", reading("old", 3))));
        loose.write(loose.publish(0, 0, "t", reading("loose", 4)));
        Await.until("it to be counted as lost", () -> ward.counted(MqttMetrics.LOST) == 1);
        assertEquals("d0", loose.ask(new byte[] {(byte) 0xC0, 0}), "and the connection goes on");
      }
      assertFalse(ward.verticle.ready());
      try (Device young = ward.device(5); Device old = ward.device(4)) {
        assertEquals("200088", begin(young.ask(new Hello(5, "young").packet()), 6));
        assertEquals("200003", old.ask(new Hello(4, "old").packet()));
      }

      broker = LocalKafka.start(folder, port.number());
      Await.until("the port to take messages again", ward.verticle::ready);
      try (Device young = ward.device(5); Device old = ward.device(4)) {
        assertTrue(young.enter(new Hello(5, "young").resuming().properties(session)));
        assertEquals("400002", young.ask(young.publish(0x0A, 2, "t", reading("young", 2).getBytes())));
        assertTrue(old.enter(new Hello(4, "old").resuming()));
        assertEquals("500003", old.ask(old.publish(0x0C, 3, "t", reading("old", 3).getBytes())));
      }
      ward.read(records -> records.stream()
          .map(Ward::text)
          .toList()
          .containsAll(List.of(reading("before", 1), reading("young", 2), reading("old", 3))));
      Await.until("all memory to be given back", () -> ward.verticle.taken() == 0);
    } finally {
      broker.close();
      port.close();
    }
  }
}
