package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** Made-up heart rates, one a second, and where they came from. */
final class Readings {
  static final UUID TOPIC = UUID.fromString("11111111-1111-4111-8111-111111111111");
  static final UUID SOURCE_TOPIC = UUID.fromString("22222222-2222-4222-8222-222222222222");
  static final Instant NOON = Instant.parse("2026-11-20T12:00:00Z");

  private Readings() {}

  static Measurement heartRate(String device, int second, String value) {
    Instant at = NOON.plusSeconds(second);
    return new Measurement("heartrate", at, at.plusMillis(5), device, "MRN-" + device, null, null,
        List.of(new Measurement.Property("hr", value)));
  }

  static Source source(int partition, long offset) {
    return new Source(SOURCE_TOPIC, partition, offset, 0);
  }

  /** The event at this position, whose source has the same offset. */
  static Batch.Event event(long position, String device) {
    return new Batch.Event(position, source(0, position),
        heartRate(device, (int) position, String.valueOf(60 + position % 40)), null, 150);
  }

  static Batch batch(long from, long to, String device) {
    return new Batch(from, to,
        java.util.stream.LongStream.range(from, to).mapToObj(position -> event(position, device)).toList());
  }

  static ConsumerRecord<byte[], byte[]> record(String topic, int shard, long offset, Source source,
      Measurement measurement) {
    RecordHeaders headers = new RecordHeaders();
    if (source != null) headers.add(Source.HEADER, source.toBytes());
    return record(topic, shard, offset, headers, MeasurementJson.write(measurement));
  }

  static ConsumerRecord<byte[], byte[]> record(String topic, int shard, long offset, Headers headers,
      byte[] value) {
    return new ConsumerRecord<>(topic, shard, offset, NOON.toEpochMilli(), TimestampType.CREATE_TIME, 0, value.length,
        new byte[0], value,
        headers, java.util.Optional.empty());
  }
}
