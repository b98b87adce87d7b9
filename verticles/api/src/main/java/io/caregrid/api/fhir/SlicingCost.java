package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * How often HAPI's validator has to ask whether an element belongs to a slice (FHIR R4 profiling.html#slicing): each element is held against each slice of its path, so a thousand of
 * the one and two thousand of the other are two million evaluations, with memory for what each of them says. Profile and resource tell it beforehand. HAPI takes for slices what has the
 * path of another element of the same parent, named or not. Too many are counted where a profile of a data type could be about more elements than it is, too few where an element
 * takes its definition from one of another name ({@code contentReference}).
 */
final class SlicingCost {
  private final ObjectNode resource;

  /** @param resource that is held against profiles */
  SlicingCost(ObjectNode resource) {
    this.resource = resource;
  }

  /** @param definition StructureDefinition; for each path that of its two views counts which has more slices */
  long of(ObjectNode definition) {
    Map<String, Integer> slices = new HashMap<>();
    for (String view : List.of("snapshot", "differential"))
      slices(definition.path(view).path("element")).forEach((path, count) -> slices.merge(path, count, Math::max));
    long cost = 0;
    for (Map.Entry<String, Integer> sliced : slices.entrySet())
      cost += (long) sliced.getValue() * elements(sliced.getKey());
    return cost;
  }

  /** By path: most below one parent, without the first, which is no slice unless it is named. */
  private static Map<String, Integer> slices(JsonNode elements) {
    Map<String, Integer> most = new HashMap<>();
    NavigableMap<String, Integer> here = new TreeMap<>();
    for (JsonNode element : elements) {
      String path = element.path("path").asText();
      here.subMap(path + ".", path + "/").clear();
      boolean slice = here.containsKey(path) || element.has("sliceName");
      most.merge(path, here.merge(path, slice ? 1 : 0, Integer::sum), Math::max);
    }
    return most;
  }

  /** Elements of this path, in the resource and in those within it. */
  private long elements(String path) {
    String[] steps = path.split("\\.");
    return steps.length < 2 ? 1 : anywhere(resource, steps, ResourceTypes.has(steps[0]));
  }

  private static long anywhere(JsonNode node, String[] steps, boolean ofResource) {
    boolean begins = node.isObject() && (!ofResource || node.path("resourceType").asText().equals(steps[0]));
    long found = begins ? below(node, steps, 1) : 0;
    for (JsonNode child : node) if (child.isContainerNode()) found += anywhere(child, steps, ofResource);
    return found;
  }

  private static long below(JsonNode node, String[] steps, int step) {
    if (step == steps.length) return 1;
    boolean choice = steps[step].endsWith("[x]");
    String name = choice ? steps[step].substring(0, steps[step].length() - "[x]".length()) : steps[step];
    long found = 0;
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      boolean meant = choice ? field.getKey().startsWith(name) : field.getKey().equals(name);
      if (!meant) continue;
      if (!field.getValue().isArray()) found += found(field.getValue(), steps, step);
      for (JsonNode one : field.getValue().isArray() ? field.getValue() : List.<JsonNode>of())
        found += found(one, steps, step);
    }
    return found;
  }

  /** With what is nested in it under the same name, such as items in an item: their definition is the same. */
  private static long found(JsonNode node, String[] steps, int step) {
    boolean nests = node.has(steps[step]) && (step + 1 == steps.length || !steps[step + 1].equals(steps[step]));
    return below(node, steps, step + 1) + (nests ? below(node, steps, step) : 0);
  }
}
