package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Caller;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The sessions of a node. Any thread.
 *
 * <p>A client id is its caller's own: another caller with the same id has another session, so that nobody can end somebody else's connection by calling himself like
 * it. Of sessions that nobody holds at most as many are kept as there may be connections; beyond, the oldest goes, of the same caller when he has others.
 */
final class Sessions {
  private static final long SWEEP_NANOS = Duration.ofSeconds(5).toNanos();

  private final Map<Key, Session> held = new HashMap<>();
  /** The oldest first. */
  private final Map<Key, Session> left = new LinkedHashMap<>();
  private final int most;
  private long sweptNanos = System.nanoTime();

  private record Key(String issuer, String subject, String client) {
    static Key of(Caller caller, String client) {
      return new Key(caller.issuer(), caller.subject(), client);
    }

    boolean isOfSameCaller(Key other) {
      return Objects.equals(issuer, other.issuer) && Objects.equals(subject, other.subject);
    }
  }

  /**
   * @param present it was there before
   * @param before  the connection that held it, to be ended; null when none did
   * @param will    that the client's last connection has left to be said later, and is not kept any more: to be dropped when the session goes on, else to be said; or null
   */
  record Opened(Session session, boolean present, MqttConnection before, Wills.Left will) {}

  /** @param most that nobody holds */
  Sessions(int most) {
    this.most = most;
  }

  /** @param clean begins a new one, whether there is one or not */
  synchronized Opened open(Caller caller, String client, boolean clean, MqttConnection connection) {
    Key key = Key.of(caller, client);
    Session unheld = left.remove(key);
    Session there = unheld == null ? held.get(key) : unheld;
    boolean present = there != null && !clean && !there.isOver();
    MqttConnection before = there == null ? null : there.heldBy(null);
    Wills.Left will = there == null ? null : there.takeWill();
    Session session = present ? there : new Session();
    session.heldBy(connection);
    held.put(key, session);
    return new Opened(session, present, before, will);
  }

  /**
   * Its connection has ended.
   *
   * @param stays   how long it is kept; zero: not at all
   * @param delayed its connection's will that is to be said later, or null
   * @return wills of sessions that had to go: to be said
   * @throws TakenOver when another connection has come for it, or in its place
   */
  synchronized List<Wills.Left> left(Caller caller, String client, Session session, MqttConnection connection,
      Duration stays, Wills.Left delayed) throws TakenOver {
    Key key = Key.of(caller, client);
    if (!session.left(connection, stays.toNanos(), delayed))
      throw new TakenOver(held.get(key) == session || left.get(key) == session);
    held.remove(key, session);
    if (!stays.isZero()) left.put(key, session);
    List<Wills.Left> wills = new ArrayList<>();
    while (left.size() > most) evict(key, wills);
    return wills;
  }

  /** Another connection has this session, or its client has begun a new one. */
  static final class TakenOver extends Exception {
    private static final long serialVersionUID = 1;
    /** The session itself goes on. */
    final boolean goesOn;

    TakenOver(boolean goesOn) {
      super(null, null, false, false);
      this.goesOn = goesOn;
    }
  }

  private void evict(Key last, List<Wills.Left> wills) {
    Key oldest = left.keySet()
        .stream()
        .filter(key -> key.isOfSameCaller(last))
        .findFirst()
        .orElseGet(() -> left.keySet().iterator().next());
    Wills.Left will = left.remove(oldest).takeWill();
    if (will != null) wills.add(will);
  }

  /** Removes those that are over, now and then. Their wills have their own time, which is no longer. */
  synchronized void sweep() {
    if (System.nanoTime() - sweptNanos < SWEEP_NANOS) return;
    sweptNanos = System.nanoTime();
    left.values().removeIf(Session::isOver);
  }

  synchronized int size() {
    return held.size() + left.size();
  }
}
