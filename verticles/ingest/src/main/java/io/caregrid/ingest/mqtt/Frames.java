package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.Budget;
import io.vertx.core.buffer.Buffer;

/**
 * Finds packets in what one connection sends (MQTT 5 section 2.1), in whatever pieces it comes. Pure but for the shared {@link Budget}s; not thread-safe.
 *
 * <p>Memory for a packet is taken when its length is known, before its bytes are gathered; as long as there is none, it waits. A packet that is longer than
 * allowed is refused by its length alone.
 */
final class Frames {
  /** A message is in memory as it came, as its payload, and on its way into the log. */
  private static final long TIMES = 3;
  /** And what is known of it. */
  static final int OVERHEAD = 1_024;
  /** Packets of so few bytes that are no PUBLISH cost nothing: they are answered at once. */
  private static final int SMALL = 512;

  private final Budget bytes;
  private final Budget messages;
  private int most;
  private Buffer pending = Buffer.buffer();
  private int at;
  private int first = -1;
  private byte[] body;
  private int length;
  private Room room;
  private boolean waiting;

  /** What one packet has taken of the node's memory. */
  static final class Room {
    private final Budget bytes;
    private final Budget messages;
    private long taken;
    private int message;

    private Room(Budget bytes, Budget messages) {
      this.bytes = bytes;
      this.messages = messages;
    }

    /** Its place among the messages of the node; false when there is none now. */
    private boolean isMessage() {
      if (!messages.take(1)) return false;
      message = 1;
      return true;
    }

    /** Takes more for what became of it, such as what was packed. */
    boolean charge(long more) {
      if (!bytes.take(more)) return false;
      taken += more;
      return true;
    }

    /** It is answered. Again does nothing. */
    void release() {
      bytes.giveBack(taken);
      messages.giveBack(message);
      taken = 0;
      message = 0;
    }
  }

  /** @param first byte of the fixed header */
  record Frame(int first, byte[] body, Room room) {}

  /**
   * @param most     bytes of a packet, at first
   * @param bytes    the node's
   * @param messages that are on their way to Kafka, the node's
   */
  Frames(int most, Budget bytes, Budget messages) {
    this.most = most;
    this.bytes = bytes;
    this.messages = messages;
  }

  void most(int bytes) {
    most = bytes;
  }

  void append(Buffer chunk) {
    pending = at == pending.length() ? chunk : pending.getBuffer(at, pending.length()).appendBuffer(chunk);
    at = 0;
  }

  /** The next whole packet; null when more has to come first, or there is no room for it now ({@link #isWaiting}). */
  Frame poll() throws Malformed {
    waiting = false;
    if (first < 0 && !begun()) return null;
    if (room == null && !entered()) return null;
    int some = Math.min(body.length - length, pending.length() - at);
    pending.getBytes(at, at + some, body, length);
    at += some;
    length += some;
    if (length < body.length) return null;
    if (first >> 4 == Packet.PUBLISH && !room.isMessage()) {
      waiting = true;
      return null;
    }
    Frame frame = new Frame(first, body, room);
    first = -1;
    body = null;
    room = null;
    return frame;
  }

  /** Reads the fixed header, once it is all there. */
  private boolean begun() throws Malformed {
    int value = 0;
    for (int n = 1; n <= 4; n++) {
      if (at + n >= pending.length()) return false;
      int digit = pending.getByte(at + n) & 0xFF;
      value |= (digit & 0x7F) << 7 * (n - 1);
      if ((digit & 0x80) != 0) continue;
      first = pending.getByte(at) & 0xFF;
      at += n + 1;
      length = value;
      if (value > most) throw new Malformed(Reason.TOO_LARGE, "a packet of " + value + " bytes, more than " + most);
      return true;
    }
    throw new Malformed(Reason.MALFORMED, "a length has more than four bytes");
  }

  private boolean entered() {
    boolean costs = first >> 4 == Packet.PUBLISH || length > SMALL;
    Room wanted = new Room(bytes, messages);
    if (costs && !wanted.charge(TIMES * length + OVERHEAD)) {
      waiting = true;
      return false;
    }
    room = wanted;
    body = new byte[length];
    length = 0;
    return true;
  }

  /** A packet has begun and there is no memory for it: ask again in a moment, and read nothing meanwhile. */
  boolean isWaiting() {
    return waiting;
  }

  /** A packet has begun and not ended. */
  boolean isInside() {
    return first >= 0 || at < pending.length();
  }

  /** The connection is gone: what has begun will not end. */
  void release() {
    if (room != null) room.release();
    room = null;
    first = -1;
    pending = Buffer.buffer();
    at = 0;
  }
}
