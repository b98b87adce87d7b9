package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import java.util.ArrayList;
import java.util.List;

/** One compiled JMESPath expression. Immutable, safe for any number of threads; evaluation parses nothing. */
public final class JmesPath {
  private final String expression;
  private final Expr root;
  private final List<String> fields;
  /** Null when it is anything else. */
  private final Member member;

  private JmesPath(String expression, Expr root) {
    this.expression = expression;
    this.root = root;
    List<String> names = new ArrayList<>();
    this.fields = plain(root, names) ? List.copyOf(names) : null;
    this.member = Member.of(root);
  }

  /** @throws JmesPathSyntaxException with the position of what cannot be read */
  public static JmesPath compile(String expression) {
    return new JmesPath(expression, new Parser(expression).expression());
  }

  /**
   * What it gives, JSON's null when that is nothing.
   *
   * @throws JmesPathFailure when a function cannot take what it is given, or the evaluation takes too many steps
   */
  public JsonNode search(JsonNode data) throws JmesPathFailure {
    return search(data, new Budget());
  }

  /**
   * The same out of a budget that others use too.
   *
   * @throws JmesPathFailure as {@link #search(JsonNode)}
   */
  public JsonNode search(JsonNode data, Budget budget) throws JmesPathFailure {
    return root.eval(new Run(data, budget), data);
  }

  /**
   * The one token it gives, null when there is none or it is JSON's null. A projection is an array also when it holds one element.
   *
   * @throws JmesPathFailure as {@link #search(JsonNode)}, and when a projection gives more than one
   */
  public JsonNode one(JsonNode data) throws JmesPathFailure {
    return one(data, new Budget());
  }

  /** The same out of a budget that others use too. */
  public JsonNode one(JsonNode data, Budget budget) throws JmesPathFailure {
    JsonNode found = search(data, budget);
    if (root.projects() && found.size() > 1) {
      throw new JmesPathFailure("several-tokens", "Multiple tokens were returned using expression " + expression);
    }
    return found.isNull() ? null : found;
  }

  /**
   * Every token it gives: the elements of a projection; else the one token, false and empty ones included; none for JSON's null.
   *
   * @throws JmesPathFailure as {@link #search(JsonNode)}
   */
  public List<JsonNode> select(JsonNode data) throws JmesPathFailure {
    return select(data, new Budget());
  }

  /** The same out of a budget that others use too. */
  public List<JsonNode> select(JsonNode data, Budget budget) throws JmesPathFailure {
    if (member != null) {
      JsonNode token = member.container(data);
      if (token == null || !token.isArray()) return member.of(token);
    }
    if (root instanceof Expr.Projection projection) {
      List<JsonNode> items = new ArrayList<>(2);
      projection.gather(new Run(data, budget), data, items);
      return items;
    }
    JsonNode found = search(data, budget);
    if (found.isNull()) return List.of();
    if (!root.projects()) return List.of(found);
    List<JsonNode> all = new ArrayList<>(found.size());
    found.forEach(all::add);
    return all;
  }

  /** The names when this is nothing but names with dots between them; else null. */
  public List<String> fields() {
    return fields;
  }

  @Override
  public String toString() {
    return expression;
  }

  /**
   * {@code to_array(path)[?name]}, what most calculated templates begin with, and {@code path[?name]}; for a token that is no array the answer needs no
   * evaluation.
   *
   * @param wrapped the token counts as an array of one
   */
  private record Member(String[] path, boolean wrapped, String name) {
    static Member of(Expr root) {
      if (!(root instanceof Expr.Projection projection) || projection.ofObject()) return null;
      boolean all = projection.each() instanceof Expr.Current && projection.test() instanceof Expr.Field;
      if (!all) return null;
      boolean wrapped = projection.left() instanceof Expr.ToArray;
      Expr left = projection.left() instanceof Expr.ToArray array ? array.of() : projection.left();
      List<String> path = new ArrayList<>();
      if (!(left instanceof Expr.Current) && !plain(left, path)) return null;
      return new Member(path.toArray(String[]::new), wrapped, ((Expr.Field) projection.test()).name());
    }

    /** Null when there is none. */
    JsonNode container(JsonNode data) {
      JsonNode at = data;
      for (String step : path) {
        if (at == null) return null;
        at = at.get(step);
      }
      return at;
    }

    /** Of a token that is no array. */
    List<JsonNode> of(JsonNode token) {
      JsonNode value = wrapped && token != null ? token.get(name) : null;
      return value != null && Values.truthy(value) ? List.of(token) : List.of();
    }
  }

  private static boolean plain(Expr expr, List<String> names) {
    if (expr instanceof Expr.Field field) return names.add(field.name());
    return expr instanceof Expr.Sub sub && plain(sub.left(), names) && plain(sub.right(), names);
  }
}
