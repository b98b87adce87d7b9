package io.caregrid.templates.wanted;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** What is wanted at one place, laid out for looking up names in bytes. Immutable. */
final class Shape {
  /** Everything. */
  static final Shape WHOLE = new Shape(Map.of(), null);
  private static final int HASHED = 64;
  /** Of the items of an array; null when none is wanted. */
  final Shape items;
  private final String[] names;
  private final byte[][] written;
  private final Shape[] members;

  Shape(Map<String, Shape> wanted, Shape items) {
    this.items = items;
    int slots = Integer.highestOneBit(2 * wanted.size() + 1) * 2;
    this.names = new String[slots];
    this.written = new byte[slots][];
    this.members = new Shape[slots];
    wanted.forEach(this::put);
  }

  private void put(String name, Shape shape) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    if (!new String(utf8, StandardCharsets.UTF_8).equals(name)) return; // half a character: a text has it only as an escape
    int slot = slot(utf8, 0, utf8.length);
    while (written[slot] != null) slot = slot + 1 & written.length - 1;
    names[slot] = name.intern();
    written[slot] = utf8;
    members[slot] = shape;
  }

  /** Where the name is that stands in {@code in}, between quotes; below 0 when it is not wanted. */
  int find(byte[] in, int from, int to) {
    int slot = slot(in, from, to);
    for (; written[slot] != null; slot = slot + 1 & written.length - 1) {
      byte[] one = written[slot];
      if (one.length == to - from && Arrays.equals(one, 0, one.length, in, from, to)) return slot;
    }
    return -1;
  }

  /** Interned, as Jackson's are, for expressions compare references first. */
  String name(int found) {
    return names[found];
  }

  Shape member(int found) {
    return members[found];
  }

  /** Names that are alike at both ends have slots of their own: of long ones the last bytes count, and how many there are. */
  private int slot(byte[] in, int from, int to) {
    int hash = to - from;
    for (int at = Math.max(from, to - HASHED); at < to; at++) hash = hash * 31 + in[at];
    return (hash ^ hash >>> 16) & written.length - 1;
  }
}
