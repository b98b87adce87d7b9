package io.caregrid.ingest.mqtt;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * What is known of a client beyond its connection: which messages of QoS 2 it has sent, that are in the log or on their way, and not yet released (MQTT 5 section 4.1);
 * and the will of its last connection, while that is delayed. Any thread.
 */
final class Session {
  private final BitSet taken = new BitSet();
  private final Map<Integer, Promise<String>> underWay = new HashMap<>();
  private MqttConnection holder;
  private Wills.Left will;
  /** Since when nobody holds it, and how long it stays then. */
  private long leftNanos;
  private long staysNanos;

  /**
   * A message of QoS 2 has come.
   *
   * @return null when it is new: then {@link #ended} has to follow. Else how it ended, or will: with its fault or null, or failed as {@link #ended} was told
   */
  synchronized Future<String> begin(int id) {
    if (taken.get(id)) return Future.succeededFuture();
    Promise<String> other = underWay.putIfAbsent(id, Promise.promise());
    return other == null ? null : other.future();
  }

  /**
   * @param failure null: it is in the log
   * @param refused its client is told that it is none: its id is free again
   */
  void ended(int id, Throwable failure, String fault, boolean refused) {
    Promise<String> waits;
    synchronized (this) {
      waits = underWay.remove(id);
      if (failure == null && !refused) taken.set(id);
    }
    if (waits == null) return;
    if (failure == null) waits.complete(fault);
    else waits.fail(failure);
  }

  /** False when it was not there. */
  synchronized boolean release(int id) {
    boolean there = taken.get(id);
    taken.clear(id);
    return there;
  }

  synchronized int unreleased() {
    return taken.cardinality();
  }

  /** @return who held it until now, or null */
  synchronized MqttConnection heldBy(MqttConnection connection) {
    MqttConnection before = holder;
    holder = connection;
    return before;
  }

  synchronized boolean isHeld() {
    return holder != null;
  }

  /**
   * @param delayed to be said later, or null
   * @return false when another connection has it already
   */
  synchronized boolean left(MqttConnection connection, long nanos, Wills.Left delayed) {
    if (holder != connection) return false;
    holder = null;
    will = delayed;
    leftNanos = System.nanoTime();
    staysNanos = nanos;
    return true;
  }

  /** Takes the will that is delayed out of it; null when there is none. */
  synchronized Wills.Left takeWill() {
    Wills.Left there = will;
    will = null;
    return there;
  }

  /** Takes this will out of it; false when it is not there any more. */
  synchronized boolean takeWill(Wills.Left due) {
    if (will != due) return false;
    will = null;
    return true;
  }

  synchronized boolean isOver() {
    return holder == null && System.nanoTime() - leftNanos >= staysNanos;
  }
}
