package io.caregrid.templates.mapping;

import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import java.util.List;

/**
 * A mapping that somebody is working on: what of it can be used, and everything that is wrong. Never for a running feed, which takes a whole mapping or none.
 *
 * @param mapping  of the templates without errors; may have none
 * @param problems in the order of the file
 */
public record Draft<M>(M mapping, List<MappingProblem> problems) {
  public boolean hasErrors() {
    return problems.stream().anyMatch(problem -> problem.severity() == Severity.ERROR);
  }
}
