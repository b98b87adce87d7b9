package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.mqtt.Properties.Pair;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The data types of MQTT (5, section 1.5) out of one packet's bytes. Whatever does not fit is {@link Malformed}. Pure. */
final class PacketReader {
  private static final Set<Integer> BYTES = Set.of(1, 23, 25, 36, 37, 40, 41, 42);
  private static final Set<Integer> SHORTS = Set.of(19, 33, 34, 35);
  private static final Set<Integer> INTS = Set.of(2, 17, 24, 39);
  private static final Set<Integer> TEXTS = Set.of(3, 8, 18, 21, 26, 28, 31);
  private static final Set<Integer> BINARIES = Set.of(9, 22);
  /** Either 0 or 1. */
  private static final Set<Integer> FLAGS = Set.of(Properties.PAYLOAD_FORMAT, Properties.REQUEST_PROBLEM_INFORMATION,
      Properties.REQUEST_RESPONSE_INFORMATION);
  /** User properties: no more than a message in the log may have. */
  static final int MOST_USER = 100;
  static final int MOST_USER_BYTES = 32 << 10;

  private final byte[] bytes;
  private int at;

  PacketReader(byte[] bytes) {
    this.bytes = bytes;
  }

  boolean isAtEnd() {
    return at == bytes.length;
  }

  int one() throws Malformed {
    need(1);
    return bytes[at++] & 0xFF;
  }

  int two() throws Malformed {
    return one() << 8 | one();
  }

  private long four() throws Malformed {
    return (long) two() << 16 | two();
  }

  byte[] binary() throws Malformed {
    return exactly(two());
  }

  byte[] rest() {
    byte[] rest = Arrays.copyOfRange(bytes, at, bytes.length);
    at = bytes.length;
    return rest;
  }

  private byte[] exactly(int length) throws Malformed {
    need(length);
    byte[] taken = Arrays.copyOfRange(bytes, at, at + length);
    at += length;
    return taken;
  }

  private void need(int length) throws Malformed {
    if (bytes.length - at < length) throw new Malformed(Reason.MALFORMED, "the packet ends within a field");
  }

  /** Section 1.5.4: well-formed UTF-8 without U+0000. */
  String text() throws Malformed {
    byte[] encoded = binary();
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(encoded)).toString();
      if (text.indexOf('\0') >= 0) throw new Malformed(Reason.MALFORMED, "a text holds U+0000");
      return text;
    } catch (CharacterCodingException none) {
      throw new Malformed(Reason.MALFORMED, "a text is not UTF-8");
    }
  }

  private int variable() throws Malformed {
    int value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      int digit = one();
      value |= (digit & 0x7F) << shift;
      if ((digit & 0x80) != 0) continue;
      if (digit == 0 && shift > 0) throw new Malformed(Reason.MALFORMED, "a length has more bytes than it needs");
      return value;
    }
    throw new Malformed(Reason.MALFORMED, "a length has more than four bytes");
  }

  /** @param allowed in this packet (table 2-4) */
  Properties properties(Set<Integer> allowed) throws Malformed {
    int end = variable();
    need(end);
    end += at;
    if (at == end) return Properties.NONE;
    Map<Integer, Object> single = new HashMap<>();
    List<Pair> user = new ArrayList<>();
    int userBytes = 0;
    while (at < end) {
      int identifier = variable();
      if (!allowed.contains(identifier))
        throw new Malformed(Reason.PROTOCOL_ERROR, "property " + identifier + " does not belong into this packet");
      int begin = at;
      if (identifier == Properties.USER) {
        user.add(new Pair(text(), text()));
        userBytes += at - begin;
        if (user.size() > MOST_USER || userBytes > MOST_USER_BYTES)
          throw new Malformed(Reason.TOO_LARGE,
              "more user properties than " + MOST_USER + " with " + MOST_USER_BYTES + " bytes");
      } else if (single.put(identifier, value(identifier)) != null) {
        throw new Malformed(Reason.PROTOCOL_ERROR, "property " + identifier + " stands there twice");
      }
    }
    if (at != end) throw new Malformed(Reason.MALFORMED, "a property goes beyond the properties");
    return new Properties(single, user);
  }

  private int flag(int identifier) throws Malformed {
    int value = one();
    if (value > 1) throw new Malformed(Reason.PROTOCOL_ERROR, "property " + identifier + " is either 0 or 1");
    return value;
  }

  private Object value(int identifier) throws Malformed {
    if (FLAGS.contains(identifier)) return flag(identifier);
    if (BYTES.contains(identifier)) return one();
    if (SHORTS.contains(identifier)) return two();
    if (INTS.contains(identifier)) return four();
    if (TEXTS.contains(identifier)) return text();
    if (BINARIES.contains(identifier)) return binary();
    if (identifier == Properties.SUBSCRIPTION_ID) return variable();
    throw new Malformed(Reason.MALFORMED, "there is no property " + identifier);
  }
}
