package io.caregrid.analytics.lake.vitals;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A text that stands in every row of a series, which may be a million: so it is short. The whole stands in the Observation. */
final class Label {
  /** UTF-16 units. */
  private static final int LONGEST = 256;

  private Label() {}

  /** Nothing when {@code text} is null. */
  static void put(ObjectNode row, String name, String text) {
    row.remove(name);
    if (text != null) row.put(name, cut(text));
  }

  private static String cut(String text) {
    if (text.length() <= LONGEST) return text;
    return text.substring(0, Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST);
  }
}
