package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Many expressions of the form {@code to_array(path)[?name]} on one document: every path is gone once, and the object at its end is asked once which of the
 * names it has. Immutable, safe for any number of threads.
 */
public final class SharedFilter {
  /** So many names are looked up in the time that going from one member to the next takes. */
  private static final int NAMES_A_MEMBER = 4;
  private static final JsonNode EVALUATE = MissingNode.getInstance();
  private final Place[] places;
  /** For each expression the number of what it asks for; -1 when it is of another form. */
  private final int[] asked;
  private final int questions;

  /**
   * Where some of the expressions look, and what for.
   *
   * @param any     of the expressions
   * @param asking  for which names, and the numbers of these questions
   * @param names   the same names
   * @param numbers and their numbers, in the same order
   */
  private record Place(Member any, Map<String, Integer> asking, String[] names, int[] numbers) {
    Place(Member any, Map<String, Integer> asking) {
      this(any, asking, asking.keySet().toArray(String[]::new),
          asking.values().stream().mapToInt(Integer::intValue).toArray());
    }
  }

  private SharedFilter(Place[] places, int[] asked, int questions) {
    this.places = places;
    this.asked = asked;
    this.questions = questions;
  }

  /** @param paths null where there is none; null when none is of the form */
  public static SharedFilter of(List<JmesPath> paths) {
    Map<List<String>, Member> any = new LinkedHashMap<>();
    Map<List<String>, Map<String, Integer>> asking = new HashMap<>();
    int[] asked = new int[paths.size()];
    int questions = 0;
    for (int i = 0; i < asked.length; i++) {
      Member member = paths.get(i) == null ? null : paths.get(i).member();
      asked[i] = -1;
      if (member == null || !member.wrapped()) continue;
      any.putIfAbsent(member.path(), member);
      Map<String, Integer> here = asking.computeIfAbsent(member.path(), added -> new LinkedHashMap<>());
      if (!here.containsKey(member.name())) here.put(member.name(), questions++);
      asked[i] = here.get(member.name());
    }
    Place[] places = any.values().stream().map(one -> new Place(one, asking.get(one.path()))).toArray(Place[]::new);
    return places.length == 0 ? null : new SharedFilter(places, asked, questions);
  }

  /** What lies at the places of one document. */
  public Found over(JsonNode root) {
    JsonNode[] answers = new JsonNode[questions];
    for (Place place : places) {
      JsonNode token = place.any.container(root);
      if (token instanceof ObjectNode object) ask(place, object, answers);
      if (token instanceof ArrayNode) for (int number : place.numbers) answers[number] = EVALUATE;
    }
    return new Found(answers);
  }

  /** Looks up the names in the object, or, when that is cheaper, the object's members among the names. */
  private static void ask(Place place, ObjectNode object, JsonNode[] answers) {
    if (place.names.length <= NAMES_A_MEMBER * object.size()) {
      for (int i = 0; i < place.names.length; i++) {
        if (counts(object.get(place.names[i]))) answers[place.numbers[i]] = object;
      }
      return;
    }
    for (Map.Entry<String, JsonNode> member : object.properties()) {
      Integer number = place.asking.get(member.getKey());
      if (number != null && counts(member.getValue())) answers[number] = object;
    }
  }

  private static boolean counts(JsonNode value) {
    return value != null && Values.truthy(value);
  }

  /** What one document has. Of one thread. */
  public final class Found {
    /** To each question the object that has it, or null; {@link #EVALUATE} where an array lies. */
    private final JsonNode[] answers;

    private Found(JsonNode[] answers) {
      this.answers = answers;
    }

    /** What the n-th expression selects, as {@link JmesPath#select(JsonNode)}; null when it has to be evaluated. */
    public List<JsonNode> select(int n) {
      if (asked[n] < 0) return null;
      JsonNode answer = answers[asked[n]];
      if (answer == EVALUATE) return null;
      return answer == null ? List.of() : List.of(answer);
    }
  }
}
