package io.caregrid.store.audit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** JSON (RFC 8259) in UTF-8, member after member, as fast as it goes: one is made for every access. */
final class LineBytes {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final char REPLACEMENT = '\uFFFD';
  /** One character takes no more: {@code \}{@code u001f}. */
  private static final int MOST_OF_ONE = 6;

  private byte[] bytes;
  private int length;

  LineBytes(int expected) {
    bytes = new byte[expected];
  }

  int length() {
    return length;
  }

  /** To be changed by nobody; longer than {@link #length}. */
  byte[] array() {
    return bytes;
  }

  byte[] toArray() {
    return Arrays.copyOf(bytes, length);
  }

  /** ASCII as it is. */
  LineBytes raw(String ascii) {
    room(ascii.length());
    for (int i = 0; i < ascii.length(); i++) bytes[length++] = (byte) ascii.charAt(i);
    return this;
  }

  LineBytes hex(int value) {
    room(8);
    for (int shift = 28; shift >= 0; shift -= 4) bytes[length++] = HEX[value >>> shift & 15];
    return this;
  }

  /** @param name with its comma, quotes and colon; nothing is written when the value is null */
  LineBytes member(String name, String value, int most) {
    return value == null ? this : raw(name).string(value, most);
  }

  LineBytes members(String name, List<String> values, int many, int most) {
    if (values.isEmpty()) return this;
    raw(name).raw("[");
    for (int i = 0; i < Math.min(many, values.size()); i++) {
      if (i > 0) raw(",");
      string(values.get(i), most);
    }
    return raw("]");
  }

  /** In quotes, without NUL and halves of surrogate pairs, which PostgreSQL and others do not take; what is longer than {@code most} characters ends in an ellipsis. */
  LineBytes string(String value, int most) {
    boolean cut = value.length() > most;
    int end = cut ? most - 1 : value.length();
    room(end * MOST_OF_ONE + 8);
    bytes[length++] = '"';
    for (int i = 0; i < end; i++) {
      char c = value.charAt(i);
      if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
        bytes[length++] = (byte) c;
      } else if (c < 0xa0) {
        escaped(c);
      } else if (Character.isHighSurrogate(c) && i + 1 < end && Character.isLowSurrogate(value.charAt(i + 1))) {
        pair(Character.toCodePoint(c, value.charAt(++i)));
      } else {
        wide(Character.isSurrogate(c) ? REPLACEMENT : c);
      }
    }
    if (cut) wide('…');
    bytes[length++] = '"';
    return this;
  }

  /** Control characters, those of ISO 6429 in U+0080 to U+009F, too: a line is also read by people on terminals. */
  private void escaped(char c) {
    switch (c) {
      case 0 -> wide(REPLACEMENT);
      case '"', '\\' -> escape((byte) c);
      case '\n' -> escape((byte) 'n');
      case '\r' -> escape((byte) 'r');
      case '\t' -> escape((byte) 't');
      default -> {
        escape((byte) 'u');
        bytes[length++] = '0';
        bytes[length++] = '0';
        bytes[length++] = HEX[c >>> 4];
        bytes[length++] = HEX[c & 15];
      }
    }
  }

  private void escape(byte c) {
    bytes[length++] = '\\';
    bytes[length++] = c;
  }

  private void wide(char c) {
    if (c < 0x800) {
      bytes[length++] = (byte) (0xc0 | c >> 6);
    } else {
      bytes[length++] = (byte) (0xe0 | c >> 12);
      bytes[length++] = (byte) (0x80 | c >> 6 & 0x3f);
    }
    bytes[length++] = (byte) (0x80 | c & 0x3f);
  }

  private void pair(int point) {
    bytes[length++] = (byte) (0xf0 | point >> 18);
    bytes[length++] = (byte) (0x80 | point >> 12 & 0x3f);
    bytes[length++] = (byte) (0x80 | point >> 6 & 0x3f);
    bytes[length++] = (byte) (0x80 | point & 0x3f);
  }

  private void room(int more) {
    if (bytes.length - length < more) bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
  }
}
