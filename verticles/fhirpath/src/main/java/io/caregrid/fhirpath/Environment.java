package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What an expression may lean on beside the resource it is given. It is known when the expression is compiled: what it needs and is not here is refused
 * then, with its place.
 *
 * @param constants   names behind {@code %} that will have a value, beside those of FHIR
 * @param terminology for memberOf(), subsumes() and subsumedBy(); null when there is none
 * @param profiles    for conformsTo() beyond FHIR's own types; null when there are none
 * @param references  for resolve() beyond contained resources; null when nothing else can be reached
 * @param trace       is told what trace() sees; null when nobody listens
 */
public record Environment(Set<String> constants, Reading reading, Terminology terminology, Profiles profiles,
    References references, Trace trace, Limits limits) {

  public static final Environment PLAIN = new Environment(Set.of(), Reading.PLAIN, null, null, null, null,
      Limits.DEFAULT);
  /** For the expressions of SearchParameters. */
  public static final Environment SEARCH = PLAIN.with(Reading.SEARCH);

  public Environment {
    constants = Set.copyOf(constants);
  }

  /** How an expression is read where the specifications leave a choice. */
  public enum Reading {
    /** A name that a type does not have gives nothing. */
    PLAIN,
    /** A name that a type does not have is an error, when compiled where the type is known; so is asking for the order of what has none. */
    STRICT,
    /**
     * {@code as} takes any number of items, as ofType() does: R4's own search parameters are written so
     * ({@code Observation.component.value as Quantity}), against N1, where {@code as} takes one.
     */
    SEARCH
  }

  /** Answers of a terminology server, without waiting: an expression is evaluated on one thread. */
  public interface Terminology {
    /**
     * @param coded    code, Coding or CodeableConcept as FHIR's JSON; a code is text
     * @param valueSet its canonical URL
     * @return null when the value set is not known
     */
    Boolean memberOf(JsonNode coded, String valueSet);

    /** Whether the first is the second or above it. Both are Coding or CodeableConcept; null when it cannot be told. */
    Boolean subsumes(JsonNode general, JsonNode special);
  }

  /** Validates against profiles that are not types of FHIR. */
  @FunctionalInterface
  public interface Profiles {
    /** Null when the profile is not known. */
    Boolean conforms(JsonNode element, String profile);
  }

  /** Finds resources that are in memory already. Never waits. */
  @FunctionalInterface
  public interface References {
    /** Null when it is not found. */
    JsonNode resource(String reference);
  }

  /** Hears what trace() is called on, or its projection. May hold patient data. */
  @FunctionalInterface
  public interface Trace {
    void traced(String name, List<Value> values);
  }

  /**
   * What one evaluation may cost. Whatever is beyond ends with a {@link FhirPathException}.
   *
   * @param items   looked at. A resource of 16 MB has fewer elements
   * @param time    longest; looked at every few thousand items, so that a millisecond more may go by
   * @param results most values of the whole expression
   */
  public record Limits(long items, Duration time, int results) {

    public static final Limits DEFAULT = new Limits(5_000_000, Duration.ofSeconds(5), 1_000_000);

    public Limits {
      if (items < 1 || time.isNegative() || time.isZero() || results < 1)
        throw new IllegalArgumentException("limits are above 0");
    }
  }

  public Environment with(Set<String> constants) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }

  public Environment with(Reading reading) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }

  public Environment with(Terminology terminology) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }

  public Environment with(Profiles profiles) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }

  public Environment with(References references) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }

  public Environment with(Trace trace) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }

  public Environment with(Limits limits) {
    return new Environment(constants, reading, terminology, profiles, references, trace, limits);
  }
}
