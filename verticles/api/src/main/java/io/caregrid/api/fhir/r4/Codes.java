package io.caregrid.api.fhir.r4;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The codes of a required binding.
 *
 * @param valueSet its canonical URL
 * @param bySystem system → codes
 * @param all      whatever the system: an element of type code names none
 */
record Codes(String valueSet, Map<String, Set<String>> bySystem, Set<String> all) {

  private static final int FEW = 24;

  static Codes of(String valueSet, Map<String, Set<String>> bySystem) {
    Set<String> all = new HashSet<>();
    bySystem.values().forEach(all::addAll);
    return new Codes(valueSet, bySystem, all);
  }

  boolean has(String system, String code) {
    return bySystem.getOrDefault(system, Set.of()).contains(code);
  }

  /** For a human: the codes where they are few, else where to find them. */
  String told() {
    return all.size() <= FEW ? String.join(", ", all.stream().sorted().toList()) : "those of " + valueSet;
  }
}
