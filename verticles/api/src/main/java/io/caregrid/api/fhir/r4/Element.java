package io.caregrid.api.fhir.r4;

import java.util.List;
import java.util.Set;

/**
 * One element of a type, as its definition has it.
 *
 * @param name     without {@code [x]}
 * @param index    its place in the type's order, below 64
 * @param max      {@link #MANY} for {@code *}
 * @param choice   it is one of several types, named with it in JSON and XML: {@code valueQuantity}
 * @param summary  stands in {@code _summary=true}
 * @param types    names; of an inner element its path
 * @param binding  of a required binding whose codes can be listed, else null
 * @param targets  types a Reference may point to, empty for any
 * @param rules    invariants of this element, beside those of its type
 */
record Element(String name, int index, int min, int max, boolean choice, boolean summary, boolean modifier,
    List<String> types, Codes binding, Set<String> targets, List<Invariant> rules) {

  static final int MANY = Integer.MAX_VALUE;

  /** JSON writes it as an array. */
  boolean repeats() {
    return max > 1;
  }

  long bit() {
    return 1L << index;
  }
}
