package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.cost.TooCostly;
import io.caregrid.templates.wanted.Place;
import java.util.ArrayList;
import java.util.List;

/**
 * One compiled JSONPath. Immutable, safe for any number of threads; evaluation parses nothing.
 *
 * <p>Properties of an object that a bare filter ({@code $.a[?(…)]}) selects are property tokens: they count as matches, but nothing can be read from them,
 * as in the dialect.
 */
public final class JsonPath {
  /** Steps of a path that is followed through a document that is not there yet. */
  private static final int FOLLOWED = 200;
  private final String expression;
  private final Step[] steps;
  private final String[] fields;

  private JsonPath(String expression, List<Step> steps) {
    this.expression = expression;
    this.steps = steps.toArray(Step[]::new);
    this.fields = plainFields(steps);
  }

  /** @throws JsonPathSyntaxException with the position of what cannot be read */
  public static JsonPath compile(String expression) {
    return new JsonPath(expression, new Parser(expression).path());
  }

  /**
   * Every token it selects, in document order; empty when there is none.
   *
   * @throws TooCostly when that takes too long
   */
  public List<JsonNode> select(JsonNode root) {
    Budget budget = new Budget();
    List<JsonNode> found = select(root, budget);
    refuseGivenUp(budget);
    return found;
  }

  /**
   * The same out of a budget that others use too. A candidate that its pattern could not be held against in time is not selected; the budget says so.
   *
   * @throws TooCostly when it visits too many tokens
   */
  public List<JsonNode> select(JsonNode root, Budget budget) {
    List<JsonNode> found = new ArrayList<>(2);
    Step.walk(steps, 0, new Walk(root, budget), root, token -> {
      found.add(token);
      return true;
    });
    return found;
  }

  /**
   * The one token it selects, null when there is none.
   *
   * @throws SeveralTokens when it selects more than one
   * @throws TooCostly when it visits too many tokens, or a candidate could not be tested in time
   */
  public JsonNode one(JsonNode root) throws SeveralTokens {
    return one(root, new Budget());
  }

  /** The same out of a budget that others use too. */
  public JsonNode one(JsonNode root, Budget budget) throws SeveralTokens {
    if (fields != null) return field(root);
    One one = new One();
    Step.walk(steps, 0, new Walk(root, budget), root, one);
    refuseGivenUp(budget);
    if (one.several) throw SeveralTokens.FOUND;
    return one.token;
  }

  /** Says what selecting looks at in a document that is at {@code document}, up to the tokens, and gives where those are. */
  public Place select(Place document) {
    Place at = document;
    for (Step step : steps) at = at == null || steps.length > FOLLOWED ? null : step.from(at);
    if (at != null) return at;
    document.whole();
    return Place.NOWHERE;
  }

  /** What a candidate must pass when this is {@code $..[?(…)]} and nothing else; else null. */
  Condition scanned() {
    return steps.length == 1 && steps[0] instanceof Step.ScanFilter scan ? scan.test() : null;
  }

  /** The names when this is nothing but names with dots between them; else null. */
  public List<String> fields() {
    return fields == null ? null : List.of(fields);
  }

  @Override
  public String toString() {
    return expression;
  }

  private static void refuseGivenUp(Budget budget) {
    String why = budget.takeGivenUp();
    if (why != null) throw new TooCostly(why);
  }

  private JsonNode field(JsonNode root) {
    JsonNode at = root;
    for (String field : fields) {
      if (at == null) return null;
      at = at.get(field);
    }
    return at;
  }

  private static String[] plainFields(List<Step> steps) {
    String[] names = new String[steps.size()];
    for (int i = 0; i < names.length; i++) {
      if (!(steps.get(i) instanceof Step.Field field)) return null;
      names[i] = field.name();
    }
    return names;
  }

  /** {@link #one} found more than one token. Carries nothing: it is an answer. */
  public static final class SeveralTokens extends Exception {
    private static final long serialVersionUID = 1;
    static final SeveralTokens FOUND = new SeveralTokens();

    private SeveralTokens() {
      super("more than one token", null, false, false);
    }
  }

  private static final class One implements Sink {
    private JsonNode token;
    private boolean several;

    @Override
    public boolean accept(JsonNode found) {
      several = token != null;
      if (!several) token = found;
      return !several;
    }
  }
}
