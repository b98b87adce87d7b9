package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What stands in {@code if}: comparisons joined by {@code and} and {@code or}, which have no precedence and group from the right. */
interface Condition {
  boolean holds(Run run);

  Pattern TERM = Pattern.compile("(" + Markup.FRAGMENT + ")\\s*([=!<>a-zA-Z_]+)?\\s*(" + Markup.FRAGMENT + ")?");
  Pattern PIECE = Pattern.compile(Markup.FRAGMENT + "|\\S+");

  /** Null when there is no condition in {@code markup}. */
  static Condition of(String markup, Symbols symbols) {
    List<String> joints = new ArrayList<>();
    List<StringBuilder> terms = new ArrayList<>();
    terms.add(new StringBuilder());
    Matcher piece = PIECE.matcher(markup);
    while (piece.find()) {
      String text = piece.group();
      if (text.equals("and") || text.equals("or")) {
        joints.add(text);
        terms.add(new StringBuilder());
      } else {
        terms.get(terms.size() - 1).append(text).append(' ');
      }
    }
    return joined(terms, joints, symbols);
  }

  private static Condition joined(List<StringBuilder> terms, List<String> joints, Symbols symbols) {
    Condition right = term(terms.get(terms.size() - 1).toString(), symbols);
    for (int i = joints.size() - 1; i >= 0 && right != null; i--) {
      Condition left = term(terms.get(i).toString(), symbols);
      Condition rest = right;
      if (left == null) return null;
      right = joints.get(i).equals("and")
          ? run -> left.holds(run) && rest.holds(run)
          : run -> left.holds(run) || rest.holds(run);
    }
    return right;
  }

  private static Condition term(String text, Symbols symbols) {
    Matcher match = TERM.matcher(text);
    if (!match.find()) return null;
    Expression left = Expression.of(match.group(1).replaceFirst("^\\(+", ""), symbols);
    if (match.group(2) == null) return run -> Values.truth(left.value(run));
    String right = match.group(3) == null ? "" : match.group(3).replaceFirst("\\)+$", "");
    return comparison(match.group(2), left, Expression.of(right, symbols));
  }

  static Condition equal(String left, String right, Symbols symbols) {
    return comparison("==", Expression.of(left, symbols), Expression.of(right, symbols));
  }

  private static Condition comparison(String operator, Expression left, Expression right) {
    Comparison comparison = Comparison.BY_NAME.get(operator);
    if (comparison == null) {
      return run -> {
        throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "unknown operator '" + operator + "'");
      };
    }
    return run -> comparison.holds(left.value(run), right.value(run));
  }

  /** What stands between two values. */
  interface Comparison {
    boolean holds(Object left, Object right);

    Map<String, Comparison> BY_NAME = Map.ofEntries(Map.entry("==", Values::equal),
        Map.entry("!=", (a, b) -> !Values.equal(a, b)),
        Map.entry("<>", (a, b) -> !Values.equal(a, b)),
        Map.entry("<", (a, b) -> ordered(a, b) && Values.compare(a, b) < 0),
        Map.entry(">", (a, b) -> ordered(a, b) && Values.compare(a, b) > 0),
        Map.entry("<=", (a, b) -> ordered(a, b) && Values.compare(a, b) <= 0),
        Map.entry(">=", (a, b) -> ordered(a, b) && Values.compare(a, b) >= 0),
        Map.entry("contains", Comparison::contains),
        Map.entry("startsWith", Comparison::starts), Map.entry("startswith", Comparison::starts),
        Map.entry("starts_with", Comparison::starts), Map.entry("endsWith", Comparison::ends),
        Map.entry("endswith", Comparison::ends),
        Map.entry("ends_with", Comparison::ends), Map.entry("hasKey", Comparison::hasKey),
        Map.entry("has_key", Comparison::hasKey),
        Map.entry("haskey", Comparison::hasKey), Map.entry("hasValue", Comparison::hasValue),
        Map.entry("has_value", Comparison::hasValue), Map.entry("hasvalue", Comparison::hasValue));

    private static boolean ordered(Object left, Object right) {
      return left != null && right != null;
    }

    private static boolean contains(Object whole, Object part) {
      if (whole instanceof String text) return part != null && text.contains(Values.text(part));
      return whole instanceof List<?> list && list.stream().anyMatch(each -> Values.equal(each, part));
    }

    private static boolean starts(Object whole, Object part) {
      if (whole instanceof List<?> list) return Values.equal(list.isEmpty() ? null : list.get(0), part);
      return whole instanceof String text && part instanceof String start && text.startsWith(start);
    }

    private static boolean ends(Object whole, Object part) {
      if (whole instanceof List<?> list) return Values.equal(list.isEmpty() ? null : list.get(list.size() - 1), part);
      return whole instanceof String text && part instanceof String end && text.endsWith(end);
    }

    private static boolean hasKey(Object map, Object key) {
      return map instanceof Map<?, ?> members && key != null && members.containsKey(Values.rendered(key));
    }

    private static boolean hasValue(Object map, Object value) {
      return map instanceof Map<?, ?> members && !Collections.disjoint(members.values(), Collections.singleton(value));
    }
  }
}
