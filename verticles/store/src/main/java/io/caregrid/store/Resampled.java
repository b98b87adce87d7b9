package io.caregrid.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Whether a device's new version of an Observation says nothing new but samples. Then nothing that finds it has changed ({@link Postings} tells of a SampledData
 * only that it is there), and its new text need not be read as JSON to know that. Most of what devices do is this.
 *
 * <p>Both are compared as they are written, so what says the same in other words is taken for a change: that costs time, and is never wrong.
 */
final class Resampled {
  private static final byte[] DATA = "\"data\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] META = ",\"meta\":{".getBytes(StandardCharsets.US_ASCII);

  private Resampled() {}

  /**
   * @param front  {@link Json#front} of it
   * @param stored the JSON that is kept: {@code front}, meta, and the rest
   * @param fresh  JSON without meta
   * @return true when {@code fresh} begins with {@code front} too, and all else of both is equal but for texts of members {@code data}
   */
  static boolean is(byte[] front, byte[] stored, byte[] fresh) {
    if (!has(front, stored, 0) || !has(front, fresh, 0) || !has(META, stored, front.length)) return false;
    int a = behindObject(stored, front.length + META.length - 1);
    int b = front.length;
    while (a >= 0 && b >= 0) {
      int same = Arrays.mismatch(stored, a, stored.length, fresh, b, fresh.length);
      if (same < 0) return true;
      if (!inData(fresh, b + same)) return false;
      a = endOfText(stored, a + same);
      b = endOfText(fresh, b + same);
    }
    return false;
  }

  private static boolean has(byte[] part, byte[] text, int at) {
    return text.length >= at + part.length && Arrays.equals(text, at, at + part.length, part, 0, part.length);
  }

  /** Whether the text that ends, or goes on, at {@code at} is that of a member {@code data}: within JSON, these bytes are nothing else. */
  private static boolean inData(byte[] text, int at) {
    int quote = Math.min(at, text.length) - 1;
    while (quote >= 0 && text[quote] != '"' && text[quote] != '\\') quote--;
    return quote >= DATA.length - 1 && has(DATA, text, quote - DATA.length + 1);
  }

  /** Its closing quote; -1 when there is none, and when something in it is escaped, or no sample. */
  private static int endOfText(byte[] text, int at) {
    for (int i = at; i < text.length; i++) {
      if (text[i] == '"') return i;
      if (text[i] < ' ' || text[i] == '\\') return -1; // what is not ASCII is below 0
    }
    return -1;
  }

  /** Behind the object that begins at {@code at}; -1 when it does not end. */
  private static int behindObject(byte[] text, int at) {
    int depth = 0;
    boolean quoted = false;
    for (int i = at; i < text.length; i++) {
      byte c = text[i];
      if (quoted && c == '\\') i++;
      else if (c == '"') quoted = !quoted;
      else if (!quoted && c == '{') depth++;
      else if (!quoted && c == '}' && --depth == 0) return i + 1;
    }
    return -1;
  }
}
