package io.caregrid.device;

import java.util.HashMap;
import java.util.Map;

/**
 * Gives equal words as one object: a device repeats its name with every reading, and hundreds of thousands of readings wait in memory. Bounded, by
 * forgetting everything once in a while; what is longer than {@link #LONGEST} stays each event's own. Belongs to one thread.
 */
final class Words {
  private static final int MOST = 200_000;
  /** Characters. */
  static final int LONGEST = 256;
  private final Map<String, String> known = new HashMap<>();

  /** Null and what is too long stay what they are. */
  String one(String word) {
    if (word == null || word.length() > LONGEST) return word;
    String same = known.get(word);
    if (same != null) return same;
    if (known.size() >= MOST) known.clear();
    known.put(word, word);
    return word;
  }
}
