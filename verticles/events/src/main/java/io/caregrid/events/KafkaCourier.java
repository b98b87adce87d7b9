package io.caregrid.events;

import io.caregrid.cluster.KafkaConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Into the topic {@code fhir-changes}: the event as JSON, keyed by {@code Type/id}, so that one resource's news stand in one partition in their order; header
 * {@code id} is the same however often a record is written.
 */
final class KafkaCourier implements Courier {
  static final String ID = "id";
  private static final int MOST = 500;
  private static final int CLOSE_SECONDS = 2;
  private final Vertx vertx;
  private final String topic;
  private final String source;
  private final Map<String, Object> settings;
  /** Null until something is sent. */
  private KafkaProducer<byte[], byte[]> producer;
  private boolean closed;

  KafkaCourier(Vertx vertx, KafkaConfig kafka, String source, Duration patience) {
    this.vertx = vertx;
    this.topic = kafka.fhirChanges();
    this.source = source;
    int millis = (int) patience.toMillis();
    this.settings = kafka.connecting();
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
    settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, kafka.maxRecordBytes());
    settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(32L << 20, 2L * kafka.maxRecordBytes()));
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, millis / 2);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis / 2);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis);
    settings.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
  }

  /** Looks up names and reads files: what fails there fails this target, and is tried again. */
  private synchronized KafkaProducer<byte[], byte[]> producer() {
    if (closed) throw new IllegalStateException("closed");
    if (producer == null)
      producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    return producer;
  }

  private synchronized KafkaProducer<byte[], byte[]> last() {
    closed = true;
    return producer;
  }

  @Override
  public Future<List<Answer>> send(List<Letter> letters) {
    return vertx.executeBlocking(() -> written(letters), false).compose(answers -> Future.all(answers).map(done -> {
      List<Answer> all = new ArrayList<>();
      answers.forEach(answer -> all.add(answer.result()));
      return all;
    }));
  }

  /** Waits for Kafka's list of partitions and for room in memory; what is behind one that did not get them is not tried. */
  private List<Future<Answer>> written(List<Letter> letters) {
    List<Future<Answer>> answers = new ArrayList<>();
    Answer failed = null;
    for (Letter letter : letters) {
      Promise<Answer> answer = Promise.promise();
      answers.add(answer.future());
      if (failed != null) {
        answer.complete(failed);
        continue;
      }
      try {
        producer().send(record(letter),
            (kept, cause) -> answer.tryComplete(cause == null ? Answer.TAKEN : refused(cause)));
      } catch (KafkaException | IllegalStateException cause) {
        failed = refused(cause);
        answer.tryComplete(failed);
        if (failed.isRefusal()) failed = null; // it was this one's own fault
      }
    }
    return answers;
  }

  private ProducerRecord<byte[], byte[]> record(Letter letter) {
    byte[] key = (letter.delivery().type() + "/" + letter.delivery().id()).getBytes(StandardCharsets.UTF_8);
    byte[] event = Event.of(letter.delivery(), source, letter.resource()).getBytes();
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key, event);
    record.headers().add(ID, letter.delivery().key().getBytes(StandardCharsets.UTF_8));
    return record;
  }

  private static Answer refused(Exception cause) {
    return cause instanceof RecordTooLargeException
        ? new Answer(413, null, "it is larger than kafka.maxMessageBytes")
        : Answer.none("Kafka did not take it (" + cause.getClass().getSimpleName() + ")");
  }

  @Override
  public int most() {
    return MOST;
  }

  @Override
  public Future<Void> close() {
    return vertx.executeBlocking(() -> {
      KafkaProducer<byte[], byte[]> last = last();
      if (last != null) last.close(Duration.ofSeconds(CLOSE_SECONDS));
      return null;
    }, false);
  }
}
