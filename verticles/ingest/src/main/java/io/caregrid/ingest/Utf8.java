package io.caregrid.ingest;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Is it UTF-8? Strictly: no overlong forms, no surrogates (RFC 3629). */
public final class Utf8 {
  private static final int WINDOW = 8 << 10;

  private Utf8() {}

  /** Offset of the first byte that is not UTF-8, or -1 when all are. */
  public static int firstInvalid(byte[] bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer window = CharBuffer.allocate(Math.min(bytes.length + 1, WINDOW));
    while (true) {
      CoderResult result = decoder.decode(in, window, true);
      if (result.isError()) return in.position();
      if (result.isUnderflow()) return -1;
      window.clear();
    }
  }
}
