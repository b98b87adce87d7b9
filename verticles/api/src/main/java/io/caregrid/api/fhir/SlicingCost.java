package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How often HAPI's validator has to ask whether an element belongs to a slice (FHIR R4 profiling.html#slicing): each element is held against each slice of its path, so a thousand of
 * the one and two thousand of the other are two million evaluations, with memory for what each of them says. Profile and resource tell it beforehand. Never too few; too many where a
 * profile of a data type could be about more elements than it is.
 */
final class SlicingCost {
  private final ObjectNode resource;

  /** @param resource that is held against profiles */
  SlicingCost(ObjectNode resource) {
    this.resource = resource;
  }

  /** @param definition StructureDefinition; of its two views the one counts that has more slices */
  long of(ObjectNode definition) {
    Map<String, Integer> slices = new HashMap<>();
    for (String view : List.of("snapshot", "differential")) {
      Map<String, Integer> here = new HashMap<>();
      for (JsonNode element : definition.path(view).path("element")) {
        if (element.has("sliceName")) here.merge(element.path("path").asText(), 1, Integer::sum);
      }
      here.forEach((path, count) -> slices.merge(path, count, Math::max));
    }
    long cost = 0;
    for (Map.Entry<String, Integer> sliced : slices.entrySet())
      cost += (long) sliced.getValue() * elements(sliced.getKey());
    return cost;
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
      if (!field.getValue().isArray()) found += below(field.getValue(), steps, step + 1);
      for (JsonNode one : field.getValue().isArray() ? field.getValue() : List.<JsonNode>of())
        found += below(one, steps, step + 1);
    }
    return found;
  }
}
