package io.caregrid.ingest.hl7;

import io.vertx.core.Context;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The messages of one partition on their way into the store, strictly one after the other. While one waits, its partition does, and no other. The reader's thread adds
 * and asks; the rest happens on the verticle's context.
 */
final class Lane {
  private final Context context;
  private final Storing storing;
  private final Runnable idle;
  private final Deque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
  private volatile long done = -1;
  private volatile boolean busy;
  private volatile boolean ended;

  /** @param idle told when there is nothing more to do, on the context */
  Lane(Context context, Storing storing, Runnable idle) {
    this.context = context;
    this.storing = storing;
    this.idle = idle;
  }

  /** Not while it is busy. */
  void add(List<ConsumerRecord<byte[], byte[]>> records) {
    busy = true;
    context.runOnContext(hop -> {
      waiting.addAll(records);
      next();
    });
  }

  private void next() {
    ConsumerRecord<byte[], byte[]> record = ended ? null : waiting.poll();
    if (record == null) {
      busy = false;
      idle.run();
      return;
    }
    storing.store(record, () -> !ended).onComplete(stored -> context.runOnContext(back -> {
      if (stored.succeeded()) done = record.offset() + 1;
      else ended = true;
      next();
    }));
  }

  /** The offset behind the last message that is seen through; -1: none yet. */
  long done() {
    return done;
  }

  boolean isBusy() {
    return busy;
  }

  /** Begins nothing more. */
  void end() {
    ended = true;
  }
}
