package io.caregrid.ingest;

import io.caregrid.contract.Failure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;

/** The messages of one body on their way into the log. Done when Kafka acknowledged the last of them, failed if any failed. */
final class Handover implements Callback {
  private final List<IngestRecord> messages;
  private final Context caller;
  private final Promise<Void> acknowledged = Promise.promise();
  private final AtomicInteger open;
  private volatile Exception failure;

  /** @param caller where the future is completed */
  Handover(List<IngestRecord> messages, Context caller) {
    this.messages = messages;
    this.caller = caller;
    open = new AtomicInteger(messages.size());
  }

  List<IngestRecord> messages() {
    return messages;
  }

  Future<Void> acknowledged() {
    return acknowledged.future();
  }

  boolean failed() {
    return failure != null;
  }

  /** Called by Kafka once a message, on its own thread, or on the sender's when a message is refused at once. */
  @Override
  public void onCompletion(RecordMetadata written, Exception refused) {
    if (refused != null && failure == null) failure = refused;
    close(1);
  }

  /** So many of the messages were never sent, because of this. */
  void giveUp(int unsent, Exception cause) {
    if (failure == null) failure = cause;
    if (unsent > 0) close(unsent);
  }

  private void close(int messages) {
    if (open.addAndGet(-messages) == 0) caller.runOnContext(done -> finish());
  }

  private void finish() {
    if (failure == null) acknowledged.complete();
    else acknowledged.fail(answer(failure));
  }

  private static Failure answer(Exception cause) {
    if (cause instanceof Failure known) return known;
    if (cause instanceof RecordTooLargeException)
      return new Failure.TooLarge(
          "Kafka refuses a message of this size: raise max.message.bytes of the topic, or lower kafka.maxMessageBytes");
    if (cause instanceof BufferExhaustedException)
      return new Failure.Busy("the buffer on the way to Kafka is full. " + AGAIN);
    return new Failure.Busy("Kafka did not acknowledge every message in time. " + AGAIN);
  }

  /** Why a client need not fear to repeat itself. */
  static final String AGAIN = "Send the whole body again: readings that did arrive make no second Observation;"
      + " to a capture rule they are late ones.";
}
