package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The hierarchy of a CodeSystem: by what stands within what, and by the property parent (FHIR R4 codesystem.html#hierarchy). */
final class Concepts {
  private final Map<String, List<String>> children = new HashMap<>();
  private final Map<String, List<String>> parents = new HashMap<>();
  private final Set<String> all = new LinkedHashSet<>();

  Concepts(JsonNode system) {
    read(system.path("concept"), null);
  }

  private void read(JsonNode concepts, String within) {
    for (JsonNode concept : concepts) {
      String code = concept.path("code").asText();
      all.add(code);
      if (within != null) link(within, code);
      for (JsonNode property : concept.path("property")) {
        String value = property.path("valueCode").asText();
        if (property.path("code").asText().equals("parent")) link(value, code);
        if (property.path("code").asText().equals("child")) link(code, value);
      }
      read(concept.path("concept"), code);
    }
  }

  private void link(String parent, String child) {
    children.computeIfAbsent(parent, first -> new ArrayList<>()).add(child);
    parents.computeIfAbsent(child, first -> new ArrayList<>()).add(parent);
  }

  /** With itself. */
  Set<String> below(String code) {
    return reached(code, children);
  }

  /** With itself. */
  Set<String> above(String code) {
    return reached(code, parents);
  }

  private static Set<String> reached(String code, Map<String, List<String>> next) {
    Set<String> found = new LinkedHashSet<>(Set.of(code));
    Deque<String> open = new ArrayDeque<>(found);
    while (!open.isEmpty()) {
      for (String one : next.getOrDefault(open.poll(), List.of())) if (found.add(one)) open.add(one);
    }
    return found;
  }

  /** @param filter of a ValueSet's compose.include */
  Set<String> filtered(String name, JsonNode filter) {
    String op = filter.path("op").asText();
    String value = filter.path("value").asText();
    if (!filter.path("property").asText().equals("concept") && !op.equals("is-a") && !op.equals("descendent-of"))
      throw unknown(name, op);
    Set<String> found = new LinkedHashSet<>(all);
    switch (op) {
      case "is-a" -> found.retainAll(below(value));
      case "descendent-of" -> {
        found.retainAll(below(value));
        found.remove(value);
      }
      case "is-not-a" -> found.removeAll(below(value));
      case "in" -> found.retainAll(List.of(value.split(",")));
      case "not-in" -> found.removeAll(List.of(value.split(",")));
      default -> throw unknown(name, op);
    }
    return found;
  }

  private static Failure unknown(String name, String op) {
    return new Failure.Invalid(
        "The value set of " + name + " has a filter (" + op + ") that this node cannot apply: expand it first");
  }
}
