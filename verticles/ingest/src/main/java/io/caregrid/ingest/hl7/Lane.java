package io.caregrid.ingest.hl7;

import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The messages of one partition on their way into the store, strictly one after the other. While one waits, its partition does, and no other. The reader's thread adds
 * and asks; the rest happens on the verticle's context. One that fails ends here, and says so: the reader begins again with it.
 */
final class Lane {
  private final Context context;
  private final Work work;
  private final Runnable idle;
  private final Deque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
  private volatile long done = -1;
  private volatile boolean busy;
  private volatile boolean ended;
  private volatile Throwable broken;

  /** Sees a message through; fails when it is not wanted any more, or for a reason of its own. */
  @FunctionalInterface
  interface Work {
    Future<Void> store(ConsumerRecord<byte[], byte[]> record, BooleanSupplier wanted);
  }

  /** @param idle told when there is nothing more to do, on the context */
  Lane(Context context, Work work, Runnable idle) {
    this.context = context;
    this.work = work;
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
    begun(record).onComplete(stored -> context.runOnContext(back -> {
      if (stored.succeeded()) {
        done = record.offset() + 1;
      } else {
        if (!ended) broken = stored.cause();
        ended = true;
      }
      next();
    }));
  }

  private Future<Void> begun(ConsumerRecord<byte[], byte[]> record) {
    try {
      return work.store(record, () -> !ended);
    } catch (Throwable bug) { // an Error here must not be a partition that stands still
      return Future.failedFuture(bug);
    }
  }

  /** Why it ended though nobody asked it to; null when it did not. */
  Throwable broken() {
    return broken;
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
