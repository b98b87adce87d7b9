package io.caregrid.store;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The steps of a transaction with what is the same for every try of it.
 *
 * @param known      fullUrls by which steps name each other
 * @param fresh      an id for each step that may need one
 * @param references of each step that has a resource; else null
 */
record Prepared(List<Step> steps, Set<String> known, List<String> fresh, List<References> references) {

  /** Looks through all resources: off the event loop. */
  static Prepared of(List<Step> steps, Clock clock) {
    Set<String> known = new HashSet<>();
    for (Step step : steps) if (step.fullUrl() != null) known.add(step.fullUrl());
    List<String> fresh = steps.stream().map(step -> Ids.next(clock.millis())).toList();
    List<References> references = new ArrayList<>(steps.size());
    for (Step step : steps)
      references.add(step.resource() == null ? null : new References(step.resource(), step.fullUrl(), known));
    return new Prepared(List.copyOf(steps), known, fresh, references);
  }
}
