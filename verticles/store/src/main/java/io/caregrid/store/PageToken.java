package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a page ended, as text a client hands back. It says all that is needed, so nobody keeps anything between two pages. */
final class PageToken {
  private static final int HEAD_BYTES = 1 + 8 + 8;
  /** Eight keys of two hundred letters, three bytes each or six where JSON escapes them. */
  private static final int MOST_BYTES = 10_000;
  private static final Pattern PAST = Pattern
      .compile("(-?\\d{1,18})/(\\d{1,9})/([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\\-.]{1,64})");

  /**
   * Of the last row of a page.
   *
   * @param at  what it is sorted by, as text
   * @param sid its surrogate
   */
  record Key(String at, long sid) {}

  private PageToken() {}

  static String below(int version) {
    return text(ByteBuffer.allocate(4).putInt(version));
  }

  static int version(String token) {
    ByteBuffer bytes = bytes(token);
    if (bytes.remaining() != 4) throw foreign();
    return bytes.getInt();
  }

  /** @param order how it is sorted, 0..255; @param search which search it belongs to */
  static String of(int order, long search, Key key) {
    byte[] at = key.at().getBytes(StandardCharsets.UTF_8);
    return text(
        ByteBuffer.allocate(HEAD_BYTES + at.length).put((byte) order).putLong(search).putLong(key.sid()).put(at));
  }

  static Key key(String token, int order, long search) {
    ByteBuffer in = bytes(token);
    if (in.remaining() < HEAD_BYTES) throw foreign();
    if (in.get() != (byte) order || in.getLong() != search)
      throw new Failure.Invalid(
          "This page token belongs to another search; start again from the first page");
    long sid = in.getLong();
    return new Key(StandardCharsets.UTF_8.decode(in).toString(), sid);
  }

  /** Of the last version of a page of a history of many resources. */
  record Past(Instant at, String type, String id, int version) {}

  static String of(Past past) {
    return text(ByteBuffer.wrap((micros(past.at()) + "/" + past.version() + "/" + past.type() + "/" + past.id())
        .getBytes(StandardCharsets.US_ASCII)));
  }

  static Past past(String token) {
    Matcher past = PAST.matcher(StandardCharsets.US_ASCII.decode(bytes(token)));
    if (!past.matches()) throw foreign();
    return new Past(instant(past.group(1)), past.group(3), past.group(4), Integer.parseInt(past.group(2)));
  }

  static String micros(Instant instant) {
    return Long.toString(instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1_000);
  }

  static Instant instant(String micros) {
    try {
      long at = Long.parseLong(micros);
      Instant instant = Instant.ofEpochSecond(Math.floorDiv(at, 1_000_000L), Math.floorMod(at, 1_000_000L) * 1_000);
      if (instant.isBefore(Span.NONE.from()) || instant.isAfter(Span.LAST)) throw foreign();
      return instant;
    } catch (NumberFormatException unreadable) {
      throw foreign();
    }
  }

  private static String text(ByteBuffer bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  private static ByteBuffer bytes(String token) {
    try {
      if (token.length() <= MOST_BYTES * 4 / 3) return ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
    } catch (IllegalArgumentException unreadable) {
      throw foreign();
    }
    throw foreign();
  }

  static Failure foreign() {
    return new Failure.Invalid("This page token was not made by this server; start again from the first page");
  }
}
