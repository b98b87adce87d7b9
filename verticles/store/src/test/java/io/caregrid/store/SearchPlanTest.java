package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.store.SearchPlan.Lead;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SearchPlanTest {
  /** Of the other forms it says ten, or half of all Patients, whatever is meant. */
  @ParameterizedTest
  @EnumSource(Lead.class)
  void whateverLeadsToPatientsThePlannerIsAskedOfAJoin(Lead lead) {
    Criterion code = Criterion.any(List.of("code=a"), true, values -> true);
    SearchPlan leading = new SearchPlan(Definition.of("Observation"), List.of(code), Sort.NONE, 0);
    Criterion led = Criterion.sql(bind -> leading.leading(lead, bind));
    SearchPlan plan = new SearchPlan(Definition.of("Patient"), List.of(led), Sort.NONE, 0);

    String estimate = plan.estimate().sql();

    assertTrue(estimate.contains("pat in (select pat from r_observation"), estimate);
    assertTrue(!estimate.contains("or false"), estimate);
    assertEquals(lead == Lead.ALL, plan.count().sql().contains("or false"));
    assertEquals(lead == Lead.EACH, plan.count().sql().contains("pat = any (array("));
  }

  /** What PostgreSQL thinks about one join grows faster than its tables (docs/SEARCH.md, "How deep chains go"). */
  @Test
  void noMoreThanTwelveTablesAreJoinedAtOnceHoweverDeepASearchLeads() {
    SearchPlan plan = new SearchPlan(Definition.of("Observation"), List.of(), Sort.NONE, 0);
    for (int link = 0; link < Known.DEEPEST; link++) {
      SearchPlan inner = plan;
      Criterion outer = link % 2 == 0
          ? Criterion.sql(inner::joined)
          : Criterion.sql(bind -> inner.leading(Lead.JOINED, bind));
      plan = new SearchPlan(Definition.of(link % 2 == 0 ? "Patient" : "Observation"), List.of(outer), Sort.NONE, 0);
      assertEquals(link >= 11, plan.estimate().sql().contains("array("), "after " + (link + 1) + " links");
    }

    String count = plan.count().sql();

    List<Integer> joins = Arrays.stream(count.split(Pattern.quote("pat = any (array(select distinct pat")))
        .map(part -> part.split(Pattern.quote("pat in (")).length)
        .toList();
    assertEquals(List.of(12, 12, 9), joins, count);
  }
}
