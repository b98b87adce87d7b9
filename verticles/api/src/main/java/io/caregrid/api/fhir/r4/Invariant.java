package io.caregrid.api.fhir.r4;

import io.caregrid.fhirpath.Environment;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A rule of R4 that is an error when it is not met, in FHIRPath. Bounded: what takes longer than a tenth of a second, or cannot be evaluated on what
 * stands there, counts as met; so does what comes after a second of them ({@link Walk}). HAPI's validator looks closer.
 *
 * @param key   such as {@code obs-6}
 * @param human what it says, in R4's words
 */
record Invariant(String key, String human, FhirPath path) {

  private static final Environment BOUNDED = Environment.PLAIN
      .with(new Environment.Limits(200_000, Duration.ofMillis(100), 10_000));
  /** Done by hand in {@link Walk}, because they concern nearly every element, or the whole resource. */
  private static final Set<String> BY_HAND = Set.of("ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1",
      "txt-1", "txt-2", "att-1", "cpt-2", "qty-3");
  /** Needs other resources: nobody can tell here. */
  private static final Set<String> ELSEWHERE = Set.of("ctm-1");

  /** @param line key, human and expression behind tabs; null for what is not evaluated here */
  static Invariant of(String line) {
    String[] words = line.split("\t");
    if (BY_HAND.contains(words[0]) || ELSEWHERE.contains(words[0])) return null;
    return new Invariant(words[0], words[1], FhirPath.compile(words[2], BOUNDED));
  }

  /** Only what is false is a finding: nothing, as where one side of a comparison is not there, is none. */
  boolean isBroken(Node resource, Node container, Node focus) {
    try {
      List<Value> found = path.evaluate(resource, focus,
          new FhirPath.Context(Map.of(), Clock.systemUTC(), container));
      return found.size() == 1 && found.get(0) instanceof Value.Bool met && !met.value();
    } catch (FhirPathException undecided) {
      return false;
    }
  }
}
