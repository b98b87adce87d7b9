package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.wanted.Place;
import java.util.ArrayList;
import java.util.List;

/** One compiled JMESPath expression. Immutable, safe for any number of threads; evaluation parses nothing. */
public final class JmesPath {
  private final String expression;
  private final Expr root;
  /** True when {@code $} stands in it. */
  private final boolean namesDocument;
  private final List<String> fields;
  /** Null when it is anything else. */
  private final Member member;
  private final boolean projects;

  private JmesPath(String expression, Expr root, boolean namesDocument) {
    this.expression = expression;
    this.root = root;
    this.namesDocument = namesDocument;
    this.fields = Member.names(root);
    this.member = Member.of(root);
    this.projects = root.projects();
  }

  /** @throws JmesPathSyntaxException with the position of what cannot be read */
  public static JmesPath compile(String expression) {
    Parser parser = new Parser(expression);
    Expr root = parser.expression();
    return new JmesPath(expression, root, parser.namesDocument());
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
    if (projects && found.size() > 1) {
      throw new JmesPathFailure("several-tokens", "Multiple tokens were returned using expression " + expression);
    }
    return found instanceof NullNode ? null : found;
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
    if (!projects) return List.of(found);
    List<JsonNode> all = new ArrayList<>(found.size());
    found.forEach(all::add);
    return all;
  }

  /** Says what {@link #one} looks at in a document that is at {@code document}, up to what it gives. */
  public Place one(Place document) {
    return Looking.from(root, document);
  }

  /** The same for {@link #select}: where each of the tokens is. */
  public Place select(Place document) {
    Place found = Looking.from(root, document);
    return projects ? found.items() : found;
  }

  /** The names when this is nothing but names with dots between them; else null. */
  public List<String> fields() {
    return fields;
  }

  /** Null when it is not {@code to_array(path)[?name]} or {@code path[?name]}. */
  Member member() {
    return member;
  }

  /**
   * This expression for the value of one member of the document; null when it looks at anything else in the document, or is nested too deep to tell.
   * With the member {@code m}, {@code add(m.a, m.b)} becomes {@code add(a, b)}.
   */
  public JmesPath below(String member) {
    Expr narrowed = namesDocument ? null : Narrowing.of(root, name -> isName(name, member) ? new Expr.Current() : null);
    return narrowed == null ? null : new JmesPath(expression, narrowed, false);
  }

  /** True when the document's member of that name could be another, or none, and the expression would give the same; false when it is nested too deep to tell. */
  public boolean isBlindTo(String member) {
    return !namesDocument && Narrowing.of(root, name -> isName(name, member) ? null : name) != null;
  }

  private static boolean isName(Expr expr, String name) {
    return expr instanceof Expr.Field field && field.name().equals(name);
  }

  @Override
  public String toString() {
    return expression;
  }
}
