package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.cost.TooCostly;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Many expressions of the form {@code $..[?(@name …)]} on one document by one walk over it, where each of them would walk it again. An object without the
 * member {@code name} cannot pass, so the walk notes which objects have which of the names, in document order, and only those are tested.
 * Immutable, safe for any number of threads.
 */
public final class SharedScan {
  private final String[] names;
  private final Map<String, Integer> byName;
  /** For each expression: which of the names it needs; -1 when it is of another form. */
  private final int[] needed;
  /** For each expression: what else a candidate must pass; null when having the member is all. */
  private final Condition[] tests;

  private SharedScan(Map<String, Integer> byName, int[] needed, Condition[] tests) {
    this.names = new String[byName.size()];
    byName.forEach((name, at) -> names[at] = name);
    this.byName = byName;
    this.needed = needed;
    this.tests = tests;
  }

  /** @param paths null where there is none; null when no walk can be shared */
  public static SharedScan of(List<JsonPath> paths) {
    Map<String, Integer> byName = new HashMap<>();
    int[] needed = new int[paths.size()];
    Arrays.fill(needed, -1);
    Condition[] tests = new Condition[paths.size()];
    for (int i = 0; i < needed.length; i++) {
      Condition test = paths.get(i) == null ? null : paths.get(i).scanned();
      String name = test == null ? null : test.needs();
      if (name == null) continue;
      needed[i] = byName.computeIfAbsent(name, added -> byName.size());
      boolean itself = test instanceof Condition.Exists exists && exists.side() instanceof Side.OneField;
      tests[i] = itself ? null : test;
    }
    return byName.isEmpty() ? null : new SharedScan(byName, needed, tests);
  }

  /** True when the n-th expression is answered by the walk. */
  public boolean answers(int n) {
    return needed[n] >= 0;
  }

  /** @throws TooCostly when the document has too many tokens; an expression alone would say the same */
  public Found over(JsonNode root, Budget budget) {
    Found found = new Found(root, budget);
    found.walk(root, new Walk(root, budget));
    return found;
  }

  /** What one walk came by. Of one thread. */
  public final class Found {
    private final JsonNode root;
    private final Budget budget;
    @SuppressWarnings({"unchecked", "rawtypes"})
    private final List<JsonNode>[] having = new List[names.length];

    private Found(JsonNode root, Budget budget) {
      this.root = root;
      this.budget = budget;
    }

    /**
     * What the n-th expression selects, in document order, as {@link JsonPath#select(JsonNode, Budget)}.
     *
     * @throws TooCostly when testing takes too long
     */
    public List<JsonNode> select(int n) {
      List<JsonNode> candidates = having[needed[n]];
      if (candidates == null) return List.of();
      if (tests[n] == null) return candidates;
      Walk walk = new Walk(root, budget);
      List<JsonNode> passing = new ArrayList<>(candidates.size());
      for (JsonNode candidate : candidates) {
        walk.charge(1);
        if (tests[n].passes(walk, candidate)) passing.add(candidate);
      }
      return passing;
    }

    private void walk(JsonNode at, Walk walk) {
      int size = at.size();
      if (size == 0) return;
      walk.charge(size);
      if (at instanceof ObjectNode object) look(object, size);
      for (JsonNode child : at) {
        if (child instanceof ContainerNode) walk(child, walk);
      }
    }

    /** Looks up what is fewer: the names in the object, or the object's members among the names. */
    private void look(ObjectNode object, int size) {
      if (names.length <= size) {
        for (int i = 0; i < names.length; i++) {
          if (object.get(names[i]) != null) noted(i, object);
        }
        return;
      }
      for (Map.Entry<String, JsonNode> member : object.properties()) {
        Integer name = byName.get(member.getKey());
        if (name != null) noted(name, object);
      }
    }

    private void noted(int name, ObjectNode object) {
      if (having[name] == null) having[name] = new ArrayList<>(2);
      having[name].add(object);
    }
  }
}
