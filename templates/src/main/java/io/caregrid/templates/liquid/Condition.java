package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** What stands in {@code if}: comparisons joined by {@code and} and {@code or}, which have no precedence and group from the right. */
interface Condition {
  boolean holds(Run run);

  /** Null when there is no condition in {@code markup}. */
  static Condition of(String markup, Symbols symbols) {
    List<String> joints = new ArrayList<>();
    List<StringBuilder> terms = new ArrayList<>();
    terms.add(new StringBuilder());
    Scan scan = new Scan(markup);
    for (scan.spaces(); !scan.ended(); scan.spaces()) {
      String fragment = scan.fragment();
      String text = fragment == null ? scan.unspaced() : fragment;
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
    Scan scan = new Scan(text);
    String first = scan.nextFragment();
    if (first == null) return null;
    scan.spaces();
    StringBuilder operator = new StringBuilder();
    for (; isInOperator(scan.next()); scan.skip()) operator.append(scan.next());
    scan.spaces();
    String second = scan.fragment();
    Expression left = Expression.of(withoutParentheses(first, true), symbols);
    if (operator.length() == 0) return run -> Values.truth(left.value(run));
    String right = second == null ? "" : withoutParentheses(second, false);
    return comparison(operator.toString(), left, Expression.of(right, symbols));
  }

  private static boolean isInOperator(char one) {
    return one == '=' || one == '!' || one == '<' || one == '>' || Scan.isWord(one) && one > '9';
  }

  /** Without those it begins or, else, ends with. */
  private static String withoutParentheses(String text, boolean opening) {
    int from = 0;
    int to = text.length();
    while (opening && from < to && text.charAt(from) == '(') from++;
    while (!opening && from < to && text.charAt(to - 1) == ')') to--;
    return text.substring(from, to);
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
