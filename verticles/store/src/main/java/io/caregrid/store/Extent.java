package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** How large a tree is as text, about, and how deep. It may be as deep as the stack allows, a few thousand. */
public final class Extent {
  /** Up to so many characters are thought about on an event loop: it takes well under a millisecond. */
  private static final int INLINE = 32 << 10;
  private static final int OTHER = 4;

  private Extent() {}

  public static long characters(JsonNode tree) {
    return Long.MAX_VALUE - left(tree, Long.MAX_VALUE);
  }

  /** 0 for what holds nothing. */
  public static int depth(JsonNode tree) {
    int deepest = 0;
    if (tree.isContainerNode()) for (JsonNode below : tree) deepest = Math.max(deepest, 1 + depth(below));
    return deepest;
  }

  /** Whether an event loop has no time for it. Looks no further than it has to. */
  static boolean isLarge(JsonNode tree) {
    return left(tree, INLINE) < 0;
  }

  static boolean isLarge(Stored stored) {
    return stored.body() != null && stored.body().length() > INLINE;
  }

  /** What is left of so many characters; below 0 as soon as it is not enough. */
  private static long left(JsonNode node, long characters) {
    if (node.isTextual()) return characters - node.textValue().length() - 2;
    if (!node.isContainerNode()) return characters - OTHER;
    long left = characters - 2;
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> member : node.properties()) {
        left = left(member.getValue(), left - member.getKey().length() - OTHER);
        if (left < 0) return left;
      }
      return left;
    }
    for (JsonNode element : node) {
      left = left(element, left - 1);
      if (left < 0) return left;
    }
    return left;
  }
}
