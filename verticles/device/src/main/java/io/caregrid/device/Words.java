package io.caregrid.device;

import java.util.HashMap;
import java.util.Map;

/**
 * Gives equal words as one object: a device repeats its name with every reading, and hundreds of thousands of readings wait in memory. Bounded, by
 * forgetting everything once in a while. Belongs to one thread.
 */
final class Words {
  private static final int MOST = 200_000;
  private final Map<String, String> known = new HashMap<>();

  /** Null stays null. */
  String one(String word) {
    if (word == null) return null;
    String same = known.get(word);
    if (same != null) return same;
    if (known.size() >= MOST) known.clear();
    known.put(word, word);
    return word;
  }
}
