package io.caregrid.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The 64-bit hash under which tokens lie in the database: MurmurHash64A with seed 0. Never to change: it is in every row. */
final class Hash {
  private static final long M = 0xc6a4a7935bd1e995L;

  private Hash() {}

  static long of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  static long of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long h = bytes.length * M;
    while (in.remaining() >= 8) h = (h ^ mixed(in.getLong())) * M;
    if (in.hasRemaining()) {
      long tail = 0;
      for (int shift = 0; in.hasRemaining(); shift += 8) tail |= (in.get() & 0xffL) << shift;
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
