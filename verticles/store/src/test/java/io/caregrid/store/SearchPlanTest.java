package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.store.SearchPlan.Lead;
import java.util.List;
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
}
