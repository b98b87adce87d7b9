package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.cluster.Topics;
import io.caregrid.store.DeadLetter;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.sets.MappingMark;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Reads one record of topic {@code measurements}. Never throws for bad data: what cannot be read becomes a dead letter in its place. Belongs to one thread. */
final class EventReader {
  private final UUID topicId;
  private final Words words = new Words();
  private UUID lastTopic = new UUID(0, 0);
  private byte[] lastMark;
  private MappingMark lastMapping;

  EventReader(UUID topicId) {
    this.topicId = topicId;
  }

  /** Null for a probe. */
  Batch.Event read(ConsumerRecord<byte[], byte[]> record) {
    Header mark = record.headers().lastHeader(Source.HEADER);
    if (mark == null && Topics.isProbe(record.headers())) return null;
    int bytes = record.value() == null ? 0 : record.value().length;
    Source source = itself(record);
    try {
      if (mark != null) source = shared(Source.fromBytes(mark.value()));
      if (record.value() == null) throw new IllegalArgumentException("the record is empty");
      Measurement measurement = shared(MeasurementJson.read(record.value()));
      return new Batch.Event(record.offset(), source, measurement, null, bytes, mapping(record),
          record.headers().lastHeader(MappingMark.AGAIN_HEADER) != null);
    } catch (RuntimeException unreadable) {
      return new Batch.Event(record.offset(), source, null, letter(record, source, unreadable), bytes);
    }
  }

  /** Neighbours mostly came by the same one. */
  private MappingMark mapping(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(MappingMark.HEADER);
    if (header == null) return MappingMark.FILES;
    if (lastMapping == null || !Arrays.equals(header.value(), lastMark)) {
      lastMapping = MappingMark.fromBytes(header.value());
      lastMark = header.value();
    }
    return lastMapping;
  }

  private Source shared(Source source) {
    if (!source.topicId().equals(lastTopic)) lastTopic = source.topicId();
    return new Source(lastTopic, source.partition(), source.offset(), source.index());
  }

  private Measurement shared(Measurement m) {
    return new Measurement(words.one(m.type()), m.occurredAt(), m.ingestedAt(), words.one(m.device()),
        words.one(m.patient()), m.encounter(),
        m.correlation(), shared(m.properties()));
  }

  private List<Measurement.Property> shared(List<Measurement.Property> properties) {
    if (properties.size() == 1) return List.of(shared(properties.get(0)));
    List<Measurement.Property> shared = new ArrayList<>(properties.size());
    for (Measurement.Property property : properties) shared.add(shared(property));
    return shared;
  }

  private Measurement.Property shared(Measurement.Property property) {
    return new Measurement.Property(words.one(property.name()), property.value());
  }

  /** Where this record came from; null for a probe. */
  Source source(ConsumerRecord<byte[], byte[]> record) {
    Header mark = record.headers().lastHeader(Source.HEADER);
    if (mark == null) return Topics.isProbe(record.headers()) ? null : itself(record);
    try {
      return Source.fromBytes(mark.value());
    } catch (IllegalArgumentException unreadable) {
      return itself(record);
    }
  }

  /** A record somebody wrote straight into the log is its own source: its position can be applied only once anyway. */
  private Source itself(ConsumerRecord<byte[], byte[]> record) {
    return new Source(topicId, record.partition(), record.offset(), 0);
  }

  private static DeadLetter letter(ConsumerRecord<byte[], byte[]> record, Source source, RuntimeException why) {
    byte[] payload = record.value() == null ? new byte[0] : record.value();
    return new DeadLetter(source, "malformed-measurement", detail(why), null, Buffer.buffer(payload),
        Instant.ofEpochMilli(record.timestamp()));
  }

  /** Only messages made for people are shown to people. */
  private static String detail(RuntimeException why) {
    return why instanceof IllegalArgumentException ? why.getMessage() : "This record is not readable as JSON.";
  }
}
