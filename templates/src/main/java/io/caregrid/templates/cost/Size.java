package io.caregrid.templates.cost;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** How long JSON trees are when written, about: counted no further than to the limit, for parts of a tree may be the same a million times over. */
public final class Size {
  private final int deepest;
  private long left;
  private int nodes;

  /**
   * @param most    characters of all trees together
   * @param deepest containers inside each other; Jackson writes 1,000
   */
  public Size(int most, int deepest) {
    this.left = most;
    this.deepest = deepest;
  }

  /** False when {@code tree}, with those asked about before, is beyond a limit. */
  public boolean fits(JsonNode tree) {
    return fits(tree, 1);
  }

  /** False when so many characters more, with all that was asked about before, are beyond the limit of characters. */
  public boolean fits(long characters) {
    left -= characters;
    return left >= 0;
  }

  /** How many nodes were looked at, at most as many as the limit of characters. */
  public int nodes() {
    return nodes;
  }

  private boolean fits(JsonNode tree, int depth) {
    nodes++;
    left -= tree.isTextual() ? 2 + tree.textValue().length() : 1;
    if (left < 0) return false;
    if (!tree.isContainerNode()) return true;
    if (depth > deepest) return false;
    if (tree.isArray()) {
      for (JsonNode item : tree) {
        if (!fits(item, depth + 1)) return false;
      }
      return true;
    }
    for (Map.Entry<String, JsonNode> member : tree.properties()) {
      left -= 3 + member.getKey().length();
      if (!fits(member.getValue(), depth + 1)) return false;
    }
    return true;
  }
}
