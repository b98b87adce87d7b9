package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.Budget;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/**
 * Finds packets in what one connection sends (MQTT 5 section 2.1), in whatever pieces it comes. Pure but for the shared {@link Budget}s; not thread-safe.
 *
 * <p>Memory for a packet is taken when its length is known, before its bytes are gathered; as long as there is none, it waits. A packet that is longer than
 * allowed is refused by its length alone. Who is not let in yet takes from another budget, and only as much as has come.
 */
final class Frames {
  /** A message is in memory as it came, as its payload, and on its way into the log. */
  private static final long TIMES = 3;
  /** And what is known of it. */
  static final int OVERHEAD = 1_024;
  /** Of CONNECT, which comes from whom nobody knows yet: two texts and a will at their longest do not fit, tokens do. */
  static final int MOST_OF_CONNECT = 128 << 10;
  /** Of any other packet than PUBLISH. */
  static final int MOST_OF_OTHERS = 64 << 10;
  private static final int BEGIN = 2 << 10;
  /** Packets of so few bytes that are no PUBLISH cost nothing: they are answered at once. */
  private static final int SMALL = 512;

  private final Budget bytes;
  private final Budget messages;
  private final Budget early;
  private int most;
  private boolean isKnown;
  private Buffer pending = Buffer.buffer();
  private int at;
  private int first = -1;
  private byte[] body;
  private int length;
  private int whole;
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

    /** Gives back some of what was {@link #charge charged}. */
    void spare(long less) {
      bytes.giveBack(less);
      taken -= less;
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
   * @param early    the node's, for who is not let in yet
   * @param bytes    the node's
   * @param messages that are on their way to Kafka, the node's
   */
  Frames(int most, Budget early, Budget bytes, Budget messages) {
    this.most = most;
    this.early = early;
    this.bytes = bytes;
    this.messages = messages;
  }

  /** @param mostBytes of a packet from now on */
  void letIn(int mostBytes) {
    most = mostBytes;
    isKnown = true;
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
    if (body.length < whole && !grown()) return null;
    int some = Math.min(body.length - length, pending.length() - at);
    pending.getBytes(at, at + some, body, length);
    at += some;
    length += some;
    if (length < whole) return null;
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
      if (digit == 0 && n > 1) throw new Malformed(Reason.MALFORMED, "a length has more bytes than it needs");
      first = pending.getByte(at) & 0xFF;
      at += n + 1;
      whole = value;
      boolean isOther = first >> 4 != Packet.PUBLISH && first >> 4 != Packet.CONNECT;
      int allowed = isOther ? Math.min(most, MOST_OF_OTHERS) : most;
      if (value > allowed)
        throw new Malformed(Reason.TOO_LARGE, "a packet of " + value + " bytes, more than " + allowed);
      return true;
    }
    throw new Malformed(Reason.MALFORMED, "a length has more than four bytes");
  }

  private boolean entered() {
    boolean costs = !isKnown || first >> 4 == Packet.PUBLISH || whole > SMALL;
    int begin = isKnown ? whole : Math.min(whole, BEGIN);
    Room wanted = new Room(isKnown ? bytes : early, messages);
    if (costs && !wanted.charge((isKnown ? TIMES : 1) * begin + OVERHEAD)) {
      waiting = true;
      return false;
    }
    room = wanted;
    body = new byte[begin];
    length = 0;
    return true;
  }

  /** There is memory for more of it than has come. */
  private boolean grown() {
    int come = length + pending.length() - at;
    if (come <= body.length) return true;
    int more = Math.min(whole, Math.max(come, 2 * body.length));
    if (!room.charge(more - body.length)) {
      waiting = true;
      return false;
    }
    body = Arrays.copyOf(body, more);
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
