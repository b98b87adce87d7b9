package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** All search parameters of R4. What they give is held against HAPI's engine by {@link HapiComparisonTest}. */
class SearchParametersTest {

  @Test
  void allOfThemCompile() throws Exception {
    List<SearchParameters> all = SearchParameters.all();

    all.stream()
        .filter(parameter -> parameter.expression() != null)
        .forEach(parameter -> FhirPath.compile(parameter.expression(), Environment.SEARCH));

    assertEquals(1375, all.size());
    assertEquals(List.of("_text", "_content", "_query"),
        all.stream().filter(parameter -> parameter.expression() == null).map(SearchParameters::name).toList());
  }

  /** So that an expression that silently gives nothing is seen. */
  @Test
  void eachFindsSomethingInSomeResourceWithElementsAtRandom() throws Exception {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    RandomResource random = new RandomResource(new Random(seed));
    Map<String, SearchParameters> empty = new TreeMap<>();
    for (SearchParameters parameter : SearchParameters.all()) {
      if (parameter.expression() != null) empty.put(parameter.base() + " " + parameter.name(), parameter);
    }
    List<String> types = Model.R4.resources();

    for (int round = 0; round < 300 && !empty.isEmpty(); round++) {
      for (String type : types) {
        if (empty.values().stream().noneMatch(one -> one.isOf(type))) continue;
        Node resource = Node.resource(random.of(type));
        empty.values()
            .removeIf(one -> one.isOf(type)
                && !FhirPath.compile(one.expression(), Environment.SEARCH).evaluate(resource).isEmpty());
      }
    }

    empty.keySet().removeIf(NEVER::containsKey);
    assertEquals(Map.of(), empty, "seed " + seed);
    assertFalse(types.isEmpty());
  }

  /** Whose expression cannot find anything in R4. */
  private static final Map<String, String> NEVER = Map.of();
}
