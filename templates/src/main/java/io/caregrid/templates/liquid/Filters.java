package io.caregrid.templates.liquid;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Filters by name, each with how many arguments it takes. Built once, then only read. */
public final class Filters {
  record Named(Filter filter, int fewest, int most) {}

  private final Map<String, Named> named = new HashMap<>();

  /** Adds a filter, or replaces one of the same name. */
  public Filters with(String name, int fewest, int most, Filter filter) {
    named.put(name, new Named(filter, fewest, most));
    return this;
  }

  Set<String> names() {
    return named.keySet();
  }

  Named find(String name) {
    return named.get(name);
  }
}
