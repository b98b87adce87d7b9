package io.caregrid.ingest;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Source;
import io.caregrid.store.DeadLetter;
import io.vertx.core.buffer.Buffer;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/** How a dead letter lies in topic {@code deadletters}: written by the first hop, read by {@link DeadLetterReader}. */
final class DeadLetterRecord {
  static final String NO_TEMPLATE = "no-template";
  static final String TOO_LARGE = "too-large";
  static final String MAPPING_BUG = "mapping-bug";
  static final String UNKNOWN_MAPPING = "unknown-mapping";

  private static final String REASON = "reason";
  private static final String DETAIL = "detail";
  private static final String DEVICE = "device";
  private static final String AT = "at";
  /** Before the name of a header of the record that is set aside. */
  private static final String ITS = "its.";
  /** More is not kept: headers are no place for payloads. */
  private static final int MOST_HEADERS = 64;
  private static final int LONGEST_TEXT = 2_000;
  /** No mapping's name is as long: one that is cut to this is none still. */
  private static final int LONGEST_NAME = 100;
  /** What the log itself adds to a record, at most, and to each of its headers. */
  private static final int RECORD_OVERHEAD = 1_024;
  private static final int HEADER_OVERHEAD = 10;
  /** The database's times end somewhere, and one it refuses would hold up every letter behind it. */
  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  private DeadLetterRecord() {}

  /**
   * The payload goes along as it came; one larger than the log takes (its sender packed it) is cut, and the detail says so. Headers go along as far as
   * there is room beside it, the name of the mapping first: what is never refused holds nothing up.
   *
   * @param device null when it was not read
   */
  static ProducerRecord<byte[], byte[]> of(KafkaConfig kafka, ConsumerRecord<byte[], byte[]> record, Source source,
      String reason, String detail, String device) {
    byte[] payload = record.value() == null ? new byte[0] : record.value();
    boolean fits = payload.length <= kafka.maxMessageBytes();
    String told = fits
        ? shown(detail)
        : shown(detail) + " (payload of " + payload.length + " bytes cut to " + kafka.maxMessageBytes() + ")";
    ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(kafka.deadLetters(), text(source.toString()),
        fits ? payload : Arrays.copyOf(payload, kafka.maxMessageBytes()));
    letter.headers().add(Source.HEADER, source.toBytes());
    letter.headers().add(REASON, text(reason));
    if (device != null) letter.headers().add(DEVICE, text(device));
    letter.headers().add(AT, text(Long.toString(record.timestamp())));
    int dropped = addIts(letter, kafka, record);
    letter.headers()
        .add(DETAIL, text(dropped == 0 ? told : told + " (" + dropped + " headers not kept, too large or too many)"));
    return letter;
  }

  /** @return how many were left out */
  private static int addIts(ProducerRecord<byte[], byte[]> letter, KafkaConfig kafka,
      ConsumerRecord<byte[], byte[]> record) {
    byte[] mapping = mapping(kafka, record);
    if (mapping != null) letter.headers().add(ITS + IngestRecord.MAPPING, mapping);
    int room = kafka.maxMessageBytes() + KafkaConfig.HEADER_BYTES - RECORD_OVERHEAD - 3 * LONGEST_TEXT
        - letter.value().length;
    for (Header own : letter.headers()) room -= bytes(own);
    int kept = 0;
    int dropped = 0;
    for (Header its : record.headers()) {
      if (its.value() == null || NormaliserRun.OURS.contains(its.key())) continue;
      int bytes = bytes(its) + ITS.length();
      boolean taken = its.value().length <= LONGEST_TEXT && bytes <= room && kept < MOST_HEADERS;
      if (taken) {
        letter.headers().add(ITS + its.key(), its.value());
        room -= bytes;
        kept++;
      } else {
        dropped++;
      }
    }
    return dropped;
  }

  /** Null when it is for the default one without saying so. */
  private static byte[] mapping(KafkaConfig kafka, ConsumerRecord<byte[], byte[]> record) {
    Header named = record.headers().lastHeader(IngestRecord.MAPPING);
    if (named != null && named.value() != null)
      return Arrays.copyOf(named.value(), Math.min(named.value().length, LONGEST_NAME));
    return record.topic().equals(kafka.deviceData()) ? null : text(kafka.mappingOf(record.topic()));
  }

  /** Names may hold any letters: three bytes each at the most. */
  private static int bytes(Header header) {
    return 3 * header.key().length() + header.value().length + HEADER_OVERHEAD;
  }

  private static String shown(String detail) {
    return detail.length() > LONGEST_TEXT - 200 ? detail.substring(0, LONGEST_TEXT - 200) : detail;
  }

  /** @throws IllegalArgumentException when this record is no dead letter; the message says what is missing */
  static DeadLetter read(KafkaConsumerRecord<byte[], byte[]> record) {
    Map<String, byte[]> headers = new HashMap<>();
    Map<String, String> its = new HashMap<>();
    for (Header header : record.record().headers()) {
      if (header.value() == null) continue;
      if (header.key().startsWith(ITS))
        its.put(header.key().substring(ITS.length()), new String(header.value(), StandardCharsets.UTF_8));
      else
        headers.put(header.key(), header.value());
    }
    byte[] device = headers.get(DEVICE);
    Buffer payload = record.value() == null ? Buffer.buffer() : Buffer.buffer(record.value());
    return new DeadLetter(Source.fromBytes(headers.get(Source.HEADER)), required(headers, REASON),
        required(headers, DETAIL), device == null ? null : new String(device, StandardCharsets.UTF_8), payload,
        at(required(headers, AT)), its, null);
  }

  private static Instant at(String millis) {
    Instant at = Instant.ofEpochMilli(Long.parseLong(millis));
    if (at.isBefore(EARLIEST) || at.isAfter(LATEST))
      throw new IllegalArgumentException("a dead letter whose header " + AT + " is no time");
    return at;
  }

  private static String required(Map<String, byte[]> headers, String name) {
    byte[] value = headers.get(name);
    if (value == null) throw new IllegalArgumentException("a dead letter without header " + name);
    return new String(value, StandardCharsets.UTF_8);
  }

  /** PostgreSQL keeps no NUL in a text. */
  private static byte[] text(String value) {
    String kept = value.length() > LONGEST_TEXT ? value.substring(0, LONGEST_TEXT) : value;
    return kept.replace('\0', ' ').getBytes(StandardCharsets.UTF_8);
  }
}
