package io.caregrid.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The 64-bit hash under which tokens lie in the database: MurmurHash64A with seed 0. Never to change: it is in every row. */
final class Hash {
  private static final long M = 0xc6a4a7935bd1e995L;
  private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Hash() {}

  static long of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  static long of(byte[] bytes) {
    int whole = bytes.length & ~7;
    long h = bytes.length * M;
    for (int at = 0; at < whole; at += 8) h = (h ^ mixed((long) LONGS.get(bytes, at))) * M;
    if (whole < bytes.length) {
      long tail = 0;
      for (int at = whole; at < bytes.length; at++) tail |= (bytes[at] & 0xffL) << 8 * (at - whole);
      h = (h ^ tail) * M;
    }
    h = (h ^ (h >>> 47)) * M;
    return h ^ (h >>> 47);
  }

  private static long mixed(long k) {
    k *= M;
    k ^= k >>> 47;
    return k * M;
  }
}
