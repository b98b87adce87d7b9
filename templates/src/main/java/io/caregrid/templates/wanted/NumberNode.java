package io.caregrid.templates.wanted;

import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NumericNode;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/** A number's node, of the class that Jackson would choose: whole ones in the least that holds them, all others in binary with 64 bits. */
final class NumberNode {
  /** So many decimal digits a {@code long} holds whatever they are, and a {@code double} without rounding. */
  private static final int DIGITS_OF_LONG = 18;
  private static final int DIGITS_OF_DOUBLE = 15;
  /** Each is exact, so that one division rounds once. */
  private static final double[] TENS = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
    1e15};

  private NumberNode() {}

  /** Of what stands between {@code from} and {@code to}, which is a number. */
  static NumericNode of(byte[] in, int from, int to) {
    boolean negative = in[from] == '-';
    long digits = 0;
    int count = 0;
    int point = -1;
    for (int at = negative ? from + 1 : from; at < to; at++) {
      int one = in[at];
      if (one == '.') {
        point = at;
      } else if (one >= '0' && one <= '9' && count < DIGITS_OF_LONG) {
        digits = digits * 10 + one - '0';
        count++;
      } else {
        return other(in, from, to);
      }
    }
    if (point < 0) return whole(negative ? -digits : digits);
    if (count > DIGITS_OF_DOUBLE) return other(in, from, to);
    double value = digits / TENS[to - point - 1];
    return DoubleNode.valueOf(negative ? -value : value);
  }

  private static NumericNode whole(long value) {
    return value == (int) value ? IntNode.valueOf((int) value) : LongNode.valueOf(value);
  }

  /** The same for one with an exponent or many digits. */
  private static NumericNode other(byte[] in, int from, int to) {
    String text = new String(in, from, to - from, StandardCharsets.ISO_8859_1);
    for (int i = 0; i < text.length(); i++)
      if (".eE".indexOf(text.charAt(i)) >= 0) return DoubleNode.valueOf(Double.parseDouble(text));
    BigInteger value = new BigInteger(text);
    return value.bitLength() < Long.SIZE ? whole(value.longValue()) : BigIntegerNode.valueOf(value);
  }
}
