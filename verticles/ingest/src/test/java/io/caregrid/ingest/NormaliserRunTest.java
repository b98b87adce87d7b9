package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.KafkaConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;

class NormaliserRunTest {
  @Test
  void aProducerThatCannotBeMadeLeavesNoConsumerOpen() {
    KafkaConfig nobody = House.kafka("127.0.0.1:1");
    KafkaConsumer<byte[], byte[]> consumer = KafkaClients.normaliserConsumer(nobody);
    KafkaException refusal = new KafkaException("no producer today");

    KafkaException thrown = assertThrows(KafkaException.class,
        () -> new NormaliserRun(nobody, 4, House::vitals, new IngestMetrics(new SimpleMeterRegistry()),
            consumer, () -> {
              throw refusal;
            }));

    assertSame(refusal, thrown);
    IllegalStateException closed = assertThrows(IllegalStateException.class, consumer::assignment);
    assertTrue(closed.getMessage().contains("closed"), closed.getMessage());
  }
}
