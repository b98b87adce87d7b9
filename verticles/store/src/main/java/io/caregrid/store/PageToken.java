package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Base64;

/** Where a page ended, as text a client hands back. It says all that is needed, so nobody keeps anything between two pages. */
final class PageToken {
  private static final int KEY_BYTES = 1 + 8 + 8 + 8;

  /**
   * Of the last row of a page.
   *
   * @param at  its date or time of change, whichever the search is sorted by
   * @param sid its surrogate
   */
  record Key(Instant at, long sid) {}

  private PageToken() {}

  static String below(int version) {
    return text(ByteBuffer.allocate(4).putInt(version));
  }

  static int version(String token) {
    return bytes(token, 4).getInt();
  }

  static String of(Sort sort, long search, Instant at, long sid) {
    return text(
        ByteBuffer.allocate(KEY_BYTES).put((byte) sort.ordinal()).putLong(search).putLong(micros(at)).putLong(sid));
  }

  static Key key(String token, Sort sort, long search) {
    ByteBuffer in = bytes(token, KEY_BYTES);
    if (in.get() != sort.ordinal() || in.getLong() != search)
      throw new Failure.Invalid(
          "This page token belongs to another search; start again from the first page");
    long micros = in.getLong();
    if (micros < micros(Span.NONE.from()) || micros > micros(Span.LAST)) throw foreign();
    return new Key(Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000),
        in.getLong());
  }

  private static long micros(Instant instant) {
    return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1_000;
  }

  private static String text(ByteBuffer bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  private static ByteBuffer bytes(String token, int length) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(token);
    } catch (IllegalArgumentException unreadable) {
      throw foreign();
    }
    if (bytes.length != length) throw foreign();
    return ByteBuffer.wrap(bytes);
  }

  private static Failure foreign() {
    return new Failure.Invalid("This page token was not made by this server; start again from the first page");
  }
}
