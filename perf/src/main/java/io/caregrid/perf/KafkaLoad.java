package io.caregrid.perf;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends a ward's readings into topic {@code devicedata} at one per device and second, evenly spread. */
final class KafkaLoad implements AutoCloseable {
  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicReference<Exception> failed = new AtomicReference<>();

  KafkaLoad(String bootstrapServers, String topic) {
    this.topic = topic;
    producer = new KafkaProducer<>(
        Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", "20", "batch.size", "65536",
            "buffer.memory", "134217728", "compression.type", "lz4"),
        new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * @param from first second of the hour to send, inclusive; one takes one second of real time
   * @param to   last, exclusive
   * @return events the broker acknowledged, of this call
   */
  long send(Ward ward, int from, int to) throws Exception {
    long before = acknowledged.get();
    Callback answered = (metadata, failure) -> {
      if (failure == null) acknowledged.incrementAndGet();
      else failed.compareAndSet(null, failure);
    };
    long start = System.nanoTime();
    for (int second = from; second < to; second++) {
      Ward.Messages messages = ward.messages(second);
      for (int device = 0; device < ward.devices(); device++) {
        if (device % 100 == 0)
          waitUntil(start + (second - from) * 1_000_000_000L + device * 1_000_000_000L / ward.devices());
        producer.send(new ProducerRecord<>(topic, messages.of(device)), answered);
      }
      if (failed.get() != null) throw failed.get();
    }
    producer.flush();
    if (failed.get() != null) throw failed.get();
    return acknowledged.get() - before;
  }

  private static void waitUntil(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime())
      LockSupport.parkNanos(left);
  }

  @Override
  public void close() {
    producer.close();
  }
}
