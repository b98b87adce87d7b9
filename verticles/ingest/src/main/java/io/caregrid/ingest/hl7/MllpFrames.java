package io.caregrid.ingest.hl7;

import io.caregrid.ingest.Budget;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/**
 * Finds messages in what one connection sends (MLLP release 1: {@code VT message FS CR}), in whatever pieces it comes. What stands between two frames is left out.
 * Pure but for the shared {@link Budget}; not thread-safe.
 *
 * <p>A frame is ended by FS and CR together, since texts hold a lone FS or VT at times. One that begins anew within another ({@code VT MSH}) replaces it: its sender
 * gave the first one up. Never more than {@code most} bytes of a frame are in memory; of a larger one its beginning, so that its sender can be answered.
 */
final class MllpFrames {
  private static final byte VT = 0x0B;
  private static final byte FS = 0x1C;
  private static final byte CR = 0x0D;
  /** Bytes of a frame that is too large: its header. */
  private static final int HEAD = 8_192;
  /** Bytes that may stand where no frame is. */
  private static final int MOST_NOISE = 64 << 10;

  private enum State {
    OUTSIDE, INSIDE, ENDING
  }

  /** What was wrong with a frame. */
  enum Fault {
    NONE,
    /** It has more bytes than one may have. */
    TOO_LARGE,
    /** There was no memory for it beside others. */
    CROWDED
  }

  /** @param bytes without VT, FS and CR; the first ones when there is a fault */
  record Frame(byte[] bytes, Fault fault) {}

  private final int most;
  private final Budget budget;
  private State state = State.OUTSIDE;
  private Buffer pending = Buffer.buffer();
  private int at;
  private byte[] body = new byte[0];
  private int length;
  private Fault fault = Fault.NONE;
  private long charged;
  private int noise;

  MllpFrames(int most, Budget budget) {
    this.most = most;
    this.budget = budget;
  }

  void append(Buffer chunk) {
    pending = at == pending.length() ? chunk : pending.getBuffer(at, pending.length()).appendBuffer(chunk);
    at = 0;
  }

  /** The next whole frame; null when more has to come first. */
  Frame poll() {
    while (at < pending.length()) {
      switch (state) {
        case OUTSIDE -> begin();
        case INSIDE -> inside();
        case ENDING -> {
          state = pending.getByte(at) == CR ? State.OUTSIDE : State.INSIDE;
          if (state == State.OUTSIDE) {
            at++;
            return ended();
          }
          take(new byte[] {FS}, 0, 1);
        }
      }
    }
    return null;
  }

  private void begin() {
    int from = at;
    while (at < pending.length() && pending.getByte(at) != VT) at++;
    noise += at - from;
    if (at == pending.length()) return;
    at++;
    noise = 0;
    length = 0;
    fault = Fault.NONE;
    state = State.INSIDE;
  }

  private void inside() {
    int from = at;
    while (at < pending.length() && pending.getByte(at) != FS) at++;
    byte[] some = pending.getBytes(from, at);
    take(some, 0, some.length);
    if (at == pending.length()) return;
    at++;
    state = State.ENDING;
  }

  private void take(byte[] some, int from, int count) {
    if (fault == Fault.NONE) {
      if (length + (long) count > most) fault(Fault.TOO_LARGE);
      else if (!budget.take(count)) fault(Fault.CROWDED);
      else charged += count;
    }
    int kept = fault == Fault.NONE ? count : Math.max(0, Math.min(count, HEAD - length));
    if (kept == 0) return;
    if (length + kept > body.length) body = Arrays.copyOf(body, Math.max(length + kept, grown()));
    System.arraycopy(some, from, body, length, kept);
    length += kept;
  }

  private int grown() {
    return (int) Math.min(most, Math.max(1024, body.length * 2L));
  }

  private void fault(Fault found) {
    fault = found;
    length = Math.min(length, HEAD);
    body = Arrays.copyOf(body, length);
    release();
  }

  private Frame ended() {
    int from = restarted();
    Frame frame = new Frame(Arrays.copyOfRange(body, from, length), fault);
    body = new byte[0];
    length = 0;
    return frame;
  }

  /** Where the last message of this frame begins: 0, or behind the last VT that a header follows. */
  private int restarted() {
    for (int i = length - 4; i >= 0; i--)
      if (body[i] == VT && (is(i + 1, "MSH") || is(i + 1, "FHS") || is(i + 1, "BHS"))) return i + 1;
    return 0;
  }

  private boolean is(int from, String segment) {
    return body[from] == segment.charAt(0) && body[from + 1] == segment.charAt(1)
        && body[from + 2] == segment.charAt(2);
  }

  /** A frame has begun and not ended. */
  boolean isInside() {
    return state != State.OUTSIDE;
  }

  /** Whoever sends so much that is no frame does not speak MLLP. */
  boolean isNoise() {
    return noise > MOST_NOISE;
  }

  /** What the last frame took is free again: it was answered, or its connection is gone. */
  void release() {
    budget.giveBack(charged);
    charged = 0;
  }
}
