package io.caregrid.ingest;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Caller;
import io.caregrid.store.Cause;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.DeadLetters;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import io.vertx.kafka.client.consumer.KafkaConsumerRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings topic {@code deadletters} into the store: reads a batch, keeps it, commits. The id of a dead letter is its source, so reading one twice keeps
 * it once. While the database or Kafka is away it waits and tries again; nothing is lost, the topic holds it.
 */
public final class DeadLetterReader extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(DeadLetterReader.class);
  private static final Caller CALLER = Caller.system("dead-letters");
  private static final Duration POLL = Duration.ofMillis(500);
  private static final int LONGEST_PAUSE_SECONDS = 30;
  private static final long NONE = -1;
  /** So many empty polls in a row, ten seconds of them, mean that nothing waits. */
  private static final int SETTLED_POLLS = 20;

  private final KafkaConfig kafka;
  private final DeadLetters letters;
  private final Promise<Void> ended = Promise.promise();
  private KafkaConsumer<byte[], byte[]> consumer;
  private boolean stopping;
  private int failures;
  private int emptyPolls;
  private long pause = NONE;

  public DeadLetterReader(KafkaConfig kafka, DeadLetters letters) {
    this.kafka = kafka;
    this.letters = letters;
  }

  @Override
  public Future<?> start() {
    open();
    return Future.succeededFuture();
  }

  /** Completes when the batch in hand is kept and committed, or has failed. */
  @Override
  public Future<?> stop() {
    stopping = true;
    if (pause != NONE && vertx.cancelTimer(pause)) ended.complete();
    return ended.future();
  }

  /** For {@code /health/ready}: the last thing it tried went well. */
  public boolean ready() {
    return failures == 0;
  }

  private void open() {
    consumer = KafkaConsumer.create(vertx, KafkaClients.deadLetterReader(kafka));
    consumer.subscribe(kafka.deadLetters()).onSuccess(subscribed -> next()).onFailure(this::startAgain);
  }

  private void next() {
    if (stopping) {
      consumer.close().onComplete(closed -> ended.complete());
      return;
    }
    consumer.poll(POLL).compose(this::keep).onSuccess(kept -> next()).onFailure(this::startAgain);
  }

  private Future<Void> keep(KafkaConsumerRecords<byte[], byte[]> records) {
    if (records.isEmpty()) {
      if (++emptyPolls >= SETTLED_POLLS) failures = 0;
      return Future.succeededFuture();
    }
    return letters.keep(CALLER, read(records)).compose(kept -> consumer.commit()).onSuccess(committed -> failures = 0);
  }

  private static List<DeadLetter> read(KafkaConsumerRecords<byte[], byte[]> records) {
    List<DeadLetter> read = new ArrayList<>();
    for (int n = 0; n < records.size(); n++) {
      KafkaConsumerRecord<byte[], byte[]> record = records.recordAt(n);
      if (Topics.isProbe(record.record().headers())) continue;
      try {
        read.add(DeadLetterRecord.read(record));
      } catch (IllegalArgumentException foreign) {
        log.warn("skipped a record that is no dead letter partition={} offset={} why={}", record.partition(),
            record.offset(), foreign.getMessage());
      }
    }
    return read;
  }

  /** Begins again at the last commit, after 1, 2, 4 … 30 s. */
  private void startAgain(Throwable cause) {
    int seconds = Math.min(LONGEST_PAUSE_SECONDS, 1 << Math.min(failures++, 5));
    log.warn("dead letters wait in their topic, next try in={}s cause={}", seconds, Cause.withoutValues(cause));
    consumer.close().onComplete(closed -> pause(seconds));
  }

  private void pause(int seconds) {
    if (stopping) ended.complete();
    else pause = vertx.setTimer(Duration.ofSeconds(seconds).toMillis(), over -> reopen());
  }

  private void reopen() {
    pause = NONE;
    emptyPolls = 0;
    open();
  }
}
