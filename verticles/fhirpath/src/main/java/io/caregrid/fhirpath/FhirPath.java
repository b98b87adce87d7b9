package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Place;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Scope.Run;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A compiled expression. Any number of threads may evaluate it at once. {@link Compiled} keeps some.
 *
 * <p>Bounded: length, depth and number of words when it is compiled; by {@link Environment.Limits} items looked at, time and results, by constants the
 * characters a regular expression looks at and the length of strings, when it is evaluated. Whatever is beyond ends with a {@link FhirPathException}.
 */
public final class FhirPath {
  private final String text;
  private final Expression expression;
  private final Environment environment;

  private FhirPath(String text, Expression expression, Environment environment) {
    this.text = text;
    this.expression = expression;
    this.environment = environment;
  }

  /**
   * What is different from one evaluation to the other, beside the resource.
   *
   * @param variables values of the names behind {@code %}
   * @param clock     for now(), today() and timeOfDay(); asked once
   * @param container {@code %rootResource}: what contains the resource; null where that is the resource itself
   */
  public record Context(Map<String, List<Value>> variables, Clock clock, Node container) {

    public static final Context PLAIN = new Context(Map.of(), Clock.systemUTC());

    public Context(Map<String, List<Value>> variables, Clock clock) {
      this(variables, clock, null);
    }
  }

  /** @throws FhirPathException with the place of what cannot be read, or is not known here */
  public static FhirPath compile(String text) {
    return compile(text, Environment.PLAIN);
  }

  /** @param constants the names behind {@code %} that will have a value, beside those of FHIR */
  public static FhirPath compile(String text, Set<String> constants) {
    return compile(text, Environment.PLAIN.with(constants));
  }

  /** @throws FhirPathException with the place of what cannot be read, is not known here, or needs what the environment does not have */
  public static FhirPath compile(String text, Environment environment) {
    return new FhirPath(text, new Parser(text, environment).whole(), environment);
  }

  /**
   * @param resource {@code %resource}; null where there is none
   * @param focus    where it begins, {@code $this} and {@code %context}; null for nothing
   * @throws FhirPathException with the place of what failed
   */
  public List<Value> evaluate(Node resource, Value focus, Context context) {
    Run run = new Run(resource, focus, context, environment);
    try {
      List<Value> found = expression.evaluate(focus == null ? List.of() : List.of(focus),
          new Scope(run, focus, -1, null));
      if (found.size() > environment.limits().results())
        throw new Unfit("the expression gives more than " + environment.limits().results() + " values");
      return found;
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
