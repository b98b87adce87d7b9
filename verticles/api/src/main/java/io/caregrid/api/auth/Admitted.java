package io.caregrid.api.auth;

import io.caregrid.contract.Caller;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** The callers whose tokens were found good, by the token's SHA-256: the tokens themselves are not kept. At most {@link #MOST}; any thread. */
final class Admitted {
  static final int MOST = 10_000;
  private long generation;
  private final Map<ByteBuffer, Caller> callers = new LinkedHashMap<>(256, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Caller> eldest) {
      return size() > MOST;
    }
  };

  /** Null when this token was not seen yet, or has expired. */
  Caller find(String token, Instant now) {
    ByteBuffer key = hash(token);
    synchronized (this) {
      Caller caller = callers.get(key);
      if (caller == null || now.isBefore(caller.until())) return caller;
      callers.remove(key);
      return null;
    }
  }

  /** Changes with {@link #forget}: what was begun before must not be kept afterwards. */
  synchronized long generation() {
    return generation;
  }

  Caller keep(String token, Caller caller, long begun) {
    ByteBuffer key = hash(token);
    synchronized (this) {
      if (begun == generation) callers.put(key, caller);
    }
    return caller;
  }

  /** A key is not what it was: all are examined anew. */
  synchronized void forget() {
    generation++;
    callers.clear();
  }

  synchronized int size() {
    return callers.size();
  }

  private static ByteBuffer hash(String token) {
    try {
      return ByteBuffer.wrap(
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.ISO_8859_1)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
