package io.caregrid.templates.liquid;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The variable names of one set of templates, numbered, so that a rendering finds a variable by index. Names differ by more than case. */
final class Symbols {
  private final Map<String, Integer> numbers = new HashMap<>();

  /** Only while templates are compiled. */
  int of(String name) {
    return numbers.computeIfAbsent(name.toUpperCase(Locale.ROOT), absent -> numbers.size());
  }

  /** The slot of a name made while rendering, or -1 if no template reads it. */
  int find(String name) {
    return numbers.getOrDefault(name.toUpperCase(Locale.ROOT), -1);
  }

  int size() {
    return numbers.size();
  }
}
