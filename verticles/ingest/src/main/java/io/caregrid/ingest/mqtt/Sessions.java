package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Caller;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The sessions of a node. Any thread.
 *
 * <p>A client id is its caller's own: another caller with the same id has another session, so that nobody can end somebody else's connection by calling himself like
 * it. Of sessions that nobody holds at most as many are kept as there may be connections.
 */
final class Sessions {
  private final Map<Key, Session> all = new HashMap<>();
  private final int most;

  private record Key(String issuer, String subject, String client) {
    static Key of(Caller caller, String client) {
      return new Key(caller.issuer(), caller.subject(), client);
    }
  }

  /**
   * @param present it was there before
   * @param before  the connection that held it, to be ended; null when none did
   */
  record Opened(Session session, boolean present, MqttConnection before) {}

  /** @param most that nobody holds */
  Sessions(int most) {
    this.most = most;
  }

  /** @param clean begins a new one, whether there is one or not */
  synchronized Opened open(Caller caller, String client, boolean clean, MqttConnection connection) {
    Key key = Key.of(caller, client);
    Session there = all.get(key);
    boolean present = there != null && !clean && !there.isOver();
    MqttConnection before = there == null ? null : there.heldBy(null);
    Session session = present ? there : new Session();
    session.heldBy(connection);
    all.put(key, session);
    return new Opened(session, present, before);
  }

  /** Its connection has ended. @param stays how long it is kept; zero: not at all */
  synchronized void left(Caller caller, String client, Session session, MqttConnection connection, Duration stays) {
    if (!session.left(connection, stays.toNanos())) return;
    if (stays.isZero()) all.remove(Key.of(caller, client), session);
    if (all.size() > 2 * most) sweep();
  }

  /** True when this session goes on, held or not. */
  synchronized boolean isKept(Caller caller, String client, Session session) {
    return all.get(Key.of(caller, client)) == session;
  }

  /** Removes those that are over; and, should there still be too many, whoever is not held. */
  synchronized void sweep() {
    all.values().removeIf(Session::isOver);
    var left = all.values().iterator();
    while (all.size() > 2 * most && left.hasNext()) if (!left.next().isHeld()) left.remove();
  }

  synchronized int size() {
    return all.size();
  }
}
