package io.caregrid.ingest.mqtt;

/**
 * How long a device may take: to say who it is, for one packet, to read its answers, and to say anything at all. Times are nanoseconds of {@link System#nanoTime}.
 * Pure; not thread-safe.
 */
final class Patience {
  private static final long NOT = Long.MIN_VALUE;

  private final long frame;
  /** It was heard last; before it is let in, when it came; at the end, when its connection was over. */
  private long since;
  private long inside = NOT;
  private long unread = NOT;
  private long waits = NOT;

  /** @param frame longest for one packet, for reading answers, and for waiting for memory */
  Patience(long frame, long now) {
    this.frame = frame;
    since = now;
  }

  /** Something came of it, or something else begins to be waited for. */
  void heard(long now) {
    since = now;
  }

  /** A packet has come whole. */
  void whole() {
    inside = NOT;
  }

  /** @param isInside a packet has begun and not ended; @param isWaiting what it sends has to wait for memory of the node */
  void look(boolean isInside, boolean isWaiting, long now) {
    inside = !isInside ? NOT : inside == NOT ? now : inside;
    waits = !isWaiting ? NOT : waits == NOT ? now : waits;
  }

  /** It is read from again: what it could not send meanwhile is not its fault. */
  void readsAgain(long now) {
    if (inside != NOT) inside = now;
  }

  /** @param isFull what is to be said to it is not taken */
  void answers(boolean isFull, long now) {
    unread = !isFull ? NOT : unread == NOT ? now : unread;
  }

  boolean hasWaitedTooLong(long now) {
    return waits != NOT && now - waits > frame;
  }

  boolean doesNotRead(long now) {
    return unread != NOT && now - unread > frame;
  }

  boolean doesNotEndItsPacket(long now) {
    return inside != NOT && now - inside > frame;
  }

  /** Nothing was {@link #heard} for longer than this, nanoseconds. */
  boolean isOver(long longest, long now) {
    return now - since > longest;
  }
}
