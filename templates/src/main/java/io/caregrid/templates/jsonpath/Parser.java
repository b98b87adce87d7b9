package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads one expression. Accepts what the dialect accepts; a few things it lets pass until a message comes (a slice step of 0, a pattern that is none,
 * an index that is no number) are errors here.
 */
final class Parser {
  private static final int LONGEST = 10_000;
  private static final int SHOWN = 40;
  /** Filters within each other: each takes some stack, here and on every message. */
  private static final int DEEPEST = 50;
  private final String text;
  private int at;
  private int depth;

  Parser(String text) {
    if (text.length() > LONGEST) {
      throw new JsonPathSyntaxException(text.substring(0, SHOWN) + "…", LONGEST,
          "longer than " + LONGEST + " characters");
    }
    this.text = text;
  }

  List<Step> path() {
    List<Step> steps = new ArrayList<>();
    skipBlanks();
    if (at == text.length()) return steps;
    int start = at;
    if (text.charAt(at) == '$') {
      if (at + 1 == text.length()) return steps;
      if (text.charAt(at + 1) == '.' || text.charAt(at + 1) == '[') start = ++at;
    }
    steps(steps, start, false);
    skipBlanks();
    if (at < text.length()) throw unexpected();
    return steps;
  }

  /** Reads steps up to the end, a blank, a closing bracket or, inside a test, an operator. */
  private void steps(List<Step> steps, int start, boolean inTest) {
    int name = start;
    boolean scan = false;
    boolean afterIndexer = false;
    boolean afterDot = false;
    while (at < text.length() && !endsPath(inTest)) {
      char c = text.charAt(at);
      if (c == '[' || c == '(') {
        scan = member(steps, name, scan);
        steps.add(indexer(c == '[' ? ']' : ')', scan));
        scan = false;
        afterIndexer = true;
        afterDot = false;
        name = ++at;
      } else if (c == '.') {
        scan = member(steps, name, scan);
        if (at + 1 < text.length() && text.charAt(at + 1) == '.') {
          scan = true;
          at++;
        }
        name = ++at;
        afterIndexer = false;
        afterDot = true;
      } else if (afterIndexer) {
        throw error("unexpected '" + c + "' after an indexer; write a dot before a name");
      } else {
        at++;
      }
    }
    if (at > name) {
      member(steps, name, scan);
    } else if (afterDot) {
      throw error("a name is missing after the dot");
    }
  }

  private boolean endsPath(boolean inTest) {
    char c = text.charAt(at);
    return c == ']' || c == ')' || c == ' ' || inTest && "=<>!|&".indexOf(c) >= 0;
  }

  /** Adds the name between {@code from} and here, if there is one; gives what is left of {@code scan}. */
  private boolean member(List<Step> steps, int from, boolean scan) {
    if (at == from) return scan;
    String name = text.substring(from, at);
    if (name.equals("*")) {
      steps.add(scan ? new Step.ScanAny() : new Step.AnyField());
    } else {
      steps.add(named(List.of(name), scan));
    }
    return false;
  }

  private static Step named(List<String> names, boolean scan) {
    if (scan) return new Step.Scan(names);
    return names.size() == 1 ? new Step.Field(names.get(0)) : new Step.Fields(names);
  }

  /** From the opening bracket; ends on the closing one. */
  private Step indexer(char close, boolean scan) {
    at++;
    skipBlanks();
    char c = current("the indexer is not closed");
    if (c == '\'') return quotedNames(close, scan);
    if (c == '?') return filter(close, scan);
    return items(close);
  }

  private Step quotedNames(char close, boolean scan) {
    List<String> names = new ArrayList<>();
    while (true) {
      if (current("the indexer is not closed") != '\'') throw error("a name in single quotes is expected");
      names.add(quoted());
      skipBlanks();
      char c = current("the indexer is not closed");
      if (c == close) return named(List.copyOf(names), scan);
      if (c != ',') throw unexpected();
      at++;
      skipBlanks();
    }
  }

  private Step filter(char close, boolean scan) {
    if (depth == DEEPEST) throw error("filters are nested more than " + DEEPEST + " deep");
    at++;
    if (current("the filter is not closed") != '(') throw error("'(' is expected after '?'");
    at++;
    depth++;
    Condition test = condition();
    depth--;
    at++;
    skipBlanks();
    if (current("the filter is not closed") != close) throw unexpected();
    return scan ? new Step.ScanFilter(test) : new Step.Filter(test);
  }

  private Step items(char close) {
    if (text.charAt(at) == '*') return anyItem(close);
    List<Integer> numbers = new ArrayList<>();
    char separator = 0;
    while (true) {
      Integer number = integer();
      skipBlanks();
      char c = current("the indexer is not closed");
      numbers.add(number);
      if (c != close && c != ',' && c != ':' || separator != 0 && c != close && c != separator) throw unexpected();
      if (number == null && (c == ',' || c == close) && separator != ':') throw error("an index is expected");
      if (c == close) return separator == ':' ? slice(numbers) : new Step.Items(ints(numbers));
      separator = c;
      at++;
      skipBlanks();
    }
  }

  private Step anyItem(char close) {
    at++;
    skipBlanks();
    if (current("the indexer is not closed") != close) throw unexpected();
    return new Step.AnyItem();
  }

  private Step slice(List<Integer> numbers) {
    if (numbers.size() > 3) throw error("a slice has at most three numbers");
    Integer step = numbers.size() == 3 ? numbers.get(2) : null;
    if (step != null && step == 0) throw error("a slice's step cannot be zero");
    return new Step.Slice(numbers.get(0), numbers.get(1), step == null ? 1 : step);
  }

  private static int[] ints(List<Integer> numbers) {
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Null when there is none here. */
  private Integer integer() {
    int start = at;
    if (at < text.length() && text.charAt(at) == '-') at++;
    while (at < text.length() && Character.isDigit(text.charAt(at))) at++;
    if (at == start) return null;
    try {
      return Integer.valueOf(text.substring(start, at));
    } catch (NumberFormatException tooBig) {
      throw error("'" + text.substring(start, at) + "' is no index");
    }
  }

  /**
   * Up to the closing parenthesis. Not the usual precedence: a group goes on while the operator stays the same, and a change of operator opens a group
   * inside the current one, which gets everything that follows: {@code a && b || c} is {@code a && (b || c)}.
   */
  private Condition condition() {
    Condition whole = null;
    List<Condition> group = null;
    char joinedBy = 0;
    while (true) {
      Condition single = single();
      char c = current("the filter is not closed");
      if (c == ')') {
        if (group == null) return single;
        group.add(single);
        return whole;
      }
      join(c);
      if (c != joinedBy) {
        List<Condition> inner = new ArrayList<>();
        Condition opened = c == '&' ? new Condition.All(inner) : new Condition.Any(inner);
        if (group != null) group.add(opened);
        if (whole == null) whole = opened;
        group = inner;
        joinedBy = c;
      }
      group.add(single);
    }
  }

  private void join(char c) {
    if (c != '&' && c != '|' || at + 1 >= text.length() || text.charAt(at + 1) != c) throw unexpected();
    at += 2;
  }

  private Condition single() {
    Side left = side();
    char c = text.charAt(at);
    if (c == ')' || c == '|' || c == '&') return new Condition.Exists(left);
    if (text.startsWith("=~", at)) return matches(left);
    Operator operator = operator();
    return new Condition.Compare(left, operator, side());
  }

  private Condition matches(Side left) {
    at += 2;
    skipBlanks();
    if (current("the filter is not closed") != '/') throw error("=~ needs a pattern: /…/");
    Pattern pattern = pattern();
    skipBlanks();
    current("the filter is not closed");
    return new Condition.Matches(left, pattern);
  }

  private Operator operator() {
    for (Operator operator : Operator.values()) {
      if (text.startsWith(operator.written, at)) {
        at += operator.written.length();
        return operator;
      }
    }
    throw error("an operator is expected (== === != !== <> < <= > >= =~ && ||)");
  }

  private Side side() {
    skipBlanks();
    char c = current("the filter is not closed");
    Side side = c == '@' || c == '$' ? pathSide(c) : new Side.Literal(literal(c));
    skipBlanks();
    current("the filter is not closed");
    return side;
  }

  private Side pathSide(char c) {
    List<Step> steps = new ArrayList<>();
    if (c == '$') steps.add(new Step.Root());
    at++;
    steps(steps, at, true);
    return Side.of(steps);
  }

  private JsonNode literal(char c) {
    if (c == '\'') return TextNode.valueOf(quoted());
    if (c == '-' || Character.isDigit(c)) return number();
    if (word("true")) return BooleanNode.TRUE;
    if (word("false")) return BooleanNode.FALSE;
    if (word("null")) return NullNode.getInstance();
    throw error("'" + c + "' starts neither a path (@ or $) nor a value ('text', number, true, false, null)");
  }

  private boolean word(String word) {
    if (!text.startsWith(word, at)) return false;
    at += word.length();
    return true;
  }

  private JsonNode number() {
    int start = at;
    while (at < text.length() && " )&|".indexOf(text.charAt(at)) < 0) at++;
    String number = text.substring(start, at);
    try {
      boolean real = number.chars().anyMatch(c -> c == '.' || c == 'e' || c == 'E');
      return real ? DoubleNode.valueOf(Double.parseDouble(number)) : LongNode.valueOf(Long.parseLong(number));
    } catch (NumberFormatException notANumber) {
      at = start;
      throw error("'" + number + "' is no number");
    }
  }

  private String quoted() {
    StringBuilder value = new StringBuilder();
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\'') {
        at++;
        return value.toString();
      }
      if (c == '\\' && at + 1 < text.length()) {
        at++;
        c = unescaped(text.charAt(at));
      }
      value.append(c);
    }
    throw error("a text in single quotes is not closed");
  }

  private char unescaped(char c) {
    return switch (c) {
      case 'b' -> '\b';
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'f' -> '\f';
      case 'r' -> '\r';
      case '\\', '"', '\'', '/' -> c;
      default -> throw error("'\\" + c + "' is no escape");
    };
  }

  private Pattern pattern() {
    int start = at + 1;
    for (at++; at < text.length() && text.charAt(at) != '/'; at++) {
      if (text.charAt(at) == '\\') at++;
    }
    if (at >= text.length()) throw error("the pattern is not closed");
    String regex = text.substring(start, at);
    at++;
    try {
      return Pattern.compile(regex, flags());
    } catch (PatternSyntaxException wrong) {
      throw error("the pattern cannot be read: " + wrong.getDescription());
    }
  }

  private int flags() {
    int flags = 0;
    for (; at < text.length() && Character.isLetter(text.charAt(at)); at++) {
      flags |= switch (text.charAt(at)) {
        case 'i' -> Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;
        case 'm' -> Pattern.MULTILINE;
        case 's' -> Pattern.DOTALL;
        default -> 0;
      };
    }
    return flags;
  }

  private void skipBlanks() {
    while (at < text.length() && text.charAt(at) == ' ') at++;
  }

  private char current(String otherwise) {
    if (at >= text.length()) throw error(otherwise);
    return text.charAt(at);
  }

  private JsonPathSyntaxException unexpected() {
    return error("unexpected '" + text.charAt(at) + "'");
  }

  private JsonPathSyntaxException error(String what) {
    return new JsonPathSyntaxException(text, Math.min(at, text.length()), what);
  }
}
