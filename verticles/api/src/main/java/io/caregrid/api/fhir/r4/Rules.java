package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.OperationOutcome.Issue;
import java.util.List;

/**
 * What FHIR R4 itself asks of any resource: only known elements, each as often and of the type it may be, values in their form, codes of required bindings,
 * references that can be one, contained resources that are used, narrative without anything active, and the invariants that are errors. Each finding
 * names its place as FHIRPath and no value.
 *
 * <p>It looks at the tree instead of parsing into HAPI's objects, because HAPI's parser neither reports missing elements nor says which of several equal
 * elements is wrong, and costs several times as much (perf/, RulesBenchmark). Profiles, other invariants and terminology are {@code $validate}'s.
 */
public final class Rules {
  public static final int MOST_ISSUES = 50;

  private Rules() {}

  /**
   * Any thread; the first use reads the definitions.
   *
   * @return what is wrong, in document order; empty when nothing is
   */
  public static List<Issue> check(ObjectNode resource) {
    return check(resource, false);
  }

  /** @param conditional references may be searches, as in a transaction before they are resolved */
  public static List<Issue> check(ObjectNode resource, boolean conditional) {
    String type = resource.path("resourceType").asText();
    List<Issue> issues = new Walk(Definitions.R4.resource(type) == null ? "Resource" : type, conditional)
        .over(resource);
    if (issues.size() >= MOST_ISSUES) {
      issues.add(new Issue("information", "informational", "there may be more: only the first " + MOST_ISSUES
          + " findings are told", null));
    }
    return issues;
  }
}
