package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Place;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Scope.Run;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A compiled expression. Any number of threads may evaluate it at once.
 *
 * <p>Bounded: length, depth and number of words when it is compiled, items looked at, characters a regular expression looks at and the length of strings
 * when it is evaluated. Whatever is beyond ends with a {@link FhirPathException}.
 */
public final class FhirPath {
  private final String text;
  private final Expression expression;

  private FhirPath(String text, Expression expression) {
    this.text = text;
    this.expression = expression;
  }

  /**
   * What surrounds an evaluation.
   *
   * @param variables values of the names behind {@code %}
   * @param strict    names that the type does not have are errors, not empty
   */
  public record Context(Map<String, List<Value>> variables, Clock clock, boolean strict) {
    public static final Context PLAIN = new Context(Map.of(), Clock.systemUTC(), false);
  }

  /** @throws FhirPathException with the place of what cannot be read, or is not known here */
  public static FhirPath compile(String text) {
    return compile(text, Set.of());
  }

  /** @param constants the names behind {@code %} that will have a value, beside those of FHIR */
  public static FhirPath compile(String text, Set<String> constants) {
    return new FhirPath(text, new Parser(text, constants::contains).whole());
  }

  /**
   * @param resource {@code %resource}; null where there is none
   * @param focus    where it begins, {@code $this}; null for nothing
   * @throws FhirPathException with the place of what failed
   */
  public List<Value> evaluate(Node resource, Value focus, Context context) {
    Run run = new Run(resource, context.variables(), OffsetDateTime.now(context.clock()), context.strict());
    try {
      return expression.evaluate(focus == null ? List.of() : List.of(focus), new Scope(run, focus, -1, null));
    } catch (Unfit unfit) {
      throw new FhirPathException(new Place(1, 1), unfit.getMessage());
    }
  }

  public List<Value> evaluate(Node resource) {
    return evaluate(resource, resource, Context.PLAIN);
  }

  /** As it was compiled. */
  @Override
  public String toString() {
    return text;
  }
}
