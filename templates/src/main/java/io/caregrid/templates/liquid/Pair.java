package io.caregrid.templates.liquid;

import java.util.Map;

/** One entry of a map, as a {@code for} over the map sees it: {@code pair.Key}, {@code pair.Value}, {@code pair[0]}, and the members of its value. */
record Pair(String key, Object value) implements Indexed {
  static Pair of(Map.Entry<?, ?> entry) {
    return new Pair(String.valueOf(entry.getKey()), entry.getValue());
  }

  @Override
  public Object at(String name) {
    if (name.equals("Key") || name.equals("0") || name.equals("itemName")) return key;
    if (name.equals("Value") || name.equals("1") || name.equals(key)) return value;
    return value instanceof Map<?, ?> map ? map.get(name) : null;
  }

  @Override
  public Object at(int index) {
    return index == 0 ? key : index == 1 ? value : null;
  }
}
