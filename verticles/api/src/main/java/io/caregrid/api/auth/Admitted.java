package io.caregrid.api.auth;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What signatures have told already, by the token's SHA-256; the tokens themselves are not kept. Callers whose tokens were found good, until they expire, and
 * tokens that were found forged, such as a client sends again and again: {@link #MOST} of each, so that no flood of the one drives out the other. Any
 * thread.
 */
final class Admitted {
  static final int MOST = 10_000;
  private long generation;
  private final Map<ByteBuffer, Caller> callers = new Latest<>();
  private final Map<ByteBuffer, Failure> forged = new Latest<>();

  private static final class Latest<V> extends LinkedHashMap<ByteBuffer, V> {
    private static final long serialVersionUID = 1;

    Latest() {
      super(256, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<ByteBuffer, V> eldest) {
      return size() > MOST;
    }
  }

  /** Null when this token was not seen yet, or has expired. */
  synchronized Caller find(ByteBuffer token, Instant now) {
    Caller caller = callers.get(token);
    if (caller == null || now.isBefore(caller.until())) return caller;
    callers.remove(token);
    return null;
  }

  /** Why this token was found forged; null when it was not. */
  synchronized Failure forged(ByteBuffer token) {
    return forged.get(token);
  }

  /** Changes with {@link #forget}: what was begun before must not be kept afterwards. */
  synchronized long generation() {
    return generation;
  }

  synchronized Caller keep(ByteBuffer token, Caller caller, long begun) {
    if (begun == generation) callers.put(token, caller);
    return caller;
  }

  synchronized Failure keepForged(ByteBuffer token, Failure why, long begun) {
    if (begun == generation) forged.put(token, why);
    return why;
  }

  /** A key is not what it was: all are examined anew. */
  synchronized void forget() {
    generation++;
    callers.clear();
    forged.clear();
  }

  synchronized int size() {
    return callers.size();
  }

  /** Its name here. */
  static ByteBuffer digest(String token) {
    try {
      return ByteBuffer.wrap(
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.ISO_8859_1)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
