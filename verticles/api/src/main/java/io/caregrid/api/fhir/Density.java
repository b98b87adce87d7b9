package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;

/**
 * How many times larger than its text a JSON tree will be in memory. Resources make eight to twelve times; {@code {"a":1},} over and over makes twenty-five, nested
 * thirty-two, and the room for bodies counts on less. Told from the text, before there is a tree: counting the characters that begin something.
 */
final class Density {
  static final int MOST = 16;
  /** Shorter texts may be as dense as they like. */
  static final int FROM_BYTES = 1 << 20;
  /** Bytes: an object with its first table, an entry of it, a list, and a text beside its characters. */
  private static final int OBJECT = 152;
  private static final int MEMBER = 40;
  private static final int LIST = 100;
  private static final int TEXT = 56;

  private Density() {}

  /** TooLarge 413. */
  static void require(byte[] json) {
    if (json.length >= FROM_BYTES && of(json) > MOST)
      throw new Failure.TooLarge("the body has far more and smaller elements than resources have: its tree would need "
          + "more than " + MOST + " times its " + (json.length >> 20) + " MB");
  }

  static double of(byte[] json) {
    long objects = 0;
    long lists = 0;
    long members = 0;
    long strings = 0;
    for (int i = 0; i < json.length; i++) {
      switch (json[i]) {
        case '{' -> objects++;
        case '[' -> lists++;
        case ':' -> members++;
        case '"' -> {
          strings++;
          i = end(json, i + 1);
        }
        default -> {
          // begins nothing that takes much
        }
      }
    }
    long texts = Math.max(0, strings - members); // the others are names, which are shared
    return 1 + (double) (objects * OBJECT + lists * LIST + members * MEMBER + texts * TEXT) / json.length;
  }

  /** Of a string that begins there. */
  private static int end(byte[] json, int from) {
    int i = from;
    while (i < json.length && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
    return i;
  }
}
