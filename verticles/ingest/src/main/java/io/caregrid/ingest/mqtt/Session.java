package io.caregrid.ingest.mqtt;

import java.util.BitSet;

/**
 * What is known of a client beyond its connection: which messages of QoS 2 it has sent, that are in the log, and not yet released (MQTT 5 section 4.1). Any thread.
 */
final class Session {
  private final BitSet taken = new BitSet();
  private MqttConnection holder;
  /** Since when nobody holds it, and how long it stays then. */
  private long leftNanos;
  private long staysNanos;

  synchronized boolean has(int id) {
    return taken.get(id);
  }

  synchronized void take(int id) {
    taken.set(id);
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

  /** @return false when another connection has it already */
  synchronized boolean left(MqttConnection connection, long nanos) {
    if (holder != connection) return false;
    holder = null;
    leftNanos = System.nanoTime();
    staysNanos = nanos;
    return true;
  }

  synchronized boolean isOver() {
    return holder == null && System.nanoTime() - leftNanos >= staysNanos;
  }
}
