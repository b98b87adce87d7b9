package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.Budget;
import io.caregrid.ingest.IngestProducer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The wills of a node's devices (MQTT 5 section 3.1.2.5), from CONNECT until they are said or given up; their memory is taken for as long. Any thread.
 *
 * <p>When a network breaks, many are to be said at once: a few at a time are, each with its share of the memory for messages on their way to Kafka. One for which there is
 * none is lost, and counted, after {@code mqtt.frame}.
 */
final class Wills {
  private static final int AT_ONCE = 4;
  private static final Duration ROOM_EVERY = Duration.ofMillis(50);
  /** Heap of one beside its texts. */
  private static final int OVERHEAD = 512;

  private final Vertx vertx;
  private final IngestProducer log;
  private final Budget bytes;
  private final Budget kept;
  private final Budget delayed;
  private final Duration patience;
  private final MqttMetrics metrics;
  private final Queue<Left> waiting = new ArrayDeque<>();
  private int speaking;

  /** One device's. Its connection may be gone. */
  static final class Left {
    private final Content.Place place;
    private final Packet.Will will;
    private final long bytes;
    private boolean isDelayed;
    private long timer;

    Left(Content.Place place, Packet.Will will) {
      this.place = place;
      this.will = will;
      bytes = bytes(will);
    }

    private static long bytes(Packet.Will will) {
      return OVERHEAD + will.payload().length + 2L * will.topic().length() + will.properties().bytes();
    }

    /** Seconds that it asks for. */
    long delay() {
      return will.properties().number(Properties.WILL_DELAY, 0);
    }
  }

  /**
   * @param bytes memory for messages on their way to Kafka
   * @param kept  memory for what connections leave with the node
   */
  Wills(Vertx vertx, IngestProducer log, Budget bytes, Budget kept, long mostDelayed, Duration patience,
      MqttMetrics metrics) {
    this.vertx = vertx;
    this.log = log;
    this.bytes = bytes;
    this.kept = kept;
    this.delayed = new Budget(mostDelayed);
    this.patience = patience;
    this.metrics = metrics;
  }

  /** False when there is no memory for it. */
  boolean keep(Left left) {
    return kept.take(left.bytes);
  }

  /** Its connection has ended as it should, or its client is back: it is not to be said. */
  void drop(Left left) {
    settle(left);
    kept.giveBack(left.bytes);
  }

  /**
   * Waits before it is said.
   *
   * @param due when the time is over
   * @return false when too much waits already: then it is to be said at once
   */
  boolean delay(Left left, long seconds, Runnable due) {
    if (!delayed.take(left.bytes)) return false;
    left.isDelayed = true;
    left.timer = vertx.setTimer(seconds * 1_000, over -> due.run());
    return true;
  }

  private synchronized void settle(Left left) {
    if (!left.isDelayed) return;
    left.isDelayed = false;
    vertx.cancelTimer(left.timer);
    delayed.giveBack(left.bytes);
  }

  void say(Left left) {
    settle(left);
    synchronized (this) {
      waiting.add(left);
    }
    goOn();
  }

  private void goOn() {
    for (Left next = next(); next != null; next = next()) {
      Left one = next;
      speak(one).onComplete(said -> {
        if (said.failed()) metrics.lost.increment();
        kept.giveBack(one.bytes);
        ended();
        goOn();
      });
    }
  }

  private synchronized Left next() {
    if (speaking == AT_ONCE || waiting.isEmpty()) return null;
    speaking++;
    return waiting.poll();
  }

  private synchronized void ended() {
    speaking--;
  }

  private Future<Void> speak(Left left) {
    Packet.Will will = left.will;
    return vertx.executeBlocking(
        () -> Content.of(left.place, will.topic(), false, will.properties(), will.payload(), Instant.now()), false)
        .compose(content -> room(content.bytes(), System.nanoTime()).compose(taken -> send(left, content)
            .onComplete(sent -> bytes.giveBack(taken))));
  }

  private Future<Void> send(Left left, Content content) {
    return log.send(left.place.client().getBytes(StandardCharsets.UTF_8), content.headers(), content.messages())
        .onSuccess(sent -> metrics.events.increment(content.messages().size()));
  }

  private Future<Long> room(long wanted, long since) {
    if (bytes.take(wanted)) return Future.succeededFuture(wanted);
    if (System.nanoTime() - since > patience.toNanos())
      return Future.failedFuture(new Malformed(Reason.BUSY, "there is no memory for a will"));
    Promise<Long> later = Promise.promise();
    vertx.setTimer(ROOM_EVERY.toMillis(), due -> room(wanted, since).onComplete(later));
    return later.future();
  }
}
