package io.caregrid.store;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The steps of a transaction with what is the same for every try of it.
 *
 * @param known      fullUrls by which steps name each other
 * @param fresh      an id for each step that may need one
 * @param references of each step that has a resource; else null
 * @param first      conditional references, as they were written → the first step that has one
 */
record Prepared(List<Step> steps, Set<String> known, List<String> fresh, List<References> references,
    Map<String, Integer> first) {

  /** The conditional references of a step, as they were written. */
  Set<String> conditions(int step) {
    References own = references.get(step);
    return own == null ? Set.of() : own.conditions();
  }

  /** Looks through all resources: off the event loop. */
  static Prepared of(List<Step> steps, Clock clock) {
    Set<String> known = new HashSet<>();
    for (Step step : steps) if (step.fullUrl() != null) known.add(step.fullUrl());
    List<String> fresh = steps.stream().map(step -> Ids.next(clock.millis())).toList();
    List<References> references = new ArrayList<>(steps.size());
    Map<String, Integer> first = new HashMap<>();
    for (Step step : steps) {
      References own = step.resource() == null ? null : new References(step.resource(), step.fullUrl(), known);
      if (own != null) for (String condition : own.conditions()) first.putIfAbsent(condition, references.size());
      references.add(own);
    }
    return new Prepared(List.copyOf(steps), known, fresh, references, first);
  }
}
